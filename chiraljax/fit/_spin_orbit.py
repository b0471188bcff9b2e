"""Spin–orbit coupling from a second set of bands."""

from .._errors import check
from .._progress import counted
from ._band_fit import BandFit
from ._bands import Bands
from ._fit import fit_bands
from ._multistart import MultiStart
from ._search import OnStep
from ._target import default_targets
from ._variation import Variation

_EDGE_WEIGHT = 300.0
"""so large that ξ gives the splitting at the edge and does not compensate errors elsewhere"""


def fit_spin_orbit(
    fit: BandFit,
    bands: Bands,
    *,
    edge_weight: float | None = None,
    search: MultiStart = MultiStart(starts=8),
    insist: bool = False,
    on_step: OnStep = lambda done, total, best: None,
    progress: bool = False,
) -> BandFit:
    """The spin–orbit parameters ξ alone; all others are those of a `fit` to bands without spin–orbit coupling.

    The second of two stages: bands without spin–orbit coupling determine on-site energies and integrals by real
    matrices of half the size, then bands with it determine ξ. The two calculations have different zeros of energy, so
    their offset is fitted, too. The targets are the default ones.

    Args:
        fit: to bands without spin–orbit coupling.
        bands: with spin–orbit coupling.
        edge_weight: energies near the conduction edge count 1 + `edge_weight` times, 301 unless given.
        search: as in `fit_bands`.
        insist: as in `fit_bands`.
        on_step: as in `fit_bands`.
        progress: as in `fit_bands`.

    Raises:
        InputError: for bands of another kind, and as `fit_bands` does.
    """
    check(
        bands.spin_orbit and not fit.bands.spin_orbit,
        "bands",
        "must be with spin–orbit coupling, after a fit to bands without, but are not",
    )
    others = [name for name in fit.parameters if not name.endswith(".xi")]
    targets = default_targets(fit.electrons, bands, _EDGE_WEIGHT if edge_weight is None else edge_weight)
    with counted("Fitting spin–orbit coupling", progress, on_step) as step:
        return fit_bands(
            fit.electrons,
            bands,
            targets=targets,
            variation=Variation(fixed=others),
            search=search,
            insist=insist,
            on_step=step,
        )
