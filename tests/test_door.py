"""Arguments of another kind: a name works where a material or a coupling is meant, the others are refused by name."""

import jax
import numpy as np
import pytest

import chiraljax as cj

SMALL = cj.Accuracy(rtol=1e-2, region="gamma_cube")
TIMES = np.linspace(0, 8, 9)


def _simulate(material, pulse, **changes):
    given = {"mu": 0.0, "temperature": 300, "times": TIMES, "accuracy": SMALL}
    return cj.simulate(material, pulse, **given | changes)


def test_names_of_a_material_and_a_coupling(ktao3, pulse, tmp_path):
    named = _simulate("KTaO3", pulse, coupling="constant-inertia")
    cj.write_material(tmp_path / "mine.toml", ktao3)
    built = _simulate(tmp_path / "mine.toml", pulse, coupling=cj.ConstantInertia())
    np.testing.assert_array_equal(named.moment, built.moment)
    assert cj.plan_sweep("KTaO3", axes={"mu": [0.0, 0.1]}, temperature=300.0).chain == cj.Chain.of(ktao3)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"material": "KTaO4"}, "KTaO4: must be a bundled material (GaAs, KTaO3) or a TOML file, but there is no"),
        ({"material": 3}, 'material must be a Material, such as load_material("KTaO3"), but got 3'),
        (
            {"pulse": "p.toml"},
            'pulse must be a Pulse, such as GaussianPulse() or load_pulse("pulse.toml"), but got \'p.t',
        ),
        ({"pulse": cj.GaussianPulse}, "but got the class GaussianPulse: call it"),
        ({"coupling": "kinetic"}, "coupling must be one of constant-inertia, fixed, "),
        ({"mu": "0.05"}, "mu must be a number or an array of numbers, but got '0.05'"),
        ({"mu": None}, "mu must be a number or an array of numbers, but got None"),
        ({"temperature": ["300"]}, "temperature must be a number or an array of numbers, but got ['300']"),
        ({"times": [[0.0], [1.0, 2.0]]}, "times must be an array of numbers, but got [[0.0], [1.0, 2.0]]"),
        ({"accuracy": 1e-3}, "accuracy must be an Accuracy, such as Accuracy(rtol=1e-3), but got 0.001"),
    ],
)
def test_what_a_simulation_refuses(ktao3, pulse, changes, message):
    with pytest.raises(cj.InputError) as caught:
        _simulate(**{"material": ktao3, "pulse": pulse} | changes)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    "call",
    [
        lambda model: cj.magnetization(model, mu=0.0, temperature=300, rotation=1.0),
        lambda model: cj.magnetization_curve(model, mu=0.0, temperature=300, rotation=1.0),
        lambda model: cj.magnetization_path(model, mu=0.0, temperature=300, rotation=[1.0]),
        lambda model: cj.susceptibility(model, mu=0.0, temperature=300),
        lambda model: cj.density_of_states(model, [0.0], broadening=0.1),
        lambda model: cj.chemical_potential(model, doping=0.0, temperature=300),
        cj.conduction_edge,
        cj.valence_edge,
        cj.gap,
        cj.effective_masses,
        lambda model: cj.quadrature(model, 4),
        lambda model: cj.fit_loss(model, lambda electrons: 0.0),
        cj.to_pythtb,
    ],
)
def test_electrons_are_not_a_material(ktao3, call):
    with pytest.raises(
        cj.InputError, match=r"^electrons must be the electrons of the material: pass material\.electro"
    ):
        call(ktao3)
    with pytest.raises(
        cj.InputError, match=r"^electrons must be Electrons, such as load_material\(.*\)\.electrons, but"
    ):
        call("KTaO3")


def test_traced_numbers_pass(electrons):
    """Also in a list; the rule is one of few points, since only what passes is tested."""
    accuracy = cj.Accuracy(rule=cj.quadrature(electrons, 4))

    @jax.jit
    def moment(mu):
        result = cj.magnetization(electrons, mu=[mu, mu], temperature=300, rotation=1.0, accuracy=accuracy)
        return result.moment

    assert moment(0.1).shape == (2,)
