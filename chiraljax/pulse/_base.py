"""The interface of pulses, and sums of pulses."""

import abc
from collections.abc import Callable, Iterable
from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Complex, Float, Real

from .._errors import check
from .._family import Declared
from .._types import ArrayLike, Scalar
from ..units import FLUENCE

_SAMPLES, _PANELS = 8192, 1024
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(8)


class AbstractPulse(Declared):
    """An electric field in the plane normal to its direction of travel, outside the crystal."""

    begin: ClassVar[str] = ""
    """The class method that makes the first pulse of a search; the class itself if empty."""

    peak_field: eqx.AbstractVar[Scalar]
    """Largest field, in MV/cm."""

    @property
    @abc.abstractmethod
    def support(self) -> tuple[Scalar, Scalar]:
        """Start and end, in ps, outside which the field is negligible."""

    @abc.abstractmethod
    def __call__(self, t: Real[ArrayLike, "*batch"]) -> Float[Array, "*batch 2"]:
        """Field E(t) in MV/cm at the times `t` (*batch) in ps, shape (*batch, 2)."""

    @property
    def pieces(self) -> int:
        """Number of smooth pieces of the field; a solver of high order must step through each of them."""
        return 1

    def prepared(self) -> Callable[[Real[ArrayLike, "..."]], Float[Array, "..."]]:
        """The same function of time for many calls, with all that does not depend on time computed once."""
        return self

    @abc.abstractmethod
    def __mul__(self, factor: Real[ArrayLike, ""]) -> "AbstractPulse":
        """The same pulse with its field multiplied by `factor`, a scalar of either sign."""

    def __rmul__(self, factor: Real[ArrayLike, ""]) -> "AbstractPulse":
        return self * factor

    @abc.abstractmethod
    def with_ellipticity(self, ellipticity: Real[ArrayLike, ""]) -> "AbstractPulse":
        """A pulse of the same family whose ellipse has the `ellipticity` ε from −1 to 1, +1 counter-clockwise.

        Raises:
            InputError: for another ε.
        """

    @property
    @eqx.filter_jit
    def fluence(self) -> Scalar:
        """Energy per area in vacuum, ε₀c∫|E|²dt, in mJ/cm²."""
        times, weights = self.quadrature
        return FLUENCE * weights @ jnp.sum(self(times) ** 2, axis=-1)

    @property
    def edges(self) -> Float[Array, " edges"]:
        """Times in ps, ascending, between which eight nodes of Gauss's rule resolve the field."""
        return jnp.linspace(*self.support, max(_PANELS, self.pieces) + 1)

    @property
    def quadrature(self) -> tuple[Float[Array, " nodes"], Float[Array, " nodes"]]:
        """Nodes and weights in ps for integrals over the field.

        The trapezoid rule on 8192 points of the support, which converges exponentially for smooth pulses up to half the
        sampling frequency.
        """
        times = jnp.linspace(*self.support, _SAMPLES)
        return times, jnp.full(_SAMPLES, times[1] - times[0]).at[jnp.array([0, -1])].mul(0.5)

    def spectrum(self, frequencies: Real[ArrayLike, " F"]) -> Complex[Array, "F 2"]:
        """Fourier transform ∫E exp(2πiνt)dt in MV/cm·ps at the frequencies ν (F,) in THz, shape (F, 2).

        By the nodes and weights of `quadrature`.
        """
        return self._transform(jnp.asarray(frequencies, dtype=float))

    @eqx.filter_jit
    def _transform(self, frequencies: Float[Array, " F"]) -> Complex[Array, "F 2"]:
        times, weights = self.quadrature
        field = self(times) * weights[:, None]

        def transform(frequency: Scalar) -> Complex[Array, "2"]:
            angle = 2 * jnp.pi * frequency * times
            return jax.lax.complex(jnp.cos(angle) @ field, jnp.sin(angle) @ field)

        return jax.lax.map(transform, frequencies)

    def __add__(self, other: "AbstractPulse") -> "SumPulse":
        return SumPulse((*_terms(self), *_terms(other)))

    @eqx.filter_jit
    def largest_field(self) -> Scalar:
        """Largest |E| in MV/cm at the nodes of `quadrature`."""
        # The root is taken last, since it is not differentiable at a zero field.
        return jnp.sqrt(jnp.sum(self(self.quadrature[0]) ** 2, axis=-1).max())


class SumPulse(AbstractPulse):
    """Several pulses on top of one another.

    Args:
        pulses: at least one.

    Raises:
        InputError: for an empty sequence or an element that is no pulse.
    """

    pulses: tuple[AbstractPulse, ...]

    def __init__(self, pulses: Iterable[AbstractPulse]) -> None:
        self.pulses = tuple(pulses)

    def check_together(self) -> None:
        check(self.pulses, "pulses", "must hold at least one pulse, but got none")
        for pulse in self.pulses:
            check(
                isinstance(pulse, AbstractPulse), "pulses", f"must hold pulses only, but got a {type(pulse).__name__}"
            )

    def __call__(self, t: Real[ArrayLike, "*batch"]) -> Float[Array, "*batch 2"]:
        return self.prepared()(t)

    @property
    def pieces(self) -> int:
        return sum(pulse.pieces for pulse in self.pulses)

    def prepared(self) -> Callable[[Real[ArrayLike, "..."]], Float[Array, "..."]]:
        first, *others = [pulse.prepared() for pulse in self.pulses]
        return lambda t: sum((field(t) for field in others), start=first(t))

    def __mul__(self, factor: Real[ArrayLike, ""]) -> "SumPulse":
        return SumPulse(pulse * factor for pulse in self.pulses)

    def with_ellipticity(self, ellipticity: Real[ArrayLike, ""]) -> "SumPulse":
        """Every term with the `ellipticity` ε from −1 to 1.

        Raises:
            InputError: for another ε.
        """
        return SumPulse(pulse.with_ellipticity(ellipticity) for pulse in self.pulses)

    @property
    def peak_field(self) -> Scalar:  # pyright: ignore[reportIncompatibleVariableOverride]
        """Largest |E| at the nodes of `quadrature`, in MV/cm."""
        return self.largest_field()

    @property
    def edges(self) -> Float[Array, " edges"]:
        """Those of all terms, so that each is resolved however far apart they are."""
        return jnp.sort(jnp.concatenate([pulse.edges for pulse in self.pulses]))

    @property
    def quadrature(self) -> tuple[Float[Array, " nodes"], Float[Array, " nodes"]]:
        """Nodes and weights in ps: Gauss's rule between all `edges`, which are nodes of weight 0."""
        return between(self.edges)

    @property
    def support(self) -> tuple[Scalar, Scalar]:
        """From the first start to the last end, in ps."""
        starts, ends = zip(*(pulse.support for pulse in self.pulses), strict=True)
        return jnp.min(jnp.stack(starts)), jnp.max(jnp.stack(ends))


@jax.jit
def between(edges: Float[Array, " edges"]) -> tuple[Float[Array, " nodes"], Float[Array, " nodes"]]:
    """Nodes and weights of Gauss's rule between `edges`, which are nodes of weight 0."""
    half = jnp.diff(edges)[:, None] / 2
    inside = edges[:-1, None] + half * (_NODES + 1)
    return jnp.concatenate([edges, inside.ravel()]), jnp.concatenate([0 * edges, (half * _WEIGHTS).ravel()])


def _terms(pulse: AbstractPulse) -> tuple[AbstractPulse, ...]:
    return pulse.pulses if isinstance(pulse, SumPulse) else (pulse,)
