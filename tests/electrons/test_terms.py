"""Terms of H, one declared in this file alone: in sums, gradients, files and sweeps."""

import dataclasses
from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jaxtyping import Array

import chiraljax as cj
from chiraljax._parameter import parameter
from chiraljax.brillouin import zone
from chiraljax.electrons import SpinRotation

BOLTZMANN, HBAR = 8.617333262e-5, 6.582119569e-4
"""eV/K and eV ps, CODATA 2018"""
K = np.array([[0.1, -0.23, 0.37], [0.5, 0.2, 0.0]])
OMEGA = np.array([3.0, -7.0, 15.0])


class Uniaxial(cj.AbstractTerm):
    """e L_z² on every atom, as in a crystal stretched along z."""

    name: ClassVar[str] = "uniaxial"

    energy: Array = parameter(unit="eV", help="e", default=0.05)

    def matrix(self, structure, rotations):
        z = structure.angular_momentum[2]
        return self.energy * (z @ z).real


class Unnamed(cj.AbstractTerm):
    def matrix(self, structure, rotations):
        return 0 * structure.spin[2]


class Skewed(cj.AbstractTerm):
    def matrix(self, structure, rotations):
        return 1j * structure.spin[2]


class Zeeman(cj.AbstractTerm):
    def matrix(self, structure, rotations):
        return 0.01 * structure.spin[2]


class Small(cj.AbstractTerm):
    def matrix(self, structure, rotations):
        return structure.spin[2, :2, :2]


@pytest.fixture(scope="module")
def stretched(electrons):
    with pytest.warns(UserWarning, match="lacks 32 of the crystal's 48 point operations"):
        return electrons.with_terms(Uniaxial())


def test_spins_alone_feel_the_rotation(electrons):
    """ħΩ·σ/2 on every orbital, in place of ħΩ·J."""
    still = dataclasses.replace(electrons, rotation_weights=jnp.zeros(2))
    model = still.with_terms(SpinRotation())
    pauli = np.array([[[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]]])
    expected = electrons.hamiltonian(K) + HBAR / 2 * np.kron(np.eye(14), np.tensordot(OMEGA, pauli, 1))
    np.testing.assert_allclose(model.hamiltonian(K, OMEGA), expected, atol=1e-9)
    assert model.operations == electrons.operations


def test_orbitals_split_by_their_angular_momentum(stretched, electrons):
    """⟨L_z²⟩ of p_z, p_x, p_y and of z², zx, yz, xy, x² − y² is 0, 1, 1 and 0, 1, 1, 4, 4."""
    shift = np.asarray(stretched.hamiltonian(np.zeros(3)) - electrons.hamiltonian(np.zeros(3)))
    squares = {"z": 0, "x": 1, "y": 1, "3z2-r2": 0, "zx": 1, "yz": 1, "xy": 4, "x2-y2": 4}
    expected = [0.05 * squares[orbital] for _, _, orbital in electrons.orbitals]
    np.testing.assert_allclose(shift, np.diag(np.repeat(expected, 2)), atol=1e-12)
    cells, hoppings = stretched.hoppings(OMEGA)
    phases = np.exp(2j * np.pi * K @ cells.T)
    np.testing.assert_allclose(np.tensordot(phases, hoppings, 1), stretched.hamiltonian(K, OMEGA), atol=1e-12)


