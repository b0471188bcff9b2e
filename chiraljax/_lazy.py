"""Libraries that are imported when they are first used, as they take long and many calls need none of them."""

from typing import TYPE_CHECKING

import lazy_loader

if TYPE_CHECKING:
    import diffrax as diffrax
    import xarray as xr
else:
    diffrax, xr = (lazy_loader.load(name) for name in ("diffrax", "xarray"))
