"""Material files: what is bundled, and what a wrong one says."""

import re
from importlib import resources

import numpy as np
import pytest

import chiraljax as cj
from chiraljax import InputError

TEXT = (resources.files("chiraljax.materials") / "KTaO3.toml").read_text(encoding="utf-8")


def _loaded(tmp_path, text):
    path = tmp_path / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return cj.load_material(path)


def test_bundled(ktao3, tmp_path):
    assert "KTaO3" in cj.bundled_materials()
    assert ktao3.electrons.size == 28
    assert len(ktao3.electrons.parameters) == 14
    same = _loaded(tmp_path, TEXT)
    k = np.array([0.1, 0.2, 0.3])
    np.testing.assert_array_equal(same.electrons.energies(k), ktao3.electrons.energies(k))


def test_path_of_the_paper(ktao3):
    path = ktao3.k_path(15)
    assert [label for _, label in path.ticks] == ["X", "R", "M", "Γ", "R"]
    assert path.k.shape == (61, 3)
    np.testing.assert_allclose(path.ticks[1][0], np.pi / 3.988 * np.sqrt(2))


@pytest.mark.parametrize("name", cj.bundled_materials())
def test_every_bundled_file_names_its_sources(name):
    text = (resources.files("chiraljax.materials") / f"{name}.toml").read_text(encoding="utf-8")
    assert len(re.findall(r'^source = ".{20,}"', text, re.MULTILINE)) >= 1


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("filling = 18", "filling = 18\nfiling = 3", r"electrons\.filing is not a field of a material file"),
        ("filling = 18", "", r"electrons\.filling is required, but missing"),
        ("filling = 18", "filling = 40", r"filling must be between 0 and 28 spin-orbitals, but got 40"),
        ("pi = 1.57614", "", r"integrals of hopping O\.p–Ta\.d shell 1 must have .*, but \['pi'\] is missing"),
        ("pi = 1.57614", "pi = 1.57614\ndelta = 1.0", r"integrals of hopping .* but got \['delta'\] as well"),
        (
            'species = "Ta"\norbital',
            'species = "W"\norbital',
            r"shell W\.d must have sites, but the crystal has no 'W'",
        ),
        ("sigma = 0.11409", "sigma = nan", r"electrons\.hoppings\.3\.sigma must .*finite number, but got nan"),
        ("sigma = 0.11409", 'sigma = "1+2j"', r"electrons\.hoppings\.3\.sigma must .*valid number.*, but got '1\+2j'"),
        (", eg = 6.15932", "", r"onsite of shell Ta\.d must have \['t2g', 'eg'\], but \['eg'\] is missing"),
        ('axis = "Ta"\n', "", r"axis of shell O\.p must name a species exactly when crystal_field is 'axial'"),
        ('axis = "Ta"', 'axis = "K"', r"axis of shell O\.p must be one line, but the bonds to K point several ways"),
        ('between = ["Ta.d", "Ta.d"]', 'between = ["Ta.d", "Ta.f"]', r"must join declared shells, but 'Ta\.f' is not"),
        ('species = "K"', 'species = "Qq"', r"species must be chemical symbols like 'O' or 'O2', but got 'Qq'"),
        ('orbital = "p"', 'orbital = ""', r"orbital of O must end in s, p, d or f, but got ''"),
        ("shell = 2", "shell = 999", r"shell must count from 1 to 30, but got 999"),
        ('["G", "R"]]', '["G", "Y"]]', r"crystal.path.segments must join points .* 'Y' is not one"),
        ("shell = 2", "shell = 1", r"hopping O\.p–O\.p shell 1 must be declared once, but is declared twice"),
        (
            "dielectric_constant = 4.3",
            "dielectric_constant = -4.3",
            r"phonon\.dielectric_constant must .*greater than 0.*-4\.3",
        ),
        ("    [-0.398214, 0.0, 0.0],\n", "", r"eigenvectors must have one vector for each of the 5 sites, but got 4"),
        ("[0.536118, 0.0, 0.0]", "[0.3, 0.0, 0.0]", r"eigenvectors must be orthonormal"),
        ("position = [0.0, 0.0, 0.0]", "position = [0.5, 0.5, 0.5]", r"positions must differ, but sites 3 and 4"),
        ('name = "KTaO3"', "name = ", r"must be a TOML file, but .*line 3"),
    ],
)
def test_wrong_files(tmp_path, old, new, message):
    assert old in TEXT
    with pytest.raises(InputError, match=message) as caught:
        _loaded(tmp_path, TEXT.replace(old, new, 1))
    assert str(tmp_path / "mine.toml") in str(caught.value)
    assert "\n" not in str(caught.value)


def test_asymmetric_declaration_is_not_hermitian(tmp_path):
    """The same integral given once from each side with different values would make H non-Hermitian."""
    twice = TEXT + '\n[[electrons.hoppings]]\nbetween = ["Ta.d", "O.p"]\nshell = 1\nsigma = -1.0\npi = 0.5\n'
    head, tail = twice.split("\n[phonon]", 1)
    hopping = tail[tail.index("\n[[electrons.hoppings]]") :]
    with pytest.raises(InputError, match="must be declared once, but is declared twice"):
        _loaded(tmp_path, head + hopping + "\n[phonon]" + tail[: tail.index("\n[[electrons.hoppings]]")])


def test_unknown_name():
    with pytest.raises(InputError, match=r"KTaO4: must be a bundled material \(.*KTaO3.*\) or a TOML file"):
        cj.load_material("KTaO4")


def test_unknown_parameter(electrons):
    with pytest.raises(InputError, match=r"parameters must be among .*but got \['xi'\]"):
        electrons.with_parameters({"xi": 1.0})
    with pytest.raises(InputError, match=r"parameter Ta\.d\.xi must be finite"):
        electrons.with_parameters({"Ta.d.xi": float("nan")})
    with pytest.raises(InputError, match="k must be finite"):
        electrons.energies([0.0, 0.0, float("nan")])
    with pytest.raises(InputError, match="k must have 3 fractional components"):
        electrons.energies([[0.0, 0.0]])
    with pytest.raises(InputError, match="rotation must be Ω_z or"):
        electrons.energies([0.0, 0.0, 0.0], rotation=[1.0, 2.0])


def test_other_electrons(ktao3, graphene):
    changed = ktao3.with_electrons(ktao3.electrons.without_spin_orbit())
    assert not changed.electrons.has_spin_orbit
    assert changed.phonon is ktao3.phonon
    assert changed.k_path(3).ticks == ktao3.k_path(3).ticks
    with pytest.raises(InputError, match=r"^electrons must be a model of the crystal of KTaO3$"):
        ktao3.with_electrons(graphene)
