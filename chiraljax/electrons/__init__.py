"""Orbitals, two-centre integrals, spin–orbit coupling and the Hamiltonian."""

from ._bonds import HoppingBonds as HoppingBonds
from ._eigen import eigenvalues as eigenvalues
from ._eigen import eigh as eigh
from ._eigen import expectations as expectations
from ._electrons import Electrons as Electrons
from ._electrons import slater_koster as slater_koster
from ._orbitals import angular_momentum as angular_momentum
from ._representation import Representation as Representation
from ._representation import representation as representation
from ._specification import CUBIC as CUBIC
from ._specification import Hopping as Hopping
from ._specification import Shell as Shell
from ._specification import ShellKind as ShellKind
from ._structure import Structure as Structure
from ._two_centre import two_centre as two_centre
from ._wannier import trial_orbitals as trial_orbitals
from ._wannier import wannier as wannier
from .terms import AbstractTerm as AbstractTerm
from .terms import SpinRotation as SpinRotation
