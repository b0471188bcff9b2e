"""Whether `load_lattice` agrees with phonopy on phonopy's own examples, of 17 programs.

    git clone --depth 1 https://github.com/phonopy/phonopy /tmp/phonopy
    python benchmarks/phonopy_examples.py /tmp/phonopy/example [NaCl …]

The examples (BSD-3-Clause, 19 MB) are not shipped. Of each a copy is completed by phonopy's own commands where forces
are only in the outputs of a program, and then read by both, with phonopy's defaults: force constants from forces are
symmetrised by phonopy, which also makes them obey the acoustic sum rule; those from a file are not changed.

Compared are the frequencies of the optical modes at Γ, in phonopy's units of the program; the volume of the primitive
cell; and, with Born charges, ε(0) = ε∞ + Σ_m Z̃_m Z̃_m/(ε₀ V ω_m²), here from the eigenvectors of phonopy's dynamical
matrix in NumPy. Charges and ε∞ of BORN are made neutral and symmetrised by phonopy first, as `load_lattice` does: those
of SiO2-CP2K-xyz are not, which is 0.1 % of ε(0). Acoustic are the three modes that overlap most with translations.

With names only the examples whose folder begins with one of them. Two of CP2K need the package cp2k-input-tools and are
left out without it. Without a path nothing is compared. All take some minutes.
Prints a table; writes benchmarks/results/phonopy_examples.json.
"""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import contextlib
import dataclasses
import lzma
import re
import shutil
import subprocess
import sys
import tempfile
import warnings
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import phonopy
from _results import write_results
from phonopy.interface.calculator import get_calculator_physical_units
from phonopy.structure.symmetry import symmetrize_borns_and_epsilon
from scipy import constants

import chiraljax as cj

DISP = "phonopy_disp.yaml"


@dataclasses.dataclass(frozen=True)
class Example:
    """A folder of phonopy's examples, and what has to be done before it has a yaml file and forces."""

    folder: str
    make: str = ""
    """options of `phonopy-init` that write phonopy_disp.yaml"""
    forces: str = ""
    """outputs of the program, from which `phonopy-init -f` writes FORCE_SETS"""
    run: tuple[str, ...] = ()
    """other commands"""
    yaml: str = DISP
    without: tuple[str, ...] = ()
    """files that are left out"""
    needs: str = ""
    """a package"""


