"""The linear response: against small rotations, against symmetry, and for an independent closed form."""

import numpy as np
import pytest

import chiraljax as cj
from chiraljax import Crystal, InputError, Shell, slater_koster
from chiraljax.units import BOLTZMANN, HBAR_EV_PS


def test_slope_of_the_moment(electrons):
    """χ_zz against [M(Ω) − M(−Ω)]/2Ω, fourth order, on the same rule without symmetry."""
    from chiraljax.brillouin import zone

    rule, step = zone(8, [np.eye(3, dtype=int), -np.eye(3, dtype=int)]), 0.5
    chi = cj.susceptibility(electrons, mu=[0.0, 0.2], temperature=800.0, accuracy=cj.Accuracy(rule=rule))
    moments = cj.magnetization(
        electrons, mu=[0.0, 0.2], temperature=800.0, rotation=[step, 2 * step], accuracy=cj.Accuracy(rule=rule)
    ).moment
    slope = (8 * moments[:, 0] - moments[:, 1]) / (6 * step)
    np.testing.assert_allclose(chi.tensor[:, 2, 2], slope, rtol=1e-6)


def test_cubic_tensor_is_isotropic(electrons):
    """And the symmetry-reduced rule gives what all its points give."""
    from chiraljax.brillouin import zone

    full = cj.susceptibility(
        electrons,
        mu=0.1,
        temperature=900.0,
        accuracy=cj.Accuracy(rule=zone(8, [np.eye(3, dtype=int), -np.eye(3, dtype=int)])),
    )
    reduced = cj.susceptibility(
        electrons, mu=0.1, temperature=900.0, accuracy=cj.Accuracy(rule=cj.quadrature(electrons, 8, None))
    )
    np.testing.assert_allclose(reduced.tensor, full.tensor, rtol=1e-9, atol=1e-16)
    np.testing.assert_allclose(reduced.tensor, reduced.tensor[0, 0] * np.eye(3), atol=1e-16)
    assert int(reduced.eigensolves) * 5 < int(full.eigensolves)


def test_free_spins():
    """One s orbital without hopping: M = 2 f′(0) · ħΩ/2 to first order, so χ = −ħ/(4k_BT) at μ = E."""
    crystal = Crystal(4 * np.eye(3), ["H"], [[0, 0, 0]])
    model = slater_koster(crystal, [Shell("H", "s", {"energy": 0.7})], [], filling=1)
    chi = cj.susceptibility(model, mu=0.0, temperature=500.0)
    expected = -HBAR_EV_PS / (4 * BOLTZMANN * 500.0)
    np.testing.assert_allclose(chi.tensor, expected * np.eye(3), rtol=1e-9, atol=1e-18)
    assert chi.status == "converged"


@pytest.mark.slow
def test_uniaxial_tensor_of_graphene(graphene):
    """Hexagonal symmetry leaves χ_xx = χ_yy ≠ χ_zz."""
    assert len(graphene.operations) == 24
    assert graphene.periodic == (True, True, False)
    chi = cj.susceptibility(graphene, mu=0.3, temperature=3000.0)
    assert chi.status == "converged"
    np.testing.assert_allclose(chi.tensor, np.diag(np.diagonal(chi.tensor)), atol=1e-12)
    assert float(chi.tensor[0, 0]) == pytest.approx(float(chi.tensor[1, 1]), rel=1e-9)
    assert abs(float(chi.tensor[2, 2] / chi.tensor[0, 0]) - 1) > 0.1


@pytest.mark.slow
@pytest.mark.parametrize("axis", [[0, 0, 1], [1, 0, 0]])
def test_hexagonal_symmetry_changes_nothing(graphene, axis):
    """The converged moment, with the points of one star each and with all points."""
    from chiraljax.brillouin import zone

    options = {"mu": 0.3, "temperature": 6000.0, "rotation": 15.2, "axis": axis}
    reduced = cj.magnetization(graphene, **options, accuracy=cj.Accuracy(rtol=1e-6, atol=1e-12))
    full = cj.magnetization(
        graphene, **options, accuracy=cj.Accuracy(rule=zone(72, np.eye(3, dtype=int)[None], graphene.periodic))
    )
    assert reduced.status == "converged"
    assert float(reduced.moment) == pytest.approx(float(full.moment), rel=1e-6)


def test_bad_input(electrons):
    with pytest.raises(InputError, match="temperature must be positive, but got 0"):
        cj.susceptibility(electrons, mu=0.0, temperature=0.0)
