"""The phonon of a material file: pairs, single modes with anharmonic terms, or the files of a lattice."""

import dataclasses
import re
import shutil
from importlib import resources
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import chiraljax as cj

TEXT = (resources.files("chiraljax.materials") / "KTaO3.toml").read_text(encoding="utf-8")
BEFORE = TEXT[: TEXT.index("[phonon]")]
LATTICE = """
[phonon]
dielectric_constant = 4.3

[phonon.lattice]
file = "KTaO3"
frequency = [2.42]
damping = [0.64]
"""
MODES = """
[phonon]
dielectric_constant = 4.3
anharmonic = [{ modes = [1, 0, 0], value = 3.0 }, { modes = [0, 0, 1, 1], value = 5.0 }]

[[phonon.modes]]
frequency = 2.0
damping = 0.1
mode_effective_charge = [1.0, 0.5]
eigenvectors = [[[1, 0, 0], [0, 0, 0], [0, 0, 0], [0, 0, 0], [0, 0, 0]]]

[[phonon.modes]]
frequency = 3.0
damping = 0.2
mode_effective_charge = [0.0, 0.0]
eigenvectors = [[[0, 1, 0], [0, 0, 0], [0, 0, 0], [0, 0, 0], [0, 0, 0]]]
"""


def loaded(folder, phonon):
    (folder / "mine.toml").write_text(BEFORE + phonon, encoding="utf-8")
    return cj.load_material(folder / "mine.toml")


def test_soft_mode_hardens_with_temperature(ktao3):
    """24 cm⁻¹ at T = 0 (of Perry et al. 1989) and the paper's 2.42 THz at 300 K are put in; Shirane et al. (1967) found
    ω² ∝ 1/ε, hence nearly linear above 50 K: the second difference of ω² there is below 1 % of its rise."""
    assert float(ktao3.phonon.at_temperature(0.0).frequency[0]) == pytest.approx(24 * 0.0299792458, rel=1e-4)
    assert float(ktao3.phonon.at_temperature(300.0).frequency[0]) == 2.42
    square = np.array([float(ktao3.phonon.at_temperature(t).frequency[0]) ** 2 for t in (100.0, 200.0, 300.0)])
    assert abs(square[0] - 2 * square[1] + square[2]) < 0.01 * (square[2] - square[0])
    assert np.all(np.diff(np.asarray(ktao3.phonon.temperatures.frequency)[:, 0]) >= 0)


def test_charges_of_the_material_are_those_of_the_lattice(ktao3):
    lattice = cj.load_lattice("KTaO3")
    order = cj.crystal.site_order(ktao3.crystal, lattice.crystal)
    np.testing.assert_allclose(ktao3.phonon.born_charges, lattice.born_charges[list(order)], atol=2e-5)
    assert ktao3.phonon.volume == pytest.approx(3.988**3)
    assert float(ktao3.phonon.gyromagnetic_ratio[0]) == pytest.approx(-0.11, abs=0.005)


