"""Further terms of H, one class a file."""

from ._base import AbstractTerm as AbstractTerm
from ._base import check_term as check_term
from ._base import generic as generic
from ._spin_rotation import SpinRotation as SpinRotation
