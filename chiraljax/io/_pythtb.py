"""A model in PythTB, as an object and as a script."""

import os
from importlib import import_module
from importlib.metadata import version
from typing import Any

import numpy as np

from .._atomic import atomic_path
from .._door import door
from .._errors import InputError, check
from .._types import ArrayLike
from ..electrons import Electrons
from ._lattice import LatticeModel, lattice_model

_NEGLIGIBLE = 1e-14
"""eV: roundoff of a vanishing hopping"""

_SCRIPT = '''\
"""A tight-binding model for PythTB (1.8 or 2), written by chiraljax {version}; Å and eV.

`model.solve_all(k)` (in PythTB 2 `model.solve_ham(k)`) gives the energies at fractional k-points (K, 3).
"""

import numpy as np
import pythtb

lattice = np.array({lattice})
orbitals = np.array([
{orbitals}
])
onsite = [
{onsite}
]
hoppings = [  # ⟨0i|H|Rj⟩, i, j, R; its conjugate is implied
{hoppings}
]

if hasattr(pythtb, "TBModel"):
    model = pythtb.TBModel(pythtb.Lattice(lattice, orbitals, periodic_dirs=[0, 1, 2]), spinful={spinful})
else:
    model = pythtb.tb_model(3, 3, lattice, orbitals, nspin={nspin})
model.set_onsite(onsite)
for value, i, j, R in hoppings:
    model.set_hop(value, i, j, R)
'''


@door
def to_pythtb(electrons: Electrons, rotation: ArrayLike = 0.0) -> Any:
    """The model as a `tb_model` of PythTB 1.8 or a `TBModel` of PythTB 2.

    It has spin (`nspin=2`) if it has spin–orbit coupling or rotates.

    Args:
        electrons: the model; its `orbitals` give the order.
        rotation: Ω in rad/ps, along z, a vector, or one per site.

    Raises:
        InputError: without PythTB, with an unknown version of it, and for a left-handed lattice, which PythTB refuses.
    """
    pythtb = _pythtb()
    model = _right_handed(electrons, rotation)
    lattice = electrons.crystal.vectors
    if hasattr(pythtb, "TBModel"):
        grid = pythtb.Lattice(lattice, model.positions, periodic_dirs=[0, 1, 2])
        result = pythtb.TBModel(grid, spinful=model.spinful)
    else:
        result = pythtb.tb_model(3, 3, lattice, model.positions, nspin=1 + model.spinful)
    onsite, hoppings = _terms(model)
    result.set_onsite(onsite)
    for value, i, j, cell in hoppings:
        result.set_hop(value, i, j, cell)
    return result


@door
def write_pythtb(path: str | os.PathLike[str], electrons: Electrons, rotation: ArrayLike = 0.0) -> None:
    """Write a Python script that builds the model of `to_pythtb` as `model` and needs only PythTB and NumPy.

    Raises:
        InputError: for a left-handed lattice, which PythTB refuses.
    """
    model = _right_handed(electrons, rotation)
    onsite, hoppings = _terms(model)
    labels = [f"{shell} {orbital}, site {site}" for site, shell, orbital in electrons.orbitals]
    text = _SCRIPT.format(
        version=version("chiraljax"),
        lattice=electrons.crystal.vectors.tolist(),
        orbitals="\n".join(f"    {at},  # {label}" for at, label in zip(model.positions.tolist(), labels, strict=True)),
        onsite="\n".join(f"    {value}," for value in onsite),
        hoppings="\n".join(f"    {term}," for term in hoppings),
        spinful=model.spinful,
        nspin=1 + model.spinful,
    )
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def _pythtb() -> Any:
    try:
        pythtb = import_module("pythtb")
    except ImportError:
        raise InputError("to_pythtb", "needs PythTB, which is not installed: pip install pythtb") from None
    supported = hasattr(pythtb, "TBModel") or hasattr(pythtb, "tb_model")
    check(supported, "to_pythtb", f"needs PythTB 1.8 or 2, but got {getattr(pythtb, '__version__', 'another')}")
    return pythtb


def _right_handed(electrons: Electrons, rotation: ArrayLike) -> LatticeModel:
    volume = np.linalg.det(electrons.crystal.vectors)
    check(volume > 0, "lattice", f"must be right-handed for PythTB, but its triple product is {volume:.6g} Å³")
    return lattice_model(electrons, rotation)


def _terms(model: LatticeModel) -> tuple[list, list[tuple]]:
    """The on-site term of each orbital, and (value, i, j, R) for one hopping of each conjugate pair.

    A value is a 2×2 list with spin, a number without.
    """
    spins = 1 + model.spinful
    count, size = len(model.cells), len(model.positions)
    blocks = model.matrices.reshape(count, size, spins, size, spins).swapaxes(2, 3)
    values = blocks if model.spinful else blocks[..., 0, 0]
    values = values if np.any(np.imag(values)) else np.real(values)
    home = int(np.flatnonzero(~model.cells.any(axis=1))[0])
    present = np.max(np.abs(blocks), axis=(3, 4)) > _NEGLIGIBLE
    present[:home] = False
    present[home] &= np.triu(np.ones((size, size), dtype=bool), 1)
    chosen = np.argwhere(present).tolist()
    hoppings = [(values[cell, i, j].tolist(), i, j, model.cells[cell].tolist()) for cell, i, j in chosen]
    return [values[home, i, i].tolist() for i in range(size)], hoppings
