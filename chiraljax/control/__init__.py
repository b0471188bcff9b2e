"""What a field can do to a phonon at most."""

from ._limit import Limit as Limit
from ._limit import angular_momentum_limit as angular_momentum_limit
from ._limit import rotation_limit as rotation_limit
