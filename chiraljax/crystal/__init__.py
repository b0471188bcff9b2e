"""Lattice, sites, neighbour shells, symmetry and paths."""

from ._crystal import Crystal as Crystal
from ._crystal import improbable_positions as improbable_positions
from ._neighbours import Bonds as Bonds
from ._neighbours import bonds as bonds
from ._path import KPath as KPath
from ._path import as_path as as_path
from ._path import k_path as k_path
from ._path import standard_path as standard_path
from ._route import route as route
from ._sites import site_order as site_order
from ._symmetry import cartesian as cartesian
from ._symmetry import magnetic_operations as magnetic_operations
from ._symmetry import point_operations as point_operations
from ._symmetry import reciprocal as reciprocal
from ._symmetry import site_images as site_images