# Amplitudes are those of the README or script of the example, or of the displaced structure in it.
EXAMPLES = (
    Example("Al-ABACUS/abacus-lcao"),
    Example("Al-ABACUS/abacus-pw"),
    Example("NaCl-abinit", "--abinit -c NaCl.in --dim 2 2 2 --amplitude 0.05", "supercell-001.out supercell-002.out"),
    Example("Si-abinit", "--abinit -c Si.in --dim 2 2 2", "supercell-001.out"),
    Example("diamond-FHI-aims", "--aims -c geometry.in --dim 2 2 2", "disp-001/aims.out"),
    Example("Cr-castep", '--castep -c unitcell.cell --dim 2 2 2 --pa "-1/2 1/2 1/2 1/2 -1/2 1/2 1/2 1/2 -1/2"'),
    Example("NaCl-castep", "--castep -c unitcell.cell --dim 2 2 2"),
    Example("NaCl-CP2K", "", "NaCl-supercell-001-forces-1_0.xyz NaCl-supercell-002-forces-1_0.xyz"),
    Example("Si-CP2K", "--cp2k -c Si.inp --dim 2 2 2", "Si-supercell-001-forces-1_0.xyz", needs="cp2k_input_tools"),
    Example("SiO2-CP2K-xyz", "--cp2k -c Punitcell.inp --dim 2 2 2", needs="cp2k_input_tools"),
    Example(
        "NaCl-CRYSTAL",
        "--crystal -c crystal.o --dim 4 4 4",
        "supercell-001.o supercell-002.o",
        run=("phonopy-crystal-born > BORN",),
    ),
    Example("Si-CRYSTAL", "--crystal -c crystal.o --dim 4 4 4", "supercell-001.o"),
    Example("diamond-dftb", "--dftb+ -c geo.gen --dim 4 4 4", "results.tag"),
    Example("Si-elk", "--elk -c elk-unitcell.in --dim 2 2 2", "INFO.OUT"),
    Example("Si-exciting", "--exciting -c input.xml --dim 4 4 4", "001/INFO.OUT"),
    Example("Al-Fleur", "", "FORCES"),
    Example("Si-lammps", "", "lammps_forces_Si.0"),
    Example("Ti-lammps", "", "lammps_forces_Ti.0"),
    Example("NaCl-PWmat", "--pwmat -c atom.config --dim 2 2 2", "force-001/OUT.FORCE force-002/OUT.FORCE"),
    Example("Si-PWmat", "--pwmat -c atom.config --dim 2 2 2 --amplitude 0.02", "OUT.FORCE-001"),
    Example("NaCl-QE", "", "NaCl-001.out NaCl-002.out"),
    Example("Si-QE", "", "supercell-001.out"),
    Example(
        "NaCl-QE-q2r",
        run=(
            "tar xf output888.tar.lzma",
            "python make_fc_q2r.py NaCl.in output888/NaCl.fc",
            "python make_born_q2r.py NaCl.in NaCl.fc > BORN",
        ),
        yaml="phonopy_params_q2r.yaml",
    ),
    Example("Si-siesta", "--siesta -c Si.fdf --dim 3 3 3 --amplitude 0.04", "disp-001/Si.FA"),
    Example("Si-TURBOMOLE", "--turbomole -c control --dim 3 3 3", "example-001"),
    Example("Al2O3"),
    Example("CaTiO3"),
    Example("Cr"),
    Example("KCl-SSCHA", yaml="phonopy_fc222_JPCM2022.yaml.xz"),
    Example("KCl-SSCHA", yaml="phonopy_fc444_JPCM2022.yaml.xz"),
    Example("KCl-SSCHA", yaml="phonopy_sscha_fc_JPCM2022.yaml.xz"),
    # Displaces atoms outside the primitive cell; its BORN lists eight, which phonopy takes only without symmetry.
    Example("LiF-nosym", "-c POSCAR-unitcell --dim 2 2 2", without=("BORN",)),
    Example("MgB2"),
    Example("MgO"),
    Example("NaCl"),
    Example("NaCl-gruneisen/NaCl-0.995", "-c POSCAR-unitcell --dim 2 2 2"),
    Example("NaCl-gruneisen/NaCl-1.00", "-c POSCAR-unitcell --dim 2 2 2"),
    Example("NaCl-gruneisen/NaCl-1.005", "-c POSCAR-unitcell --dim 2 2 2"),
    Example("NaCl-rd"),
    Example("NaCl-VASPdfpt", "-c POSCAR --dim 1 1 1 --pa auto"),
    Example("Si", "", "vasprun.xml"),
    Example("Si-gruneisen/minus", "-c POSCAR-unitcell --dim 2 2 2"),
    Example("Si-gruneisen/orig", "-c POSCAR-unitcell --dim 2 2 2"),
    Example("Si-gruneisen/plus", "-c POSCAR-unitcell --dim 2 2 2"),
    Example("SiO2-HP"),
    Example("SnO2"),
    Example("TiO2-anatase"),
    Example("ZnO"),
    Example("NaCl-wien2k", "", "NaCl-001.scf NaCl-002.scf"),
    Example("NaCl-wien2k-P1", run=("phonopy-init --wien2k-p1 -f NaCl-001.scf NaCl-002.scf",)),
)


def main():
    if len(sys.argv) < 2:
        print("give the path of phonopy's examples: python benchmarks/phonopy_examples.py /tmp/phonopy/example")
        return
    cj.enable_x64()
    rows = []
    print("example                                   program     atoms   THz                Δν (THz)   ΔV/V      Δε/ε")
    for example in EXAMPLES:
        if not example.folder.startswith(tuple(sys.argv[2:] or [""])):
            continue
        if example.needs and find_spec(example.needs) is None:
            print(f"{example.folder:41s} left out, it needs {example.needs}")
            continue
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(folder) / "example"
            shutil.copytree(Path(sys.argv[1]) / example.folder, copy, ignore=shutil.ignore_patterns(*example.without))
            row = compared(example, copy)
        rows.append(row)
        print(line(row), flush=True)
    agree = [row for row in rows if "refused" not in row]
    worst = {key: max(row[key] for row in agree if row[key] is not None) for key in ("frequency", "volume", "epsilon")}
    counts = {
        "examples": len(agree),
        "programs": len({row["program"] for row in agree}),
        "with_optical_modes": sum(row["frequency"] is not None for row in agree),
        "polar": sum(row["epsilon"] is not None for row in agree),
        "refused": len(rows) - len(agree),
    }
    print(f"worst: Δν {worst['frequency']:.1e} THz, ΔV/V {worst['volume']:.1e}, Δε/ε {worst['epsilon']:.1e}; {counts}")
    write_results(
        "phonopy_examples", {"phonopy": phonopy.__version__, "worst": worst, "counts": counts, "examples": rows}
    )


