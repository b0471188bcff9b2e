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

    **Arguments:**

    - `blochs`: the batch (r,), H and a operators A each.
    - `mu`, `temperature`: pairs (s,), μ absolute in eV and T in K; T = 0 is the step function.
    - `accuracy`: how accurate the quantities are to be whose numbers are in `steering`: those of the operators are 0
      to a − 1, and that of the carriers is a. The others come with their errors, whatever those are.

    **Returns:** the `Estimate` (q, s, r), and whether the steering errors are within tolerance. Without a rule and
    under `jit` or `vmap`, where no accuracy can be tested, a sum over 32 points per axis. Where a gradient is taken,
    that on the nodes of the rule that the search for the values ends with.

    **Raises:** `InputError` where no gradient exists, and for a rule of another number of pairs; `RuntimeError` if the
    eigensolver fails.
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
            again = evaluate(*arguments, final.rule)
            off = jnp.abs(jax.lax.stop_gradient(again.values) - final.values)
            final = final._replace(values=again.values, errors=final.errors + off)
    known = concrete(jax.lax.stop_gradient(final.values))
    if known is not None and not np.all(np.isfinite(known)):
        raise RuntimeError("the eigensolver of this device returned NaN for some k-points, from both triangles")
    return final, jnp.all(tolerance.met(final.values, final.errors))