def test_lattice_of_files_beside_the_material(ktao3, tmp_path):
    material = loaded(tmp_path, LATTICE)
    expected = cj.load_lattice("KTaO3").phonon(
        damping=0.64, frequency=2.42, dielectric_constant=4.3, crystal=ktao3.crystal
    )
    for ours, theirs in zip(jax.tree.leaves(material.phonon), jax.tree.leaves(expected), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    data = Path(cj.lattice.__file__).parent / "data" / "KTaO3"
    for name in ("phonopy.yaml", "BORN"):
        shutil.copy(data / name, tmp_path)
    beside = loaded(tmp_path, LATTICE.replace('"KTaO3"', '"phonopy.yaml"'))
    np.testing.assert_array_equal(beside.phonon.eigenvectors, material.phonon.eigenvectors)
    every = loaded(tmp_path, LATTICE.replace("frequency = [2.42]", "degenerate = false"))
    assert every.phonon.mode_effective_charge.shape == (6, 2)


def test_single_modes_and_their_terms(tmp_path):
    phonon = loaded(tmp_path, MODES).phonon
    assert not phonon.degenerate
    q = jnp.array([0.3, -0.2])
    expected = float(3.0 / 2 * q[0] ** 2 * q[1] + 5.0 / 4 * q[0] ** 2 * q[1] ** 2)
    assert float(phonon.potential(q)) == pytest.approx(expected, rel=1e-14)


TERMS = LATTICE.replace("4.3", "4.3\nanharmonic = [{ modes = [0, 0, 1, 1], value = 2 }]")
WARM = MODES.replace(
    "4.3", "4.3\ntemperatures = [{ temperature = 100.0, frequency = [2.0, 3.0], damping = [0.1, 0.2] }]"
)


@pytest.mark.parametrize("text", [LATTICE, TERMS, LATTICE.replace("frequency", "degenerate = false\n#"), MODES, WARM])
def test_written_and_read_again(tmp_path, text):
    material = loaded(tmp_path, text)
    cj.write_material(tmp_path / "again.toml", material)
    again = cj.load_material(tmp_path / "again.toml")
    assert jax.tree.structure(again.phonon) == jax.tree.structure(material.phonon)
    for ours, theirs in zip(jax.tree.leaves(again.phonon), jax.tree.leaves(material.phonon), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_another_phonon(ktao3):
    assert ktao3.with_phonon(None).phonon is None
    two = cj.Phonon(1.0, 0.1, 1.0, np.eye(6)[:2].reshape(2, 2, 3), [1.0, 2.0])
    with pytest.raises(cj.InputError, match="phonon must move the 5 sites of KTaO3, but moves 2 atoms"):
        ktao3.with_phonon(two)
    other = dataclasses.replace(ktao3.phonon, frequency=ktao3.phonon.frequency * 2)
    assert ktao3.with_phonon(other).phonon.frequency[0] == 4.84


@pytest.mark.parametrize(
    ("text", "old", "new", "message"),
    [
        (LATTICE, "[phonon.lattice]", "pairs = []\n[phonon.other]", r"phonon\.other is not a field"),
        (LATTICE, LATTICE[LATTICE.index("[phonon.lattice]") :], "", "phonon must have one of pairs, modes and lattice"),
        (LATTICE, '"KTaO3"', '"nothing.yaml"', "nothing.yaml: must be a bundled lattice "),
        (LATTICE, "damping = [0.64]", "", r"phonon\.lattice\.damping is required"),
        (LATTICE, "damping = [0.64]", "damping = [0.64, 1.0]", "damping must be a number or 1 of them"),
        (LATTICE, "damping = [0.64]", "damping = [0.64]\nmodes = [2]", "modes must be infrared-active, but T2u"),
        (LATTICE, "4.3", "4.3\nmasses = [1, 1, 1, 1, 1]", r"phonon\.masses must be left out"),
        (LATTICE, "4.3", "4.3\nplane = [[1, 0, 0], [0, 1, 0]]", r"phonon\.plane must be left out"),
        (
            LATTICE,
            "4.3",
            "4.3\nanharmonic = [{ modes = [0, 0, 2], value = 1 }]",
            r"phonon\.anharmonic\.modes must be from 0 to 1",
        ),
        (MODES, "4.3", "4.3\nquartic_isotropic = [[1]]", r"phonon\.quartic_isotropic must be left out"),
        (MODES, "dielectric_constant = 4.3", "", r"phonon\.dielectric_constant must be given"),
        (
            MODES,
            "[0, 0, 1, 1]",
            "[0, 0, 1, 2]",
            r"phonon\.anharmonic\.modes must be from 0 to 1, but got \[0, 0, 1, 2\]",
        ),
        (MODES, "[0, 0, 1, 1]", "[0, 1, 0]", r"must name each set of modes once, but \[0, 1, 0\] is there twice"),
        (MODES, "[0, 0, 1, 1]", "[0, 1]", r"phonon\.anharmonic\.1\.modes must have at least 3 items"),
        (
            MODES,
            "[[1, 0, 0], [0, 0, 0], ",
            "[[1, 0, 0], ",
            r"phonon\.modes\.eigenvectors must have one vector for each",
        ),
    ],
)
def test_wrong_tables_are_named_in_one_line(tmp_path, text, old, new, message):
    assert old in text
    with pytest.raises(cj.InputError, match=message) as error:
        loaded(tmp_path, text.replace(old, new))
    assert "\n" not in str(error.value)
    assert re.match(r"\S*mine.toml", str(error.value))


def test_equal_materials_are_equal(ktao3):
    again = cj.load_material("KTaO3")
    assert again == ktao3
    assert hash(again) == hash(ktao3)
    assert again.phonon == ktao3.phonon
    assert again.phonon != dataclasses.replace(again.phonon, damping=again.phonon.damping * 2)
