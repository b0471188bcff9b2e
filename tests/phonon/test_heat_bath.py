"""Motion in a heat bath, against the Ornstein–Uhlenbeck process, Boltzmann's distribution and another solver.

Statistics: each number is compared within 4 standard errors, of N independent motions unless said otherwise, for a
fixed seed. With the three hundred numbers compared here a right code fails for one seed in fifty.
"""

from functools import partial

import diffrax
import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.integrate import quad
from scipy.linalg import expm

from chiraljax import InputError
from chiraljax.phonon import AdaptiveSteps, FixedSteps, HeatBath, Phonon, thermal_square
from chiraljax.pulse import GaussianPulse
from chiraljax.units import BOLTZMANN, FIELD_FORCE, MASS_ENERGY

DARK = GaussianPulse(0.0)
PULSE = GaussianPulse(3.0, center=1.5, duration=0.5)
REST = (np.zeros(2), np.zeros(2))


def _ensemble(phonon, pulse, times, number, seed=0, *, temperature, statistics="quantum", substeps=None, initial=None):
    """q and q̇ (number, T, C)."""

    @jax.jit
    @jax.vmap
    def move(key):
        bath = HeatBath(temperature, key, statistics)
        motion = phonon.drive(pulse, times, steps=FixedSteps(substeps), initial=initial, bath=bath)
        return motion.q, motion.velocity

    return tuple(np.asarray(part) for part in move(jax.random.split(jax.random.key(seed), number)))


def _modes(**changes):
    """Two modes of 2.42 and 7 THz, moving one atom along x and y; driven along both."""
    arguments = {
        "frequency": [2.42, 7.0],
        "damping": [0.64, 2.0],
        "mode_effective_charge": [[1.4, 0.0], [0.3, -0.8]],
        "eigenvectors": np.eye(3)[:2, None, None],
        "masses": [16.0],
        "dielectric_constant": 4.3,
    }
    return Phonon(**(arguments | changes))


def _deviation(samples, expected):
    """The mean's distance from `expected` in standard errors, of independent samples along the first axis."""
    return abs(samples.mean(axis=0) - expected) / (samples.std(axis=0) / np.sqrt(len(samples)))


@pytest.mark.slow
@pytest.mark.parametrize("substeps", [6, 12], ids=["default", "halved"])
@pytest.mark.parametrize("statistics", ["quantum", "classical"])
def test_warms_up_as_an_ornstein_uhlenbeck_process(statistics, substeps):
    """From rest the covariance of (q, q̇) is S − e^{At} S e^{Aᵀt}, S = diag(⟨q²⟩, ω²⟨q²⟩), at any step."""
    modes, times = _modes(), np.linspace(0, 1.2, 25)
    q, velocity = _ensemble(
        modes, DARK, times, 4000, temperature=100.0, statistics=statistics, initial=REST, substeps=substeps
    )
    assert FixedSteps().resolving(modes, times).substeps == 6
    square = np.asarray(thermal_square(modes, 100.0, statistics))
    for mode, (nu, eta) in enumerate(zip(modes.frequency, modes.damping, strict=True)):
        omega = 2 * np.pi * float(nu)
        for t in (1, 7, 24):
            free = expm(np.array([[0, 1], [-(omega**2), -float(eta)]]) * times[t])
            still = np.diag([1, omega**2]) * square[mode]
            expected = still - free @ still @ free.T
            state = np.stack([q[:, t, mode], velocity[:, t, mode]])
            assert np.all(_deviation(np.einsum("an,bn->nab", state, state), expected) < 4)
            assert np.all(_deviation(state.T, 0.0) < 4)


@pytest.fixture(scope="module")
def warm(phonon):
    """4000 motions (q, q̇) at 41 times of 4 ps at 300 K under one pulse or another, from one program."""
    times = np.linspace(0, 4, 41)

    @jax.jit
    @partial(jax.vmap, in_axes=(None, 0))
    def move(pulse, key):
        motion = phonon.drive(pulse, times, steps=FixedSteps(), bath=HeatBath(300.0, key))
        return motion.q, motion.velocity

    return lambda pulse: [np.asarray(part) for part in move(pulse, jax.random.split(jax.random.key(0), 4000))]


