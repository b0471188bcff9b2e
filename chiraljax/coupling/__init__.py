"""From the angular momentum of the lattice to the angular velocity Ω(t) that the electrons feel."""

from ._base import AbstractCoupling as AbstractCoupling
from ._constant_inertia import ConstantInertia as ConstantInertia
from ._fixed import FixedRotation as FixedRotation
from ._kinematic import KinematicRotation as KinematicRotation
from ._named import coupling_of as coupling_of
from ._site import SiteRotation as SiteRotation
