"""Averages over the Brillouin zone: rules, their refinement, interpolated bands, sharp Fermi surfaces.

A sum over k knows H(k) and operators A(k) as matrices, and nothing else of the crystal (`AbstractBloch`).
"""

from ._accuracy import REGIONS as REGIONS
from ._accuracy import Accuracy as Accuracy
from ._averages import thermal_averages as thermal_averages
from ._bloch import AbstractBloch as AbstractBloch
from ._cells import Levels as Levels
from ._cells import chemical_root as chemical_root
from ._estimate import Estimate as Estimate
from ._estimate import Tolerance as Tolerance
from ._estimate import refine as refine
from ._fermi_surface import FermiSurface as FermiSurface
from ._fourier import FourierSeries as FourierSeries
from ._fourier import on_plane as on_plane
from ._grid_search import extrapolate as extrapolate
from ._integrate import integrate as integrate
from ._integrate import sample as sample
from ._interpolation import BandGroup as BandGroup
from ._interpolation import deviation as deviation
from ._interpolation import interpolate as interpolate
from ._mesh import Mesh as Mesh
from ._mesh import frozen as frozen
from ._nodes import NodeStates as NodeStates
from ._nodes import at_nodes as at_nodes
from ._quadrature import GAMMA_CUBE as GAMMA_CUBE
from ._quadrature import Quadrature as Quadrature
from ._quadrature import gamma_cube as gamma_cube
from ._quadrature import zone as zone
from ._region import TRACED_POINTS as TRACED_POINTS
from ._region import region_grid as region_grid
from ._region import region_rule as region_rule
from ._region import region_rules as region_rules
from ._resolution import over_cells as over_cells
from ._sharp import between_tetrahedra as between_tetrahedra
from ._sharp import extrapolated as extrapolated
from ._sharp import thermal_levels as thermal_levels
from ._spectral import thermal_sums as thermal_sums
from ._sum import AbstractSum as AbstractSum
from ._tetrahedra import Tetrahedra as Tetrahedra
from ._tetrahedra import occupied as occupied
from ._tetrahedra import tetrahedra as tetrahedra
from ._thermal import ThermalTrace as ThermalTrace
from ._thermal import divided_differences as divided_differences
from ._thermal import fermi as fermi
from ._thermal import thermal_trace as thermal_trace
