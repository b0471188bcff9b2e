"""Limits for any field that drives a harmonic phonon, by duality and dense quadrature, without a search for a pulse."""

from ._band import concentration as concentration
from ._limit import Limit as Limit
from ._limit import angular_momentum_limit as angular_momentum_limit
from ._limit import harmonic_rotation as harmonic_rotation
from ._limit import rotation_limit as rotation_limit
from ._limit import why_unknown as why_unknown
