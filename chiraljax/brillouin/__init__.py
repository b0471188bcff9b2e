"""Averages over the Brillouin zone; nothing here knows a Hamiltonian."""

from ._accuracy import REGIONS as REGIONS
from ._accuracy import Accuracy as Accuracy
from ._fourier import FourierSeries as FourierSeries
from ._fourier import on_plane as on_plane
from ._integrate import integrate as integrate
from ._integrate import sample as sample
from ._quadrature import GAMMA_CUBE as GAMMA_CUBE
from ._quadrature import Quadrature as Quadrature
from ._quadrature import frozen as frozen
from ._quadrature import gamma_cube as gamma_cube
from ._quadrature import zone as zone
from ._tetrahedra import Tetrahedra as Tetrahedra
from ._tetrahedra import occupied as occupied
from ._tetrahedra import tetrahedra as tetrahedra
