"""Thermal averages over the zone to a given accuracy."""

from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np

from .._tracing import concrete, is_differentiated, is_traced
from .._types import Array
from ._accuracy import Accuracy
from ._bloch import AbstractBloch
from ._estimate import Estimate, Tolerance
from ._fermi_surface import evaluate
from ._region import TRACED_POINTS, region_rule
from ._search import search


def thermal_averages(
    blochs: Sequence[AbstractBloch],
    mu: Array,
    temperature: Array,
    accuracy: Accuracy,
    steering: tuple[int, ...] = (0,),
) -> tuple[Estimate, Array]:
    """∫_BZ Tr[A f(H; μ, T)] of each operator of a batch, and the carriers, per cell, from one pass over k.

    Under `jit` or `vmap` no accuracy can be tested: without a rule, the sum runs over 32 points per axis. A gradient is
    taken on the nodes of the last rule.

    Args:
        blochs: the batch (r,), each with H and a operators A.
        mu: (s,) eV, absolute.
        temperature: (s,) K; T = 0 is the step function.
        accuracy: of the quantities in `steering`.
        steering: numbers of the quantities that decide the refinement: 0 to a − 1 for the operators, a for the
            carriers. The others have errors, but no tolerance.

    Returns:
        the `Estimate` (q, s, r), and whether the steering errors are within tolerance.

    Raises:
        InputError: if no gradient exists, and for a rule of another number of pairs.
        RuntimeError: if the eigensolver fails.
    """
    tolerance = Tolerance(accuracy.rtol, accuracy.atol, steering)
    region, rule, arguments = accuracy.region or "zone", accuracy.rule, (blochs, mu, temperature)
    if rule is None and is_traced(arguments):
        rule = region_rule(TRACED_POINTS, blochs[0].operations, blochs[0].periodic, region)
    if rule is not None:
        final = evaluate(*arguments, rule)
    else:
        final = search(*jax.lax.stop_gradient(arguments), tolerance, region, accuracy.budget)
        if is_differentiated(arguments):
            values = evaluate(*arguments, final.rule).values
            change = jnp.abs(jax.lax.stop_gradient(values) - final.values)
            final = final._replace(values=values, errors=final.errors + change)
    values = concrete(jax.lax.stop_gradient(final.values))
    if values is not None and not np.all(np.isfinite(values)):
        raise RuntimeError("the eigensolver of this device returned NaN for some k-points, from both triangles")
    return final, jnp.all(tolerance.met(final.values, final.errors))
