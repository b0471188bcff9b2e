"""The best pulse that a laser can make, and how near it is to the limit for any pulse."""

from ._certificate import Bound as Bound
from ._comparison import Comparison as Comparison
from ._comparison import given_pulse as given_pulse
from ._comparison import paper_pulse as paper_pulse
from ._constraints import Constraints as Constraints
from ._deviations import Deviations as Deviations
from ._objectives import AbstractObjective as AbstractObjective
from ._objectives import AngularMomentumAt as AngularMomentumAt
from ._objectives import MeanMoment as MeanMoment
from ._objectives import MomentAt as MomentAt
from ._objectives import MomentPerFluence as MomentPerFluence
from ._objectives import PeakAngularMomentum as PeakAngularMomentum
from ._objectives import PeakMoment as PeakMoment
from ._objectives import Switching as Switching
from ._optimize import optimize_pulse as optimize_pulse
from ._optimum import PulseOptimum as PulseOptimum
from ._outcome import Outcome as Outcome
from ._search import Search as Search
from ._sensitivity import Sensitivity as Sensitivity
from .limit import Limit as Limit
from .limit import angular_momentum_limit as angular_momentum_limit
from .limit import rotation_limit as rotation_limit
