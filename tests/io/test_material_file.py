"""Material files that are written are read as the same material."""

import os
import re

import equinox as eqx
import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import chiraljax as cj
from chiraljax import Crystal, Hopping, InputError, Material, Phonon, Shell, slater_koster, write_material


def _same_arrays(a, b):
    """The same static parts, and the same bits in every array."""
    assert jax.tree.structure(a) == jax.tree.structure(b)
    pairs = zip(jax.tree.leaves(a), jax.tree.leaves(b), strict=True)
    assert all(np.asarray(x).tobytes() == np.asarray(y).tobytes() for x, y in pairs)


def _round_trip(folder, material, **options):
    write_material(folder / "mine.toml", material, **options)
    again = cj.load_material(folder / "mine.toml")
    _same_arrays(again, material)
    return again


@pytest.fixture
def everything():
    """All that a material file can hold, in numbers that need all their digits."""
    random = np.random.default_rng(3)
    crystal = Crystal(np.eye(3) * 4 + random.normal(size=(3, 3)) / 7, ["C1", "O", "C2"], random.uniform(size=(3, 3)))
    shells = [
        Shell("C1", "4f", dict.fromkeys(_F, 1 / 3), "orbitals", None, 0.1, 1 / 7),
        Shell("C2", "p", {"parallel": 1e-5, "perpendicular": -0.1}, "axial", "C1"),
        Shell("O", "2s", {"energy": 1e17}),
    ]
    hoppings = [
        Hopping(("C1.4f", "C2.p"), 1, {"sigma": 0.1 + 0.2, "pi": -2 / 3}),
        Hopping(("C1.4f", "C1.4f"), 2, {"sigma": 1.0, "pi": 2.0, "delta": 3.0, "phi": 4.0}),
        Hopping(("O.2s", "C2.p"), 1, {"sigma": 1.1}),
    ]
    frame = np.linalg.qr(random.normal(size=(9, 4)))[0].T.reshape(2, 2, 3, 3)
    phonon = Phonon(
        [1.1, 2.2],
        [0.0, 0.3],
        [-1.0, 1 / 9],
        frame,
        [12.0, 16.0, 13.0],
        3.3,
        [[0.1, 0.7], [0.7, 0.3]],
        [0.0, 1 / 3],
        temperatures=cj.TemperatureTable([0.0, 100.0], [[1.0, 2.0], [1.1, 2.2]], [[0.0, 0.1], [0.2, 0.3]]),
        plane=np.linalg.qr(random.normal(size=(3, 2)))[0].T,
        born_charges=random.normal(size=(3, 3, 3)),
        volume=crystal.volume,
    )
    with pytest.warns(UserWarning, match="lacks"):
        electrons = slater_koster(crystal, shells, hoppings, 3, -1)
    route = ((("Γ", (0.0, 0.0, 0.0)), ("it's", (1 / 3, 0.0, 0.5))), (("Γ", "it's"),))
    return Material(
        'a "name"', crystal, electrons, phonon, route, ("of the\nfile", "of the electrons", "of the phonon")
    )


_F = ["y(3x2-y2)", "xyz", "y(5z2-r2)", "z(5z2-3r2)", "x(5z2-r2)", "z(x2-y2)", "x(x2-3y2)"]


@pytest.mark.parametrize("name", cj.bundled_materials())
def test_bundled_materials(tmp_path, name):
    _round_trip(tmp_path, cj.load_material(name))


def test_a_model_without_a_file(tmp_path, graphene):
    again = _round_trip(tmp_path, Material("graphene", graphene.crystal, graphene, None, None))
    k = np.array([0.1, 0.2, 0.0])
    np.testing.assert_array_equal(again.electrons.energies(k), graphene.energies(k))


@pytest.mark.filterwarnings("ignore:the Hamiltonian lacks")
def test_everything_that_a_file_can_hold(tmp_path, everything):
    again = _round_trip(tmp_path, everything)
    assert again.k_path(3).ticks == everything.k_path(3).ticks


