"""From bands to Slater–Koster parameters, with their uncertainty."""

from ._band_fit import BandFit as BandFit
from ._bands import Bands as Bands
from ._comparison import EdgeComparison as EdgeComparison
from ._comparison import Gap as Gap
from ._cross import CrossValidation as CrossValidation
from ._cross import cross_validate as cross_validate
from ._edges import Edge as Edge
from ._exchanges import Exchange as Exchange
from ._fit import fit_bands as fit_bands
from ._loss import LossFit as LossFit
from ._loss import fit_loss as fit_loss
from ._multistart import MultiStart as MultiStart
from ._same_crystal import check_crystal as check_crystal
from ._spin_orbit import fit_spin_orbit as fit_spin_orbit
from ._statistics import Direction as Direction
from ._target import Target as Target
from ._target import default_targets as default_targets
from ._variation import Prior as Prior
from ._variation import Tie as Tie
from ._variation import Variation as Variation
