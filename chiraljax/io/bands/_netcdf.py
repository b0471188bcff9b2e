"""Bands in the form of this package, as NetCDF."""

import json
from pathlib import Path

from ..._errors import InputError
from ..._validation import one_line
from ...fit import Bands
from .._json import to_json
from ._common import unpacked
from ._format import BandFormat
from ._json import bands_from_json


def read_netcdf(path: Path, spin_orbit: bool | None) -> Bands:
    """Bands from NetCDF."""
    import h5py
    import xarray as xr

    try:
        # A broken file must fail here: h5netcdf would print a traceback of its own.
        with unpacked(path) as file:
            with h5py.File(file):
                pass
            content = to_json(xr.load_dataset(file, engine="h5netcdf"))
    except Exception as error:  # the errors of h5py for broken files are not documented
        raise InputError("", f"must be a NetCDF file, but {one_line(error)}") from None
    return bands_from_json(json.dumps(content, default=str), path.name, spin_orbit)


FORMAT = BandFormat(
    "netcdf",
    "what `Bands.to_xarray` gives, as NetCDF",
    lambda head: head.raw.startswith((b"\x89HDF", b"CDF")),
    read_netcdf,
)
