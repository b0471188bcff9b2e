"""Force constants and Born charges, and the modes at Γ that follow from them."""

from ._anharmonic import AnharmonicTerms as AnharmonicTerms
from ._anharmonic import anharmonic_terms as anharmonic_terms
from ._anharmonic import ase_forces as ase_forces
from ._anharmonic import pair_quartic as pair_quartic
from ._dispersion import Dispersion as Dispersion
from ._lattice import Lattice as Lattice
from ._modes import ModeSet as ModeSet
from ._polarisation import plane_across as plane_across
from ._polarisation import polarised as polarised
from ._read import CALCULATORS as CALCULATORS
from ._read import bundled_lattices as bundled_lattices
from ._read import load_lattice as load_lattice