@pytest.fixture(scope="module")
def undriven(warm):
    return warm(DARK)


@pytest.mark.parametrize("statistics", ["quantum", "classical"])
def test_equilibrium_stays(phonon, undriven, statistics):
    """A thermal sample stays one: ⟨q²⟩, ⟨q̇²⟩ of both components, and no correlation between them, no L."""
    if statistics == "quantum":
        q, velocity = (part[:, ::10] for part in undriven)
    else:
        q, velocity = _ensemble(phonon, DARK, np.linspace(0, 4, 5), 4000, temperature=300.0, statistics=statistics)
    square = np.asarray(thermal_square(phonon, 300.0, statistics))
    assert np.all(_deviation(q**2, square) < 4)
    assert np.all(_deviation(velocity**2, square * (2 * np.pi * 2.42) ** 2) < 4)
    assert np.all(_deviation(q * velocity, 0.0) < 4)
    assert np.all(_deviation(q[..., 0] * q[..., 1], 0.0) < 4)
    assert np.all(_deviation(q[..., 0] * velocity[..., 1] - q[..., 1] * velocity[..., 0], 0.0) < 4)


def test_noise_forgets_as_the_motion_does(phonon, undriven):
    """⟨q(t)q(0)⟩/⟨q²⟩ = e^{−ηt/2}(cos ω't + η/2ω' sin ω't) at equilibrium, the fluctuation–dissipation theorem."""
    times, q = np.linspace(0, 1, 11), undriven[0][:, :11]
    omega, half = np.sqrt((2 * np.pi * 2.42) ** 2 - 0.32**2), 0.32
    memory = np.exp(-half * times) * (np.cos(omega * times) + half / omega * np.sin(omega * times))
    expected = memory[:, None] * np.asarray(thermal_square(phonon, 300.0))
    assert np.all(_deviation(q * q[:, :1], expected) < 4)


@pytest.mark.slow
def test_the_mean_is_the_coherent_motion(phonon, warm):
    """Linear: ⟨q⟩ and ⟨L⟩ in the bath are q and L without the bath."""
    times = np.linspace(0, 4, 9)
    q, velocity = (part[:, ::5] for part in warm(PULSE))
    coherent = phonon.drive(PULSE, times, steps=FixedSteps(), initial=REST)
    momentum = q[..., 0] * velocity[..., 1] - q[..., 1] * velocity[..., 0]
    (a, b), (c, d) = coherent.q.T, coherent.velocity.T
    assert np.all(_deviation(q, coherent.q) < 4)
    assert np.all(_deviation(velocity, coherent.velocity) < 4)
    assert np.all(_deviation(momentum, a * d - b * c) < 4)
    assert np.abs(coherent.q).max() > 0.5


def test_without_damping_or_heat_the_motion_is_coherent(make_phonon):
    """No damping, no noise; no temperature, no classical noise: exact to roundoff, anharmonic terms included."""
    times = np.linspace(0, 4, 41)
    for changes, options in (
        ({"damping": 0.0, "quartic_isotropic": 5.0}, {"temperature": 300.0}),
        ({"quartic_isotropic": 5.0}, {"temperature": 0.0, "statistics": "classical"}),
    ):
        phonon = make_phonon(**changes)
        bath = HeatBath(key=jax.random.key(0), **options)
        motion = phonon.drive(PULSE, times, initial=REST, bath=bath)
        coherent = phonon.drive(PULSE, times, steps=FixedSteps(), initial=REST)
        np.testing.assert_allclose(motion.q, coherent.q, atol=1e-13)


