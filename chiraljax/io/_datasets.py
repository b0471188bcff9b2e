"""Results as labelled arrays with units: the one form from which every file is written."""

import numpy as np
import xarray as xr


def in_thz(dataset: xr.Dataset) -> xr.Dataset:
    """The same with ν = Ω/2π in THz, `rotation_thz`, in place of the coordinate Ω, as the command line has it."""
    rotation = dataset.rotation
    frequency = (rotation.dims, rotation.values / (2 * np.pi), {"units": "THz"})
    return (
        dataset.drop_vars("rotation")
        .rename_dims(rotation="rotation_thz")
        .assign_coords(rotation_thz=("rotation_thz", *frequency[1:]))
    )
