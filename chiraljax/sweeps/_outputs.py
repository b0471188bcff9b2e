"""What a sweep can compute, by name, and the variables in which it is stored."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from .._errors import check, within
from ..chain import Chain
from ._parameters import Parameter, nearest, parameter

DRIVE, ROTATION, TABLE, MODEL, POINT = "drive", "rotation", "table", "model", "point"
"""Kinds of variables."""
PARTS = {
    DRIVE: ("pulse", "phonon"),
    ROTATION: ("pulse", "phonon", "coupling"),
    MODEL: ("electrons",),
    TABLE: ("electrons", "filling"),
    POINT: ("pulse", "phonon", "coupling", "electrons", "filling"),
}
"""Parts of the chain on which a variable of each kind depends."""


class Output(NamedTuple):
    """A quantity that a sweep can compute."""

    name: str
    kind: str
    unit: str
    meaning: str
    timed: bool = False


OUTPUTS = {
    output.name: output
    for output in (
        Output("peak_moment", POINT, "mu_B/cell", "largest |M| at the times"),
        Output("moment", POINT, "mu_B/cell", "magnetic moment along the axis of rotation", True),
        Output("peak_angular_momentum", DRIVE, "hbar", "largest |L| at the times"),
        Output("angular_momentum", DRIVE, "hbar", "angular momentum of the phonon", True),
        Output("peak_rotation", ROTATION, "rad/ps", "largest |Omega| at the times"),
        Output("rotation", ROTATION, "rad/ps", "angular velocity that the electrons feel", True),
        Output("carriers", TABLE, "1/cell", "electrons minus holes at rest"),
        Output("chemical_potential", TABLE, "eV", "from the conduction-band edge, at rest"),
        Output("gap", MODEL, "eV", "smallest distance of empty from filled states, at rest"),
    )
}


class Variable(NamedTuple):
    """One array of the store."""

    name: str
    kind: str
    unit: str
    meaning: str
    tail: tuple[tuple[str, int], ...] = ()
    """dimensions after the axes, with their lengths"""
    dtype: str = "float64"
    working: bool = False
    """for the next stages only, not a result"""


class Derivative(NamedTuple):
    """∂output/∂parameter."""

    output: Output
    parameter: Parameter

    @property
    def name(self) -> str:
        return f"d_{self.output.name}_d_{self.parameter.name}"

    @property
    def unit(self) -> str:
        per = self.parameter.unit
        return self.output.unit if per in {"", "1"} else f"{self.output.unit}/({per})"

    @property
    def vanishes(self) -> bool:
        """Whether the output does not depend on the parameter."""
        return self.parameter.part not in PARTS[self.output.kind]


def outputs_of(names: Iterable[str]) -> tuple[Output, ...]:
    """The outputs `names`; raises `InputError` for an unknown name, one twice, or none."""
    chosen = list(names)
    check(chosen, "outputs", "must name at least one output, but is empty")
    for name in chosen:
        check(name in OUTPUTS, "outputs", f"must be known, but {name} is not{nearest(name, list(OUTPUTS))}")
        check(chosen.count(name) == 1, "outputs", f"must name each output once, but {name} comes twice")
    return tuple(OUTPUTS[name] for name in chosen)


def derivatives_of(gradients: Mapping[str, Sequence[str]], chain: Chain) -> tuple[Derivative, ...]:
    """The derivatives in a mapping from outputs to parameters.

    Raises `InputError` for an unknown name, and for an output that does not depend on the parameter.
    """
    derivatives = []
    for name, names in gradients.items():
        check(
            name in OUTPUTS, "gradients", f"must be of known outputs, but {name} is not{nearest(name, list(OUTPUTS))}"
        )
        for other in [names] if isinstance(names, str) else names:
            with within(f"gradients.{name}"):
                derivative = Derivative(OUTPUTS[name], parameter(other, chain))
            check(
                not derivative.vanishes,
                f"gradients.{name}",
                f"must be by parameters that it depends on, but {other} does not change it",
            )
            check(
                derivative not in derivatives,
                f"gradients.{name}",
                f"must name each parameter once, but {other} comes twice",
            )
            derivatives.append(derivative)
    return tuple(derivatives)