@pytest.mark.parametrize("damping", [1e-6, 0.64, 2 * 2 * np.pi * 2.42, 60.0], ids=["weak", "", "critical", "over"])
def test_noise_of_a_step_is_exact(make_phonon, damping):
    """Its covariance between any two points of a step, against quadrature of 2η k_BT ∫ g(s − r) g(t − r)ᵀ dr."""
    phonon = make_phonon(damping=damping)
    ends = np.array([0.002, 0.01, 0.026])
    noise = np.asarray(HeatBath(300.0, jax.random.key(0)).noise(phonon, jnp.asarray(ends), 1).amplitude)[0]
    found = np.einsum("idjf,kejf->ikde", noise, noise)
    omega = 2 * np.pi * 2.42
    generator = np.array([[0, 1], [-(omega**2), -damping]])
    strength = 2 * damping * omega**2 * float(thermal_square(phonon, 300.0)[0])
    for i, s in enumerate(ends):
        for k, t in enumerate(ends):
            for d, e in np.ndindex(2, 2):
                expected = quad(
                    lambda r, s=s, t=t, d=d, e=e: expm(generator * (s - r))[d, 1] * expm(generator * (t - r))[e, 1],
                    0,
                    min(s, t),
                    epsrel=1e-10,
                )[0]
                assert found[i, k, d, e] == pytest.approx(strength * expected, rel=1e-9)


@pytest.mark.slow
@pytest.mark.parametrize("substeps", [16, 32], ids=["default", "halved"])
def test_classical_anharmonic_equilibrium_is_that_of_boltzmann(substeps):
    """The virial theorem ⟨q ∂U/∂q⟩ = k_BT = ⟨q̇²⟩, and ⟨q²⟩ by quadrature, where V stiffens the mode by 1.7.

    From rest, so all heat comes from the bath; two periods of 1/η later e^{-ηt} < 10⁻⁴ is left. Twenty times of each
    motion are averaged first: the motions, not the times, are independent.
    """
    quartic, heat = 500.0, BOLTZMANN * 300 / MASS_ENERGY
    mode = Phonon([2.42], [4.0], [[0.0, 0.0]], [[[[1.0, 0, 0]]]], [16.0], quartic=np.full((1, 1, 1, 1), quartic))
    omega = 2 * np.pi * 2.42
    times = np.arange(31) / 2.42
    q, velocity = _ensemble(
        mode,
        DARK,
        times,
        600,
        temperature=300.0,
        statistics="classical",
        initial=(np.zeros(1), np.zeros(1)),
        substeps=substeps,
    )

    def boltzmann(power):
        def weight(x):
            return x**power * np.exp(-((omega * x) ** 2 / 2 + quartic * x**4 / 24) / heat)

        return 2 * quad(weight, 0, 12, epsrel=1e-10)[0]

    late = slice(7, None)
    q, velocity = q[:, late, 0], velocity[:, late, 0]
    expected = boltzmann(2) / boltzmann(0)
    assert expected < heat / omega**2 / 1.6
    assert _deviation((q**2).mean(axis=1), expected) < 4
    assert _deviation((velocity**2).mean(axis=1), heat) < 4
    assert _deviation((omega**2 * q**2 + quartic * q**4 / 6).mean(axis=1), heat) < 4


