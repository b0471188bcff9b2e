"""Labelled results in the units of files."""

import numpy as np
import xarray as xr


def in_thz(dataset: xr.Dataset) -> xr.Dataset:
    """`dataset` with the coordinate `rotation_thz` = Ω/2π (THz) in place of `rotation` (Ω, rad/ps)."""
    frequency = ("rotation_thz", dataset.rotation.values / (2 * np.pi), {"units": "THz"})
    renamed = dataset.drop_vars("rotation").rename_dims(rotation="rotation_thz")
    return renamed.assign_coords(rotation_thz=frequency)
