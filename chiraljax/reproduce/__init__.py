"""The results of the paper: Geilhufe and Hergert, Phys. Rev. B 107, L020406 (2023)."""

from ._report import summary as summary
from ._reproduce import STEPS as STEPS
from ._reproduce import reproduce as reproduce
from ._row import Row as Row
