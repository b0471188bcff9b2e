"""Labelled results as NetCDF."""

import os

import xarray as xr

from .._atomic import atomic_path


def write_netcdf(path: str | os.PathLike[str], dataset: xr.Dataset) -> None:
    """Write a NetCDF-4 file."""
    with atomic_path(path) as temporary:
        dataset.to_netcdf(temporary, engine="h5netcdf")
