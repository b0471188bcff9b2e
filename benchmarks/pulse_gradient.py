"""What the gradient of an objective costs in simulations, for pulses of 12 to 1000 parameters.

    python benchmarks/pulse_gradient.py

A simulation is the whole chain from the amplitudes of a `SplinePulse`: field, motion of KTaO₃'s phonon at 201 times in
10 ps, Ω (kinematic), M(Ω), and the mean of M from 4 to 8 ps. M(Ω) is made beforehand. In fixed steps, as
`optimize_pulse` and `FixedSteps` take them, harmonic and with a quartic potential of 50 (ps² Å² u)⁻¹, one pulse
and eight by `vmap`; and through `AdaptiveSteps` for comparison. Random pulses with the fluence of the
paper's.

Times are the fastest of many calls of compiled functions; those of the value and of value and gradient alternate, so
that other load meets both. Memory is what XLA allots for what is neither argument nor result: for the gradient it
holds what the reverse pass needs of the forward one. Central differences would take two simulations per parameter; one
along a random direction checks every gradient.
Prints a table and writes benchmarks/results/pulse_gradient.json.
"""

import time

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from _results import write_results

import chiraljax as cj
from chiraljax.control import Constraints, MeanMoment, rotation_limit
from chiraljax.control._forecast import Forecast
from chiraljax.control._steps import Steps

TIMES = np.linspace(0, 10, 201)
SPLINES, ADAPTIVE_SPLINES, BATCH = (3, 25, 250), (3, 25), 8
QUARTIC = 50.0
SECONDS, LEAST = 3.0, 5
STEP = 1e-4


def forecast_of(material, quartic: float, fluence: float) -> Forecast:
    """Pulse to moment; M(Ω) reaches as far as the harmonic phonon can turn."""
    chain = cj.Chain.of(material, filling=cj.Filling(0.05, 600.0))
    limit = rotation_limit(chain.driven, chain.coupling, Constraints(fluence), time=TIMES[-1], start=0.0)
    curve = chain.response(limit.value, cj.Accuracy())
    chain = eqx.tree_at(lambda chain: chain.phonon.quartic_isotropic, chain, jnp.full((1, 1), quartic))
    return Forecast(chain, curve, Steps.of(chain.driven, TIMES), chain.driven.harmonic)


def fixed(amplitudes, pulse, forecast, objective):
    """The objective in fixed steps."""
    pulse = eqx.tree_at(lambda pulse: pulse.amplitudes, pulse, amplitudes)
    return objective(forecast.outcome(pulse, pulse(forecast.steps.nodes), jnp.ones(())))


def adaptive(amplitudes, pulse, forecast, objective):
    """The objective in adaptive steps."""
    pulse = eqx.tree_at(lambda pulse: pulse.amplitudes, pulse, amplitudes)
    return objective(forecast.driven(pulse, jnp.ones(())))


def fastest(functions, arguments) -> list[float]:
    """Seconds of the fastest call of each of `functions`, called in turn."""
    best, begin = np.full(len(functions), np.inf), time.perf_counter()
    calls = 0
    while calls < LEAST or time.perf_counter() - begin < SECONDS:
        for n, function in enumerate(functions):
            start = time.perf_counter()
            jax.block_until_ready(function(*arguments))
            best[n] = min(best[n], time.perf_counter() - start)
        calls += 1
    return best.tolist()


def error_along_random_direction(function, amplitudes, rest, generator) -> float:
    """Of the slope of `function`, relative, by central differences extrapolated to zero steps."""
    direction = jnp.asarray(generator.normal(size=amplitudes.shape))
    direction = direction / jnp.linalg.norm(direction) * jnp.linalg.norm(amplitudes)
    exact = float(jnp.vdot(jax.grad(function)(amplitudes, *rest), direction))

    def difference(h):
        return float(function(amplitudes + h * direction, *rest) - function(amplitudes - h * direction, *rest)) / 2 / h

    return abs((4 * difference(STEP) - difference(2 * STEP)) / 3 / exact - 1)


def measure(function, splines: int, batch: int, forecast: Forecast, fluence: float) -> dict:
    """One row."""
    objective = MeanMoment(4.0, 8.0)
    generator = np.random.default_rng(splines)
    empty = cj.SplinePulse.zeros(0, 10, 2.42, splines)

    def random():
        pulse = eqx.tree_at(lambda p: p.amplitudes, empty, jnp.asarray(generator.normal(size=(splines, 2, 2))))
        return (pulse * jnp.sqrt(fluence / pulse.fluence)).amplitudes

    amplitudes = jnp.stack([random() for _ in range(batch)])
    error = error_along_random_direction(jax.jit(function), amplitudes[0], (empty, forecast, objective), generator)
    both = jax.value_and_grad(function)
    if batch > 1:
        function, both = (jax.vmap(f, in_axes=(0, None, None, None)) for f in (function, both))
    else:
        amplitudes = amplitudes[0]
    arguments = (amplitudes, empty, forecast, objective)
    compiled = [jax.jit(f).lower(*arguments).compile() for f in (function, both)]
    value, gradient = fastest(compiled, arguments)
    memory = [program.memory_analysis().temp_size_in_bytes for program in compiled]
    return {
        "parameters": 4 * splines,
        "batch": batch,
        "value_s": value,
        "value_and_gradient_s": gradient,
        "ratio": gradient / value,
        "simulations_of_central_differences": 8 * splines,
        "value_bytes": memory[0],
        "value_and_gradient_bytes": memory[1],
        "error": error,
    }


def main():
    cj.enable_x64()
    material = cj.load_material("KTaO3")
    fluence = float(cj.GaussianPulse().fluence)
    cases = [("fixed steps", fixed, SPLINES, batch) for batch in (1, BATCH)]
    cases.append(("adaptive", adaptive, ADAPTIVE_SPLINES, 1))
    print(
        f"{'integrator':13s}{'phonon':12s}{'batch':>6s}{'param.':>8s}{'value':>10s}{'and gradient':>14s}{'ratio':>7s}"
        f"{'differences':>13s}{'memory':>10s}{'and gradient':>14s}{'error':>10s}"
    )
    rows = []
    quartics = {"harmonic": 0.0, "anharmonic": QUARTIC}
    forecasts = {phonon: forecast_of(material, quartic, fluence) for phonon, quartic in quartics.items()}
    for integrator, function, numbers, batch in cases:
        for phonon, forecast in forecasts.items():
            for splines in numbers:
                row = measure(function, splines, batch, forecast, fluence)
                rows.append({"integrator": integrator, "phonon": phonon, **row})
                print(
                    f"{integrator:13s}{phonon:12s}{batch:6d}{row['parameters']:8d}"
                    f"{1e3 * row['value_s']:7.2f} ms{1e3 * row['value_and_gradient_s']:11.2f} ms{row['ratio']:7.2f}"
                    f"{row['simulations_of_central_differences']:13d}{row['value_bytes'] / 1e6:7.2f} MB"
                    f"{row['value_and_gradient_bytes'] / 1e6:11.2f} MB{row['error']:10.0e}",
                    flush=True,
                )
    write_results("pulse_gradient", rows)


if __name__ == "__main__":
    main()
