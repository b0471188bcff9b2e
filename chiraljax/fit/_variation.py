"""Free, tied, fixed and bounded parameters of a fit, and their priors."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import equinox as eqx
import numpy as np

from .._checks import check_finite, check_positive
from .._errors import check
from .._module import Module


class Tie(NamedTuple):
    """A parameter that is `factor` times another one."""

    to: str
    factor: float = 1.0


class Prior(NamedTuple):
    """Value and standard deviation (eV) of a parameter before the fit."""

    value: float
    width: float


def _ties(ties: Mapping[str, str | tuple[str, float]]) -> dict[str, Tie]:
    return {name: Tie(tie) if isinstance(tie, str) else Tie(*tie) for name, tie in ties.items()}


def _priors(priors: Mapping[str, tuple[float, float]]) -> dict[str, Prior]:
    return {name: Prior(*prior) for name, prior in priors.items()}


def _bounds(bounds: Mapping[str, tuple[float, float]]) -> dict[str, tuple[float, float]]:
    return {name: (pair[0], pair[1]) for name, pair in bounds.items()}


class Variation(Module):
    """Which parameters of a model a fit varies, and their bounds.

    Args:
        fixed: names of parameters that keep their values.
        ties: name → name, or (name, factor), of a free parameter.
        bounds: name → (low, high), eV. Unless given ±5 about zero, ±10 about the centre of the targets for on-site
            energies, and 0 to 5 for ξ.
        priors: name → (value, width), eV: ridge terms, each as strong as one energy with the error `noise`.
        noise: eV, positive.

    Raises:
        InputError: for bounds that are no interval, and for a width or a noise that is not positive.
    """

    fixed: tuple[str, ...] = eqx.field(converter=tuple, default=(), static=True)
    ties: dict[str, Tie] = eqx.field(converter=_ties, default_factory=dict)
    bounds: dict[str, tuple[float, float]] = eqx.field(converter=_bounds, default_factory=dict)
    priors: dict[str, Prior] = eqx.field(converter=_priors, default_factory=dict)
    noise: float = eqx.field(converter=float, default=0.1)

    def __check_init__(self) -> None:
        for name, pair in self.bounds.items():
            finite = np.isfinite(pair).all() and pair[0] < pair[1]
            check(finite, f"bounds.{name}", f"must be a finite pair (low, high), but got {pair}")
        for name, prior in self.priors.items():
            check_finite(f"priors.{name}.value", prior.value)
            check_positive(f"priors.{name}.width", prior.width)
        check_positive("noise", self.noise)


def check_names(field: str, names: Iterable[str], parameters: Sequence[str]) -> None:
    """Raise `InputError` for names that are not among the `parameters`."""
    wrong = [name for name in names if name not in parameters]
    check(not wrong, field, f"must name parameters among {parameters}, but got {wrong}")
