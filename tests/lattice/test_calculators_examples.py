"""Calculations of four programs, from phonopy's examples; tests/data/phonons/phonopy_examples/README.md has the source.

Expected values are of phonopy 4.10 alone, in the units of each program: its frequencies at Γ with its symmetrised force
constants, and its volume times its length in Å cubed.
"""

from pathlib import Path

import numpy as np
import phonopy
import pytest
from scipy import constants

import chiraljax as cj

EXAMPLES = Path(__file__).parents[1] / "data" / "phonons" / "phonopy_examples"
BY_PHONOPY = {
    "NaCl-QE": (46.06232310497926, 4.525955214666531),
    "NaCl-CP2K": (44.88101548954837, 5.02478733894477),
    "Si-elk": (40.01155972492383, 16.0454111301754),
}


def changed(tmp_path, example, *replacements):
    """A copy of the example with other words in its yaml file."""
    text = (EXAMPLES / example / "phonopy_disp.yaml").read_text()
    for old, new in replacements:
        assert old in text
        text = text.replace(old, new)
    (tmp_path / "phonopy_disp.yaml").write_text(text)
    (tmp_path / "FORCE_SETS").write_text((EXAMPLES / example / "FORCE_SETS").read_text())
    return tmp_path / "phonopy_disp.yaml"


@pytest.mark.parametrize("example", BY_PHONOPY)
def test_frequency_and_volume(example):
    volume, frequency = BY_PHONOPY[example]
    lattice = cj.load_lattice(EXAMPLES / example / "phonopy_disp.yaml")
    (modes,) = lattice.modes
    assert modes.degeneracy == 3
    assert modes.frequency == pytest.approx(frequency, abs=1e-6)
    assert lattice.acoustic == pytest.approx((0, 0, 0), abs=1e-6)
    assert lattice.crystal.volume == pytest.approx(volume, rel=1e-12)


def test_static_dielectric_constant():
    """ε(0) = ε∞ + Z*² e²/(ε₀ V μ ω²) of rocksalt, 1/μ = 1/m_Na + 1/m_Cl, all from BORN, phonopy's V and ω.

    Budget: roundoff.
    """
    volume, frequency = BY_PHONOPY["NaCl-QE"]
    lattice = cj.load_lattice(EXAMPLES / "NaCl-QE" / "phonopy_disp.yaml")
    stiffness = constants.atomic_mass / (1 / 22.989769 + 1 / 35.453) * (2e12 * np.pi * frequency) ** 2
    share = (1.105385 * constants.e) ** 2 / (constants.epsilon_0 * volume * constants.angstrom**3 * stiffness)
    static = lattice.dielectric_tensor + lattice.modes[0].dielectric_share(lattice.crystal.volume)
    np.testing.assert_allclose(static, (2.472958201 + share) * np.eye(3), rtol=1e-12, atol=1e-12)


def test_moments_of_zero_and_one_atom(tmp_path):
    """Fcc aluminium, 7.642687 bohr: acoustic modes at zero, and no optical ones whose symmetry roundoff would break."""
    lattice = cj.load_lattice(EXAMPLES / "Al-ABACUS" / "phonopy_disp.yaml")
    bohr = constants.physical_constants["Bohr radius"][0] / constants.angstrom
    assert lattice.modes == ()
    assert lattice.acoustic == pytest.approx((0, 0, 0), abs=1e-6)
    assert lattice.crystal.volume == pytest.approx((7.642687397478 * bohr) ** 3 / 4, rel=1e-7)  # CODATA 1986 and now
    vector = changed(
        tmp_path, "Al-ABACUS", ("magnetic_moment: 0.00000000", "magnetic_moment: [ 0.0, -0.0, 0.0 ] # none")
    )
    assert cj.load_lattice(vector).crystal == lattice.crystal


@pytest.mark.parametrize("example", ["Al-ABACUS", "Si-elk"])
def test_a_cell_that_is_not_primitive_is_refused(tmp_path, example):
    """The conventional cell of each, in place of the primitive one."""
    identity = "primitive_matrix:\n- [ 1, 0, 0 ]\n- [ 0, 1, 0 ]\n- [ 0, 0, 1 ]\n\n"
    replacements = [("supercell_matrix:", f"{identity}supercell_matrix:")]
    if example == "Si-elk":
        replacements = [("primitive_matrix:", f"{identity}unused:")]
    atoms = {"Al-ABACUS": 4, "Si-elk": 8}[example]
    with pytest.raises(
        cj.InputError, match=rf"disp.yaml: primitive_matrix must give a primitive .* one of {atoms} atoms"
    ):
        cj.load_lattice(changed(tmp_path, example, *replacements))


def test_units_of_another_program_are_refused(tmp_path):
    with pytest.raises(cj.InputError, match=r"cannot be read .* conflicts with calculator settings"):
        cj.load_lattice(changed(tmp_path, "NaCl-CP2K", ('length: "Angstrom"', 'length: "au"')))


def test_displacements_outside_the_primitive_cell(tmp_path):
    """As without symmetry: a displacement once more, of a translated atom, with the translated forces."""
    path = changed(tmp_path, "Si-elk")
    model = phonopy.load(path, produce_fc=False, force_sets_filename=tmp_path / "FORCE_SETS")
    positions = model.supercell.scaled_positions
    other = int(model.supercell.u2s_map[1])
    shifted = positions + positions[other] - positions[0]
    image = [int(np.argmin(np.abs((there - positions + 0.5) % 1 - 0.5).sum(axis=1))) for there in shifted]
    given = model.dataset["first_atoms"][0]
    forces = np.empty((64, 3))
    forces[image] = given["forces"]
    text = "64\n2\n"
    for atom, values in ((0, given["forces"]), (other, forces)):
        rows = [" ".join(map(str, row)) for row in np.vstack([given["displacement"], values]).tolist()]
        text += "\n".join(["", str(atom + 1), *rows, ""])
    (tmp_path / "FORCE_SETS").write_text(text)
    assert cj.load_lattice(path).modes[0].frequency == pytest.approx(BY_PHONOPY["Si-elk"][1], abs=1e-6)
