"""Checkpoints of a search, to continue after an interruption."""

import hashlib
import json
import os
import zipfile
from typing import Any

import equinox as eqx
import jax
import numpy as np

from .._atomic import atomic_path
from .._errors import InputError, check
from ._problem import PulseProblem
from ._search import Search


def save(path: str | os.PathLike[str], state: Any, described: dict[str, str]) -> None:
    """Write the arrays of `state`, a tree, and the description of the search, atomically."""
    arrays = {f"leaf{n}": np.asarray(leaf) for n, leaf in enumerate(jax.tree.leaves(state))}
    with atomic_path(path) as temporary, open(temporary, "wb") as file:
        np.savez(file, allow_pickle=False, described=json.dumps(described), **arrays)


def restore(path: str | os.PathLike[str], state: Any, described: dict[str, str]) -> Any:
    """The tree at `path`, of the structure and the shapes of `state`.

    Raises `InputError` if the file is no checkpoint, and for the first difference of the description.
    """
    try:
        with open(path, "rb") as file, np.lib.npyio.NpzFile(file) as arrays:
            saved = dict(json.loads(str(arrays["described"])))
            kept = [arrays[f"leaf{n}"] for n in range(len(arrays.files) - 1)]
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile):
        raise InputError("", "must be a checkpoint of optimize_pulse, but cannot be read as one", str(path)) from None
    for name in described:
        check(
            saved.get(name) == described[name],
            "",
            f"must be a checkpoint of the same search, but its {name} is {saved.get(name)} and not {described[name]}",
            path,
        )
    leaves, structure = jax.tree.flatten(state)
    same = [leaf.shape[1:] for leaf in kept] == [leaf.shape[1:] for leaf in leaves]
    check(same, "", "must be a checkpoint of the same search, but its optimizer is another", path)
    return jax.tree.unflatten(structure, kept)


def describe(
    problem: PulseProblem, material: str, mu: float | None, temperature: float | None, search: Search
) -> dict[str, str]:
    """The search, part by part, as digests of arrays and structure."""
    forecast = problem.forecast
    parts = {
        "pulse": problem.space,
        "phonon, coupling or times": (forecast.phonon, forecast.chain.coupling, forecast.steps),
        "constraints": problem.constraints,
        "objective": problem.objective,
        "deviations": problem.deviations,
    }
    plain = {"seed": search.seed, "starts": search.starts, "material": material, "mu": mu, "temperature": temperature}
    return {name: _digest(part) for name, part in parts.items()} | {name: _text(part) for name, part in plain.items()}


def _text(value: object) -> str:
    """Text that is the same for 300.0 and an array of it."""
    if value is None or isinstance(value, str | int):
        return str(value)
    return str(np.asarray(value).astype(float).tolist())


def _digest(part: object) -> str:
    leaves, structure = jax.tree.flatten(part)
    text = [str(structure)]
    for leaf in leaves:
        text.append(
            np.asarray(leaf).tobytes().hex() if eqx.is_array_like(leaf) else getattr(leaf, "__qualname__", repr(leaf))
        )
    return hashlib.sha256("\n".join(text).encode()).hexdigest()[:12]
