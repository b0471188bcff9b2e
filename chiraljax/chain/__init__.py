"""Pulse, phonon, coupling, electrons and their filling together: from E(t) to M(t)."""

from ._chain import Chain as Chain
from ._ensemble import Distribution as Distribution
from ._ensemble import EnsembleSimulation as EnsembleSimulation
from ._ensemble import simulate_ensemble as simulate_ensemble
from ._improbable import improbable_displacement as improbable_displacement
from ._improbable import improbable_simulation as improbable_simulation
from ._simulate import Simulation as Simulation
from ._simulate import simulate as simulate
