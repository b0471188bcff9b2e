"""Averages over the Brillouin zone; nothing here knows a Hamiltonian."""

from ._integrate import integrate as integrate
from ._quadrature import Quadrature as Quadrature
from ._quadrature import frozen as frozen
from ._quadrature import gamma_cube as gamma_cube
from ._quadrature import zone as zone
