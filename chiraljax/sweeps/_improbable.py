"""Improbable values on the axes of a sweep."""

import jax.numpy as jnp
import numpy as np

from ..observables import Filling, improbable_filling
from ..phonon import improbable_frequencies, improbable_pulse
from ._outputs import DRIVE, POINT, ROTATION, TABLE
from ._parameters import replaced
from ._plan import SweepPlan


def improbable_values(plan: SweepPlan) -> tuple[str, ...]:
    """A sentence for each improbable μ, T, pulse and frequency, at both ends of each axis."""
    sentences: list[str] = []
    columns = {
        parameter: np.asarray(values)
        for axis in plan.axes
        for parameter, values in zip(axis.parameters, axis.values, strict=True)
    }
    if plan.wants(TABLE, POINT):
        given = plan.filling | {parameter.name: values for parameter, values in columns.items()}
        mu, temperature = (np.ravel(given.get(name, [])) for name in ("mu", "temperature"))
        filling = Filling(mu, temperature)
        sentences += improbable_filling(plan.chain.electrons, filling, jnp.zeros(1))
    if plan.wants(DRIVE, ROTATION, POINT):
        chains = [plan.chain]
        for parameter, values in columns.items():
            if parameter.part in ("pulse", "phonon"):
                chains += [replaced(plan.chain, [parameter], jnp.array([end])) for end in (values.min(), values.max())]
        for chain in chains:
            sentences += (*improbable_frequencies(chain.driven), *improbable_pulse(chain.pulse, chain.driven))
    return tuple(dict.fromkeys(sentences))
