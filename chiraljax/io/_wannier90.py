"""A model in the files of Wannier90."""

import os
from importlib.metadata import version
from pathlib import Path

import numpy as np

from .._atomic import atomic_path
from .._door import door
from .._types import ArrayLike
from ..electrons import Electrons
from ._lattice import LatticeModel, lattice_model


@door
def write_wannier90(prefix: str | os.PathLike[str], electrons: Electrons, rotation: ArrayLike = 0.0) -> None:
    """Write prefix_hr.dat and prefix_centres.xyz in the formats of Wannier90, with 14 decimals.

    H(k) = Σ_R e^{ik·R} ⟨0m|H|Rn⟩, as in Wannier90; every degeneracy is 1. A model with spin–orbit coupling or a
    rotation has one function per spin-orbital, in the order orbital, spin (↑, ↓ fastest); any other has one per
    orbital. The comment line of the centres has the lattice, as in extended XYZ.

    Args:
        prefix: of the paths.
        electrons: the model.
        rotation: Ω in rad/ps, along z, a vector, or one per site.

    Raises:
        InputError: for a Hamiltonian that is not finite.
    """
    model = lattice_model(electrons, rotation)
    hr, centres = (Path(f"{os.fspath(prefix)}_{ending}") for ending in ("hr.dat", "centres.xyz"))
    with atomic_path(hr) as temporary, atomic_path(centres) as temporary_centres:
        with temporary.open("w", encoding="utf-8") as file:
            _write_hoppings(file, model)
        temporary_centres.write_text(_centres(electrons, model), encoding="utf-8")


def _write_hoppings(file, model: LatticeModel) -> None:
    count, size, _ = model.matrices.shape
    degeneracies = np.ones(count, dtype=int)
    lines = [degeneracies[start : start + 15] for start in range(0, count, 15)]
    file.write(f"H(R) in eV, written by chiraljax {version('chiraljax')}\n{size:12d}\n{count:12d}\n")
    file.writelines("".join(f"{degeneracy:5d}" for degeneracy in line) + "\n" for line in lines)
    column, row = np.meshgrid(np.arange(size) + 1, np.arange(size) + 1, indexing="ij")
    for cell, matrix in zip(model.cells, model.matrices, strict=True):
        value = matrix.T.ravel() + 0.0
        table = np.column_stack([np.tile(cell, (size**2, 1)), row.ravel(), column.ravel(), value.real, value.imag])
        np.savetxt(file, table, fmt=["%5d"] * 5 + [" %19.14f"] * 2, delimiter="")


def _centres(electrons: Electrons, model: LatticeModel) -> str:
    crystal = electrons.crystal
    centres = np.repeat(model.positions, 2 if model.spinful else 1, axis=0) @ crystal.vectors
    atoms = np.array(crystal.positions) @ crystal.vectors
    labels = ["X"] * len(centres) + list(crystal.symbols)
    lattice = " ".join(map(repr, crystal.vectors.ravel().tolist()))
    rows = [
        f"{label:2s}" + "".join(f" {component:19.14f}" for component in place)
        for label, place in zip(labels, np.concatenate([centres, atoms]) + 0.0, strict=True)
    ]
    comment = f'Lattice="{lattice}" Properties=species:S:1:pos:R:3 source="chiraljax {version("chiraljax")}"'
    return "\n".join([f"{len(labels):6d}", comment, *rows]) + "\n"
