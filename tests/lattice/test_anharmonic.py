"""Anharmonic tensors from finite displacements against potentials whose derivatives are known."""

from itertools import permutations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from ase.calculators.morse import MorsePotential

import chiraljax as cj
from chiraljax.units import MASS_ENERGY


def symmetric(rng, modes, rank, size):
    tensor = rng.normal(size=(modes,) * rank)
    orders = list(permutations(range(rank)))
    return size * sum(tensor.transpose(order) for order in orders) / len(orders)


def on_atoms(modes, mode_force):
    """Forces on atoms, √m_i Σ_a g_a(q) e_ai, for u with q_a = Σ_i √m_i u_i·e_ai."""
    vectors, root = np.asarray(modes.oscillators.eigenvectors), np.sqrt(np.asarray(modes.masses))[:, None]

    def forces(u):
        q = np.einsum("aix,ix->a", vectors, root * u)
        return MASS_ENERGY * root * np.einsum("a,aix->ix", np.asarray(mode_force(q)), vectors)

    return forces


def counted(forces):
    def wrapped(u):
        wrapped.calls += 1
        return forces(u)

    wrapped.calls = 0
    return wrapped


@pytest.fixture(scope="module")
def anharmonic(wurtzite):
    """E2 and E1 of wurtzite, four modes, with random tensors."""
    rng = np.random.default_rng(5)
    return wurtzite.normal_modes(
        damping=0.5, modes=[0, 3], cubic=symmetric(rng, 4, 3, 300.0), quartic=symmetric(rng, 4, 4, 200.0)
    )


def exact_force(modes):
    omega = np.asarray(modes.oscillators.angular_frequency)
    cubic, quartic = np.asarray(modes.cubic), np.asarray(modes.quartic)

    def mode_force(q):
        bent = np.einsum("abc,b,c->a", cubic, q, q) / 2 + np.einsum("abcd,b,c,d->a", quartic, q, q, q) / 6
        return -(omega**2) * q - bent

    return mode_force


@pytest.mark.parametrize(("numbers", "calls"), [([1], 6), ([0], 24), ([0, 1], 54), ([0, 3], 120)])
def test_a_quartic_potential_is_found(wurtzite, numbers, calls):
    """A polynomial of fifth order in the force is exact: what is left is roundoff of g, 10⁻¹⁶·10³, times 70/s³ with
    s = 0.1 Å·√16u, 10⁻¹⁰; the error that is reported covers it within its own roundoff."""
    rng, axis = np.random.default_rng(2), (1, 0, 0) if 1 in numbers else (0, 0, 1)
    size = {6: 1, 24: 2, 54: 3, 120: 4}[calls]
    modes = wurtzite.normal_modes(
        damping=0.5,
        axis=axis,
        modes=numbers,
        cubic=symmetric(rng, size, 3, 300.0),
        quartic=symmetric(rng, size, 4, 200.0),
    )
    forces = counted(on_atoms(modes, exact_force(modes)))
    terms = cj.anharmonic_terms(modes, forces)
    assert forces.calls == calls
    np.testing.assert_allclose(terms.cubic, modes.cubic, atol=1e-9)
    np.testing.assert_allclose(terms.quartic, modes.quartic, atol=1e-8)
    np.testing.assert_allclose(terms.harmonic, np.diag(np.square(modes.oscillators.angular_frequency)), atol=1e-9)
    np.testing.assert_allclose(terms.rest, 0, atol=1e-9)
    assert terms.cubic_error.max() < 1e-9
    assert terms.quartic_error.max() < 1e-8
    again = wurtzite.normal_modes(damping=0.5, axis=axis, modes=numbers, cubic=terms.cubic, quartic=terms.quartic)
    q = jnp.asarray(rng.normal(size=size))
    np.testing.assert_allclose(again.potential(q), modes.potential(q), rtol=1e-9)


def test_error_falls_with_the_fourth_power_of_the_amplitude(anharmonic):
    """V = D Σ exp(k w·q) over two directions w has ∂ⁿV = D kⁿ Σ wⁿ. At half the amplitude the error of the tensors is
    1/16, that which is reported about 1/4 and always larger.

    The next order of a fit of order n through ±⅓, ±⅔ and ±1 adds (14/9)x²/((n + 3)(n + 4)) of it, Σ nodes² = 14/9 and
    x = k w·q < 0.9 at the larger amplitude: 2 % for n = 5, 3 % for n = 3.
    """
    size, rate = 40.0, 1.5
    ways = np.random.default_rng(8).normal(size=(2, 4)) / 2
    forces = on_atoms(anharmonic, lambda q: -size * rate * np.exp(rate * ways @ q) @ ways)
    cubic = size * rate**3 * np.einsum("wa,wb,wc->abc", ways, ways, ways)
    quartic = size * rate**4 * np.einsum("wa,wb,wc,wd->abcd", ways, ways, ways, ways)
    wrong, told = [], []
    for amplitude in (0.04, 0.02):
        terms = cj.anharmonic_terms(anharmonic, forces, amplitude=amplitude)
        off = abs(terms.cubic - cubic), abs(terms.quartic - quartic)
        told.append([terms.cubic_error.max(), terms.quartic_error.max()])
        wrong.append([part.max() for part in off])
        assert all(now < then for now, then in zip(wrong[-1], told[-1], strict=True))
        np.testing.assert_allclose(terms.rest, -size * rate * ways.sum(axis=0), atol=wrong[-1][0])
    np.testing.assert_allclose(np.divide(*wrong), 16, rtol=0.02)
    np.testing.assert_allclose(np.divide(*told), 4, rtol=0.03)
    assert max(wrong[1]) < 1e-4 * abs(quartic).max()