@settings(max_examples=10)
@given(st.data())
def test_any_values(tmp_path_factory, ktao3, data):
    numbers = st.floats(-1e6, 1e6, allow_subnormal=False)
    values = {name: data.draw(numbers, label=name) for name in ktao3.electrons.parameters}
    material = ktao3.with_electrons(ktao3.electrons.with_parameters(values))
    again = _round_trip(tmp_path_factory.mktemp("any"), material)
    assert {name: float(value) for name, value in again.electrons.parameters.items()} == values


def test_rotation_weights(tmp_path, ktao3):
    electrons = eqx.tree_at(lambda model: model.rotation_weights, ktao3.electrons, np.array([0.0, 0.3]))
    again = _round_trip(tmp_path, ktao3.with_electrons(electrons))
    np.testing.assert_array_equal(again.electrons.rotation_weights, [0.0, 0.3])


def test_comments_and_source_stand_in_the_file(tmp_path, ktao3):
    comments = {"Ta.d.t2g": "± 0.012", "Ta.d.xi": "± 0.001", "O-Ta.pd_pi.1": "fixed"}
    fitted = ktao3.with_electrons(ktao3.electrons)
    write_material(tmp_path / "fit.toml", fitted, source="bands.h5", comments=comments)
    text = (tmp_path / "fit.toml").read_text(encoding="utf-8")
    assert re.match(r"# Written by chiraljax \S+\. Electrons from: bands\.h5\n", text)
    assert "onsite.t2g = 3.08778 # ± 0.012\n" in text
    assert "spin_orbit = 0.28868 # ± 0.001\n" in text
    assert "pi = 1.57614 # fixed\n" in text
    assert text.count(" # ") == 3
    assert text.count('source = "Geilhufe') == 1, "that of the phonon, not that of the replaced electrons"
    assert cj.load_material(tmp_path / "fit.toml").electrons.parameters == ktao3.electrons.parameters


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"comments": {"Ta.d.xy": "± 1"}}, r"comments must be on parameters among .*, but got \['Ta\.d\.xy'\]"),
        ({"comments": {"Ta.d.xi": "± 1\nname = 3"}}, r"comment on Ta\.d\.xi must be one line of text, but got '± 1\\n"),
        ({"source": "a\nb"}, r"source must be one line of text, but got 'a\\nb'"),
    ],
)
def test_wrong_text_leaves_the_older_file(tmp_path, ktao3, options, message):
    path = tmp_path / "mine.toml"
    path.write_text("old")
    with pytest.raises(InputError, match=message) as caught:
        write_material(path, ktao3, **options)
    assert "\n" not in str(caught.value)
    assert os.listdir(tmp_path) == ["mine.toml"]
    assert path.read_text() == "old"


def test_what_could_not_be_read_is_not_written(tmp_path, ktao3):
    nan = ktao3.electrons.parameters | {"Ta.d.eg": np.array(np.nan)}
    broken = ktao3.with_electrons(eqx.tree_at(lambda model: model.parameters, ktao3.electrons, nan))
    with pytest.raises(InputError, match=r"electrons\.shells\.1\.onsite\.eg must .*finite number, but got nan"):
        write_material(tmp_path / "mine.toml", broken)
    with pytest.raises(InputError, match=r"KTaO3: must be a material file \.toml"):
        write_material(tmp_path / "KTaO3", ktao3)
    assert os.listdir(tmp_path) == []


def test_a_write_that_fails_leaves_the_older_file(tmp_path, ktao3, monkeypatch):
    path = tmp_path / "mine.toml"
    path.write_text("old")

    def full(source, target):
        raise OSError(28, "No space left on device", str(target))

    monkeypatch.setattr("chiraljax._atomic.os.replace", full)
    with pytest.raises(OSError, match="No space left"):
        write_material(path, ktao3)
    assert os.listdir(tmp_path) == ["mine.toml"]
    assert path.read_text() == "old"
