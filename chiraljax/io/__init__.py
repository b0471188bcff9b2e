"""Files, in and out; each is written whole or not at all."""

from ._csv import read_kpoints as read_kpoints
from ._csv import write_csv as write_csv
from ._datasets import band_dataset as band_dataset
from ._datasets import bands_dataset as bands_dataset
from ._datasets import moment_dataset as moment_dataset
from ._datasets import simulation_dataset as simulation_dataset
from ._fit import fit_content as fit_content
from ._fit import load_fit_options as load_fit_options
from ._json import to_json as to_json
from ._json import write_json as write_json
from ._material import write_material as write_material
from ._netcdf import write_netcdf as write_netcdf
from ._pulse import load_pulse as load_pulse
from ._pythtb import to_pythtb as to_pythtb
from ._pythtb import write_pythtb as write_pythtb
from ._wannier90 import write_wannier90 as write_wannier90
from ._write_pulse import write_field as write_field
from ._write_pulse import write_pulse as write_pulse
from .bands import bundled_bands as bundled_bands
from .bands import read_bands as read_bands
from .bands import read_hr as read_hr