def test_noise_and_forces_without_a_potential_are_reported(anharmonic):
    """Noise of 10⁻⁵ eV/Å within the bound of the docstring (m = 16 u, the lightest), and within 3 of the errors; a
    force of second order with a curl, which no symmetric tensor has, is in the error."""
    rng = np.random.default_rng(3)
    noise = 1e-5
    exact = on_atoms(anharmonic, exact_force(anharmonic))
    terms = cj.anharmonic_terms(anharmonic, lambda u: exact(u) + noise * rng.normal(size=u.shape))
    off = abs(terms.cubic - anharmonic.cubic), abs(terms.quartic - anharmonic.quartic)
    assert all(part.max() > 1e-3 for part in off)
    assert np.sqrt(np.mean(off[0] ** 2)) < 10 * noise / MASS_ENERGY / 0.1**2 / 16**1.5
    assert np.sqrt(np.mean(off[1] ** 2)) < 70 * noise / MASS_ENERGY / 0.1**3 / 16**2
    assert np.all(off[0] < 3 * terms.cubic_error)
    assert np.all(off[1] < 3 * terms.quartic_error)
    curl = on_atoms(anharmonic, lambda q: 50.0 * np.array([q[1] ** 2, -q[0] * q[1], 0, 0]))
    assert cj.anharmonic_terms(anharmonic, curl).cubic_error.max() > 5


def test_frequencies_of_the_force_constants(tantalate):
    """Harmonic forces −√(mm')D u of phonopy's dynamical matrix: K = ω₀² of all modes that light drives, and
    nothing else; 10⁻⁶ THz of splitting in the dynamical matrix is 2·10⁻³ of 4π ω₀ at 16 THz."""
    phonopy = tantalate.phonopy
    phonopy.dynamical_matrix.run([0, 0, 0])
    matrix = np.real(phonopy.dynamical_matrix.dynamical_matrix) * (2 * np.pi * phonopy.unit_conversion_factor) ** 2
    root = np.sqrt(np.repeat(tantalate.masses, 3))

    def forces(u):
        return -MASS_ENERGY * (root * (matrix @ (root * u.ravel()))).reshape(-1, 3)

    modes = tantalate.normal_modes(damping=0.5)
    assert len(modes.frequency) == 6
    terms = cj.anharmonic_terms(modes, forces)
    omega = 2 * np.pi * np.array([one.frequency for one in tantalate.modes if one.infrared])
    np.testing.assert_allclose(terms.harmonic, np.diag(np.repeat(omega, 2) ** 2), atol=2e-3)
    assert max(abs(terms.cubic).max(), abs(terms.quartic).max()) < 1e-7


def morse(r, depth, stiffness, place):
    """φ′, φ″, φ‴, φ⁗ of D(e^{−2κ} − 2e^{−κ}), κ = ρ(r/r₀ − 1)."""
    first, second = (np.exp(-n * stiffness * (r / place - 1)) for n in (2, 1))
    return [depth * (-stiffness / place) ** n * (2**n * first - 2 * second) for n in (1, 2, 3, 4)]


