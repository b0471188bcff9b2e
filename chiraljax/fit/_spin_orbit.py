"""Spin–orbit coupling from bands of its own."""

from .._errors import check
from ._band_fit import BandFit
from ._bands import Bands
from ._fit import fit_bands
from ._multistart import MultiStart
from ._search import OnStep
from ._target import default_targets
from ._variation import Variation

_EDGE_WEIGHT = 300.0
"""ξ alone is to give the splitting at the edge, not to mend errors elsewhere"""
_SEARCH = MultiStart(starts=8)


def fit_spin_orbit(
    fit: BandFit,
    bands: Bands,
    *,
    edge_weight: float | None = None,
    search: MultiStart = _SEARCH,
    on_step: OnStep = lambda done, total, best: None,
) -> BandFit:
    """The spin–orbit parameters ξ alone, the others being those of a `fit` to bands without spin–orbit coupling.

    The second of two stages: bands without it fix on-site energies and integrals by real matrices of half the size,
    bands with it then fix ξ. Two calculations count from different energies, so their offset is fitted too. `bands`
    are met at the default targets, where energies near the conduction edge count 1 + `edge_weight` times, 301 unless
    given.

    **Raises:** `InputError` for bands of another kind, and as `fit_bands` does.
    """
    check(
        bands.spin_orbit and not fit.bands.spin_orbit,
        "bands",
        "must be with spin–orbit coupling, after a fit to bands without, but are not",
    )
    others = [name for name in fit.parameters if not name.endswith(".xi")]
    targets = default_targets(fit.electrons, bands, _EDGE_WEIGHT if edge_weight is None else edge_weight)
    return fit_bands(
        fit.electrons, bands, targets=targets, variation=Variation(fixed=others), search=search, on_step=on_step
    )