@pytest.mark.slow
def test_equals_diffrax(make_phonon):
    """Driven anharmonic motion out of equilibrium: moments at five times against diffrax's ShARK.

    Both are random; 4 standard errors of the difference. ShARK at 128 steps a period heats a mode of this Q by 3·10⁻⁴,
    the eigenvalues of its linear map say, which is a tenth of the statistical error.
    """
    phonon = make_phonon(quartic_isotropic=8.0, quartic_cubic=4.0)
    times = np.linspace(0, 3, 6)
    modes = phonon.oscillators
    omega, damping = modes.angular_frequency, modes.damping
    gain = modes.charges * FIELD_FORCE / phonon.dielectric_constant
    width = jnp.sqrt(2 * damping * omega**2 * thermal_square(phonon, 200.0))

    @jax.jit
    @jax.vmap
    def by_shark(key):
        noise = diffrax.VirtualBrownianTree(0.0, 3.0, 1e-3, (2,), key, diffrax.SpaceTimeLevyArea)

        def slope(t, state, _):
            q, v = state
            return jnp.stack([v, gain @ PULSE(t) + phonon.anharmonic_force(q) - omega**2 * q - damping * v])

        def spread(t, state, _):
            return jnp.stack([jnp.zeros((2, 2)), jnp.diag(width)])

        with jax.numpy_dtype_promotion("standard"):
            solution = diffrax.diffeqsolve(
                diffrax.MultiTerm(diffrax.ODETerm(slope), diffrax.ControlTerm(spread, noise)),
                diffrax.ShARK(),
                0.0,
                3.0,
                3.0 / 930,
                jnp.zeros((2, 2)),
                saveat=diffrax.SaveAt(ts=jnp.asarray(times)),
            )
        return solution.ys[:, 0], solution.ys[:, 1]

    ours = _ensemble(phonon, PULSE, times, 2000, temperature=200.0, initial=REST, substeps=24)
    theirs = [np.asarray(part) for part in by_shark(jax.random.split(jax.random.key(9), 1000))]
    for power in (1, 2):
        for mine, other in zip(ours, theirs, strict=True):
            a, b = mine[:, 1:] ** power, other[:, 1:] ** power
            error = np.sqrt(a.var(axis=0) / len(a) + b.var(axis=0) / len(b))
            assert np.all(abs(a.mean(axis=0) - b.mean(axis=0)) < 4 * error)


def test_gradients_for_one_key(make_phonon):
    """In temperature, damping and frequency; differences with h = 10⁻⁵ err by 10⁻⁷ or so."""
    times = np.linspace(0, 1, 6)

    @jax.jit
    @jax.value_and_grad
    def value(x):
        phonon = make_phonon(damping=x[1], frequency=x[2], quartic_isotropic=5.0)
        motion = phonon.drive(PULSE, times, steps=FixedSteps(10), bath=HeatBath(x[0], jax.random.key(5)))
        return motion.angular_momentum[-1] + motion.q[3, 0]

    x = np.array([300.0, 0.64, 2.42])
    steps = 1e-5 * np.diag(x)
    differences = [float(value(x + step)[0] - value(x - step)[0]) / (2 * step.sum()) for step in steps]
    np.testing.assert_allclose(value(x)[1], differences, rtol=1e-6)


def test_one_compilation_for_all_keys_and_temperatures(phonon):
    traces, times = [], np.linspace(0, 1, 6)

    @eqx.filter_jit
    def move(key, temperature):
        traces.append(None)
        return phonon.drive(DARK, times, bath=HeatBath(temperature, key)).q

    first, second = (move(jax.random.key(n), jnp.array(300.0 + n)) for n in (0, 1))
    assert len(traces) == 1
    assert np.all(first != second)
    alone = phonon.drive(DARK, times, bath=HeatBath(301.0, jax.random.key(1))).q
    np.testing.assert_allclose(second, alone, atol=1e-12)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"temperature": -1.0}, "temperature must be zero or positive"),
        ({"statistics": "bose"}, "statistics must be 'quantum' or 'classical'"),
        ({"times": [0.0, 1.0, 3.0]}, "equally spaced"),
        ({"initial": ([0.0], [0.0])}, "initial must be q and q̇ of the shape"),
        ({"steps": AdaptiveSteps()}, "steps must be FixedSteps in a heat bath, but are AdaptiveSteps"),
    ],
)
def test_bad_input(phonon, options, words):
    options = {"times": [0.0, 1.0]} | options
    of_bath = {name: options.pop(name) for name in ("temperature", "statistics") if name in options}

    def move():
        bath = HeatBath(**({"temperature": 300.0, "key": jax.random.key(0)} | of_bath))
        return phonon.drive(DARK, options.pop("times"), bath=bath, **options)

    with pytest.raises(InputError, match=words):
        move()