def test_rocksalt_of_nearest_neighbours(magnesia):
    """Six springs φ on each ion, at R = a/2. For the relative displacement w, V(w) = Σ φ(|Rn + w|) over the faces n has
    V_xx = 2φ″ + 4φ′/R, V_xxxx = 2φ⁗ + 12(φ″/R² − φ′/R³), V_xxyy = 4(φ‴/R − 2φ″/R² + 2φ′/R³) + 2(φ″/R² − φ′/R³),
    and w = q/√μ with the reduced mass μ: A = Ψ_xxyy/2 and B = Ψ_xxxx/6 − A by the fourfold axis. Ions of one kind, at
    √2 R, do not move relative to each other. Along the diagonals x⁴ + y⁴ = ¾|q|⁴ ± ¼ Re(q₁ + iq₂)⁴ has the other sign.
    The error of (0.02 Å)⁴ against the lengths R/4 and r₀/ρ of the potential, 0.5 Å, is of order 10⁻⁶."""
    depth, stiffness = 1.0, 4.0
    r = np.cbrt(4 * magnesia.crystal.volume) / 2
    place = 0.95 * r
    one, two, three, four = (value / MASS_ENERGY for value in morse(r, depth, stiffness, place))
    reduced = 1 / sum(1 / magnesia.masses)
    xx = 2 * two + 4 * one / r
    bent = two / r**2 - one / r**3
    xxxx, xxyy = 2 * four + 12 * bent, 4 * (three / r - 2 * two / r**2 + 2 * one / r**3) + 2 * bent
    calculator = MorsePotential(epsilon=depth, rho0=stiffness, r0=place, rcut1=1.2, rcut2=1.3)
    forces = cj.ase_forces(calculator, magnesia.crystal)
    pair = magnesia.phonon(damping=0.5, dielectric_constant=3.0)
    terms = cj.anharmonic_terms(pair, forces, amplitude=0.02)
    np.testing.assert_allclose(terms.harmonic, xx / reduced * np.eye(2), atol=1e-9 * xx)
    known = np.zeros((2, 2, 2, 2))
    known[0, 0, 0, 0] = known[1, 1, 1, 1] = xxxx / reduced**2
    for places in set(permutations((0, 0, 1, 1))):
        known[places] = xxyy / reduced**2
    close = 1e-6 * known.max()
    np.testing.assert_allclose(terms.quartic, known, atol=close)
    assert np.all(abs(terms.quartic - known) <= terms.quartic_error + 1e-12 * known.max())
    assert terms.quartic_error.max() < 1e-3 * known.max()
    np.testing.assert_allclose(terms.cubic, 0, atol=close)
    isotropic, cubic, left = cj.pair_quartic(terms.quartic)
    assert isotropic[0, 0] == pytest.approx(xxyy / 2 / reduced**2, abs=close)
    assert cubic[0] == pytest.approx((xxxx / 6 - xxyy / 2) / reduced**2, abs=close)
    assert left < 1e-7
    turned = magnesia.phonon(damping=0.5, dielectric_constant=3.0, x=(1, 1, 0))
    across, opposite, left = cj.pair_quartic(cj.anharmonic_terms(turned, forces, amplitude=0.02).quartic)
    np.testing.assert_allclose(opposite, -cubic, atol=close)
    np.testing.assert_allclose(across[0], isotropic[0] + 1.5 * cubic, atol=close)
    assert left < 1e-7


def test_pairs_from_the_potential_of_a_phonon():
    """Fourth derivatives of `Phonon.potential` give its A and B back; a term x⁴ of one mode alone is not of the form:
    in the 2×2×2×2 tensor it is half of x⁴ + y⁴, so √½ of it is left over."""
    rng = np.random.default_rng(4)
    isotropic = rng.normal(size=(2, 2))
    isotropic += isotropic.T
    cubic = rng.normal(size=2)
    vectors = np.broadcast_to(np.eye(3)[:2, None], (2, 2, 1, 3))
    phonon = cj.Phonon([1.0, 2.0], [0.1, 0.1], [1.0, 1.0], vectors, [1.0], 1.0, isotropic, cubic)
    quartic = jax.jit(jax.hessian(jax.hessian(phonon.potential)))(jnp.zeros(4))
    found = cj.pair_quartic(quartic)
    np.testing.assert_allclose(found[0], isotropic, atol=1e-12)
    np.testing.assert_allclose(found[1], cubic, atol=1e-12)
    assert found[2] < 1e-12
    alone = np.zeros((2, 2, 2, 2))
    alone[0, 0, 0, 0] = 6.0
    found = cj.pair_quartic(alone)
    np.testing.assert_allclose(found[0], 0, atol=1e-12)
    np.testing.assert_allclose(found[1], 0.5)
    assert found[2] == pytest.approx(np.sqrt(0.5))
    assert cj.pair_quartic(np.zeros((2, 2, 2, 2)))[2] == 0


@pytest.mark.parametrize(
    ("forces", "amplitude", "message"),
    [
        (lambda u: u, 0.0, "amplitude must be positive"),
        (lambda u: u[:1], 0.1, r"forces must return the shape \(4, 3\), but returned \(1, 3\)"),
        (lambda u: u * np.nan, 0.1, "What argument forces returns must be finite, but got"),
    ],
)
def test_wrong_forces_are_named_in_one_line(anharmonic, forces, amplitude, message):
    with pytest.raises(cj.InputError, match=message) as error:
        cj.anharmonic_terms(anharmonic, forces, amplitude=amplitude)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("quartic", [1.0, np.zeros((3, 3, 3, 3)), np.zeros((2, 2)), np.full((2, 2, 2, 2), np.nan)])
def test_what_is_no_quartic_of_pairs(quartic):
    with pytest.raises(cj.InputError, match="quartic must"):
        cj.pair_quartic(quartic)
