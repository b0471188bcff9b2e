"""The configuration of a sweep as JSON, and the differences between two configurations."""

import dataclasses
import hashlib
import json
import subprocess
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

import jax
import numpy as np

_LISTED = 32
"""Longest array that is written out; a longer one is given by its digest."""
_TEXT = 2000
"""Characters of the longest list that is written out."""
_PACKAGES = ("chiraljax", "jax", "jaxlib", "numpy", "scipy", "equinox", "zarr")


def described(thing: Any, listed: int = _LISTED) -> Any:
    """`thing` for JSON: fields by name, arrays of up to `listed` numbers, digests of longer ones."""
    if isinstance(thing, str | bool | int | float | None):
        return thing
    if isinstance(thing, np.ndarray | np.generic | jax.Array):
        array = np.asarray(thing)
        if array.size <= listed:
            return [np.real(array).tolist(), np.imag(array).tolist()] if array.dtype.kind == "c" else array.tolist()
        digest = hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()[:16]
        span = f" from {array.min():g} to {array.max():g}" if array.dtype.kind in "iuf" else ""
        return f"{'×'.join(map(str, array.shape))} numbers{span}, sha256 {digest}"
    if isinstance(thing, Mapping):
        return {str(name): described(value, listed) for name, value in thing.items()}
    if dataclasses.is_dataclass(thing) and not isinstance(thing, type):
        fields = {field.name: described(getattr(thing, field.name), listed) for field in dataclasses.fields(thing)}
        return {"class": type(thing).__qualname__} | fields
    if isinstance(thing, tuple | list):
        parts = [described(part, listed) for part in thing]
        text = json.dumps(parts)
        if len(text) <= _TEXT or listed > _LISTED:
            return parts
        return f"{len(parts)} items, sha256 {hashlib.sha256(text.encode()).hexdigest()[:16]}"
    return getattr(thing, "__qualname__", type(thing).__qualname__)


def differences(stored: Any, wanted: Any, where: str = "") -> Iterator[str]:
    """Each difference as one line."""
    if isinstance(stored, dict) and isinstance(wanted, dict):
        for name in {**stored, **wanted}:
            inner = f"{where}.{name}" if where else name
            if name not in stored or name not in wanted:
                yield f"{inner}: {'only in the store' if name in stored else 'not in the store'}"
            else:
                yield from differences(stored[name], wanted[name], inner)
    elif stored != wanted:
        yield f"{where}: {_brief(stored)} in the store, {_brief(wanted)} now"


def _brief(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 80 else f"{text[:77]}..."


@cache
def versions() -> dict[str, str]:
    """The versions of the packages, and the commit of a development tree."""
    return {package: metadata.version(package) for package in _PACKAGES} | {"git_commit": _commit()}


def _commit() -> str:
    """The commit of the source tree, with "+changes" if files differ from it; empty for an installed package."""
    root = Path(__file__).parents[2]
    if not (root / ".git").exists():
        return ""
    try:
        commit = _git(root, "rev-parse", "HEAD")
        return f"{commit}+changes" if _git(root, "status", "--porcelain", "--", "chiraljax") else commit
    except (OSError, subprocess.SubprocessError):
        return ""


def _git(root: Path, *arguments: str) -> str:
    return subprocess.run(
        ["git", "-C", str(root), *arguments], check=True, capture_output=True, text=True, timeout=10
    ).stdout.strip()