def test_moment_and_its_slope(stretched):
    """Against the sum over the whole mesh by NumPy, and a central difference of it; fewer points by symmetry."""
    speed, mu, temperature = 20.0, 0.05, 2000.0
    mesh = zone(6)
    level = mu + float(cj.conduction_edge(stretched).energy)

    def changed(energy):
        return eqx.tree_at(lambda electrons: electrons.terms[0].energy, stretched, energy)

    def brute(energy):
        model = changed(energy)
        levels, vectors = np.linalg.eigh(np.asarray(model.hamiltonian(mesh.k, speed)))
        spin = np.einsum("kan,ab,kbn->kn", vectors.conj(), np.asarray(model.spin[2]), vectors, optimize=True).real
        return mesh.weights @ np.sum(spin / (np.exp((levels - level) / (BOLTZMANN * temperature)) + 1), axis=1)

    rule = cj.quadrature(stretched, 6)
    assert len(rule.weights) < len(mesh.weights) / 4

    @jax.jit
    @jax.value_and_grad
    def moment(energy):
        return cj.magnetization(
            changed(energy),
            mu=level,
            temperature=temperature,
            rotation=speed,
            reference="absolute",
            accuracy=cj.Accuracy(rule=rule),
        ).moment

    value, slope = moment(0.05)
    assert float(value) == pytest.approx(brute(0.05), rel=1e-9)
    assert float(slope) == pytest.approx((brute(0.0501) - brute(0.0499)) / 0.0002, rel=1e-6)


@pytest.mark.slow
def test_a_pulse_and_a_sweep(tmp_path, ktao3, stretched):
    """The moment depends on the term, and the axis of a sweep in its number gives that of `simulate`."""
    times, accuracy = np.linspace(0, 4, 41), cj.Accuracy(rule=cj.quadrature(stretched, 4), nodes=4)
    moments = []
    for energy in (0.0, 0.05):
        electrons = eqx.tree_at(lambda model: model.terms[0].energy, stretched, jnp.asarray(energy))
        options = {"mu": 0.05, "temperature": 2000.0, "times": times, "accuracy": accuracy}
        moments.append(cj.simulate(ktao3.with_electrons(electrons), cj.GaussianPulse(), **options).moment)
    plain, shifted = np.abs(moments).max(axis=-1)
    assert abs(shifted - plain) > 0.02 * plain
    axes = {"electrons.terms[0].energy": [0.0, 0.05]}
    fixed = {"mu": 0.05, "temperature": 2000.0, "times": times, "accuracy": accuracy}
    data = cj.sweep(ktao3.with_electrons(stretched), cj.GaussianPulse(), axes=axes, out=tmp_path / "s.zarr", **fixed)
    np.testing.assert_allclose(data.peak_moment, [plain, shifted], rtol=1e-4)


def test_a_material_file(tmp_path, ktao3, stretched):
    cj.write_material(tmp_path / "m.toml", ktao3.with_electrons(stretched))
    assert '[[electrons.terms]]\nname = "uniaxial"\nenergy = 0.05\n' in (tmp_path / "m.toml").read_text()
    with pytest.warns(UserWarning, match="lacks 32"):
        assert cj.load_material(tmp_path / "m.toml").electrons == stretched
    text = (tmp_path / "m.toml").read_text().replace("energy = 0.05", "enrgy = 0.05")
    (tmp_path / "m.toml").write_text(text)
    with pytest.raises(cj.InputError, match=r"m\.toml: electrons\.terms\.0\.enrgy is not a field"):
        cj.load_material(tmp_path / "m.toml")
    with pytest.raises(cj.InputError, match=r"electrons\.terms must be of classes with a name, but got Unnamed"):
        cj.write_material(tmp_path / "m.toml", ktao3.with_electrons(ktao3.electrons.with_terms(Unnamed())))


@pytest.mark.parametrize(
    ("term", "message"),
    [
        (Skewed(), "Skewed must be Hermitian, but H − H† has an element of 2 eV"),
        (Zeeman(), "Zeeman must be even under t → −t with Ω → −Ω, but differs by 0.02 eV"),
        (Small(), r"Small must have shape \(28, 28\), but got \(2, 2\)"),
    ],
)
def test_refused(electrons, term, message):
    with pytest.raises(cj.InputError, match=message):
        electrons.with_terms(term)


def test_a_fit_is_refused(stretched):
    bands = cj.Bands(K, np.asarray(stretched.energies(K)), filled=18, spin_orbit=True)
    with pytest.raises(cj.InputError, match="electrons must have no further terms in a fit"):
        cj.fit_bands(stretched, bands)