def compared(example: Example, copy: Path) -> dict:
    prepare(example, copy)
    name = example.folder if example.yaml == DISP else f"{example.folder}/{example.yaml}".removesuffix(".yaml.xz")
    reference = by_phonopy(example, copy)
    units = get_calculator_physical_units(reference.calculator)
    row = {"example": name, "program": reference.calculator or "vasp", "atoms": len(reference.primitive)}
    try:
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            lattice = cj.load_lattice(copy / example.yaml)
    except cj.InputError as error:
        return row | {"refused": f"{error.field} {error.message}"}
    frequencies, vectors = optical(reference)
    own = np.sort(
        np.repeat([modes.frequency for modes in lattice.modes], [modes.degeneracy for modes in lattice.modes])
    )
    volume = reference.primitive.volume * units.distance_to_A**3
    row |= {
        "range": [float(frequencies.min()), float(frequencies.max())] if len(frequencies) else None,
        "frequency": float(abs(own - frequencies).max()) if len(frequencies) else None,
        "volume": float(abs(lattice.crystal.volume / volume - 1)),
        "epsilon": None,
        "told": [str(warning.message) for warning in told if warning.category is UserWarning],
    }
    if lattice.dielectric_tensor is not None:
        expected = static(reference, frequencies, vectors, volume)
        shares = [modes.dielectric_share(lattice.crystal.volume) for modes in lattice.modes if modes.infrared]
        row["epsilon"] = float(abs(lattice.dielectric_tensor + sum(shares) - expected).max() / abs(expected).max())
    return row


def prepare(example: Example, copy: Path) -> None:
    """phonopy_disp.yaml and FORCE_SETS in the copy; a yaml file that the example has is put back as it was."""
    for file in copy.rglob("*.xz"):
        if ".yaml" not in file.name:
            file.with_suffix("").write_bytes(lzma.decompress(file.read_bytes()))
    if example.make:
        shell(f"phonopy-init -d {example.make}", copy)
    given = (copy / DISP).read_text() if (copy / DISP).exists() else ""
    if given:
        (copy / DISP).write_text(current(given))
    if example.forces:
        shell(f"phonopy-init -f {example.forces}", copy)
    for command in example.run:
        shell(command, copy)
    if given:
        (copy / DISP).write_text(given)


def shell(command: str, folder: Path) -> None:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        command, shell=True, cwd=folder, env=os.environ | {"PATH": path}, capture_output=True, text=True
    )
    if done.returncode:
        raise SystemExit(f"{folder}: {command}\n{done.stdout[-500:]}{done.stderr[-2000:]}")


def current(text: str) -> str:
    """A yaml file of an earlier phonopy as the installed one takes it: units in lower case, no moments of zero."""
    text = text.replace('"Angstrom"', '"angstrom"').replace("/Angstrom.au", "/angstrom.au")
    return re.sub(r"(?m)^ *magnetic_moment: 0\.0+\n", "", text)


def by_phonopy(example: Example, copy: Path) -> phonopy.Phonopy:
    file = copy / example.yaml
    if file.suffix == ".yaml":
        file = copy / "current.yaml"
        file.write_text(current((copy / example.yaml).read_text()))
    with contextlib.chdir(copy), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return phonopy.load(file.name, log_level=0, is_compact_fc=example.folder != "LiF-nosym")


def optical(reference: phonopy.Phonopy) -> tuple[np.ndarray, np.ndarray]:
    """Frequencies in THz by phonopy's factor, ascending, and the eigenvectors (modes, atoms, 3)."""
    plain = reference.replicate()
    plain.force_constants = reference.force_constants
    point = plain.run_qpoints([[0, 0, 0]], with_eigenvectors=True)
    vectors = np.asarray(point.eigenvectors)[0].T.reshape(-1, len(reference.primitive), 3)
    weights = np.sqrt(reference.primitive.masses / reference.primitive.masses.sum())
    overlap = np.sum(abs(np.einsum("i,mia->ma", weights, vectors)) ** 2, axis=1)
    kept = np.sort(np.argsort(overlap)[:-3])
    return np.asarray(point.frequencies)[0][kept], vectors[kept]


def static(reference: phonopy.Phonopy, frequencies, vectors, volume: float) -> np.ndarray:
    """ε(0) by the closed formula; `volume` in Å³."""
    nac = reference.nac_params
    assert nac is not None
    charges = np.asarray(nac["born"])
    charges, high = symmetrize_borns_and_epsilon(
        charges - charges.mean(axis=0), np.asarray(nac["dielectric"]), reference.primitive
    )
    own = np.einsum("iab,mib->ma", charges, vectors / np.sqrt(reference.primitive.masses)[:, None])
    unit = constants.e**2 / constants.atomic_mass / (constants.epsilon_0 * 1e-30 * 1e24)
    share = np.einsum("ma,mb,m->ab", own, own.conj(), 1 / (2 * np.pi * frequencies) ** 2)
    return high + unit * share.real / volume


def line(row: dict) -> str:
    start = f"{row['example']:41s} {row['program']:11s} {row['atoms']:3d}   "
    if "refused" in row:
        return f"{start}refused: {row['refused']}"
    low, high = row["range"] or (0, 0)
    parts = [f"{row[key]:.1e}" if row[key] is not None else "–" for key in ("frequency", "volume", "epsilon")]
    span = f"{low:6.3f} to {high:6.3f}" if row["range"] else "no optical modes"
    return f"{start}{span:17s}  {parts[0]:>8s}   {parts[1]:>8s}  {parts[2]:>8s}  {' '.join(row['told'])}".rstrip()


if __name__ == "__main__":
    main()
