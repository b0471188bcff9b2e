"""Magnetic moments from chiral phonons, as one differentiable program.

A laser pulse drives a phonon in a circle, the turning lattice splits electron spins, a magnetic
moment appears: pulse → phonon → coupling → electrons → M_z.
"""

from ._errors import InputError as InputError
from ._precision import enable_x64 as enable_x64
from .brillouin import Quadrature as Quadrature
from .coupling import AbstractCoupling as AbstractCoupling
from .coupling import ConstantInertia as ConstantInertia
from .coupling import FixedRotation as FixedRotation
from .coupling import KinematicRotation as KinematicRotation
from .crystal import Crystal as Crystal
from .crystal import KPath as KPath
from .crystal import k_path as k_path
from .electrons import Electrons as Electrons
from .electrons import Hopping as Hopping
from .electrons import Shell as Shell
from .electrons import slater_koster as slater_koster
from .materials import Material as Material
from .materials import bundled_materials as bundled_materials
from .materials import load_material as load_material
from .observables import BandEdge as BandEdge
from .observables import DensityOfStates as DensityOfStates
from .observables import Magnetization as Magnetization
from .observables import ThermalTrace as ThermalTrace
from .observables import chemical_potential as chemical_potential
from .observables import conduction_edge as conduction_edge
from .observables import density_of_states as density_of_states
from .observables import magnetization as magnetization
from .observables import per_cell as per_cell
from .observables import quadrature as quadrature
from .observables import thermal_trace as thermal_trace
from .observables import valence_edge as valence_edge
from .phonon import Motion as Motion
from .phonon import Phonon as Phonon
from .pulse import AbstractPulse as AbstractPulse
from .pulse import GaussianPulse as GaussianPulse
from .pulse import SampledPulse as SampledPulse
from .pulse import SumPulse as SumPulse
from .simulate import Simulation as Simulation
from .simulate import simulate as simulate
