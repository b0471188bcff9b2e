"""Reading bands that another program, or this one, computed."""

from ._format import BandFormat as BandFormat
from ._read import band_formats as band_formats
from ._read import bundled_bands as bundled_bands
from ._read import read_bands as read_bands
from ._wannier90 import read_hr as read_hr
