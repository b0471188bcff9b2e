"""Orbitals, two-centre integrals, spin–orbit coupling and the Hamiltonian."""

from ._electrons import Electrons as Electrons
from ._electrons import slater_koster as slater_koster
from ._orbitals import angular_momentum as angular_momentum
from ._specification import Hopping as Hopping
from ._specification import Shell as Shell
from ._two_centre import two_centre as two_centre
