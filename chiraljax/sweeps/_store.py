"""The Zarr store of a sweep: results, working arrays, and a marker for every finished chunk."""

import contextlib
import errno
import glob
import hashlib
import json
import os
import shutil
import sys
import uuid
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import filelock
import numpy as np
import xarray as xr
import zarr
from zarr.codecs import Crc32cCodec, ZstdCodec

from .._atomic import atomic_path
from .._errors import InputError, check
from ._describe import described, differences, versions
from ._outputs import Variable
from ._parameters import FILLING
from ._plan import SweepPlan
from ._stage import Chunk, Stage

FORMAT = 2
"""Version of the store; raised whenever an older chiraljax cannot read or resume it."""
_MARKERS, _WORKING, _LOCK = ".chiraljax", "working", "lock"
_PLAN = "plan.json"
_HEX = 12 * "[0-9a-f]"
"""Pattern of the end of temporary names."""


class Store:
    """The folder of a sweep.

    The root is a Zarr group of format 3 with the results and their coordinates. The group `working` holds the arrays
    for the next stages. A chunk of work writes whole Zarr chunks, one file per variable, then its marker with their
    checksums. A chunk without a marker is not finished.
    """

    def __init__(self, path: str | os.PathLike[str]):
        self.path = Path(path)
        self._arrays: dict[Path, Any] = {}

    @classmethod
    def create(cls, path: str | os.PathLike[str], plan: SweepPlan, attributes: dict[str, str]) -> "Store":
        """A new store, complete or not at all; raises `InputError` if `path` exists or cannot be written."""
        path = Path(path)
        check(not path.exists(), "", "must not exist yet; resume the sweep in it, or choose another name", path)
        temporary = path.with_name(f".{path.name}-{uuid.uuid4().hex[:12]}")
        try:
            with disk(path):
                temporary.mkdir()
                _fill(temporary, plan, attributes)
                os.rename(temporary, path)
            for torn in path.parent.glob(f".{glob.escape(path.name)}-{_HEX}"):
                shutil.rmtree(torn, ignore_errors=True)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
        return cls(path)

    def description(self) -> dict[str, Any]:
        """Format, versions, configuration and blocks of the store.

        Raises `InputError` for a path that is not the store of a sweep, or a store of another format.
        """
        file = self.path / _MARKERS / _PLAN
        try:
            description = json.loads(file.read_text(encoding="utf-8"))
            number = description["format"]
        except (OSError, ValueError, KeyError, TypeError):
            raise InputError("", "must be the store of a sweep, but is not", str(self.path)) from None
        check(
            number == FORMAT,
            "",
            f"must be a store of format {FORMAT}, but is one of format {number} (chiraljax "
            f"{description.get('versions', {}).get('chiraljax', 'unknown')})",
            self.path,
        )
        return description

    def check_same(self, plan: SweepPlan) -> None:
        """Raise `InputError`, with the differences, for a store of another sweep or made by other software."""
        description = self.description()
        changes = [
            *differences(description["configuration"], _plain(plan.configuration)),
            *differences(description["versions"], versions()),
        ]
        shown = "; ".join(changes[:5]) + (f"; and {len(changes) - 5} more" if len(changes) > 5 else "")
        check(not changes, "", f"must be of the same sweep to be resumed, but differs: {shown}", self.path)

    def check_software(self, who: str) -> None:
        """Raise `InputError`, with the differences, if the software of `who` differs from that of the store."""
        changes = list(differences(self.description()["versions"], versions()))
        check(not changes, who, f"must have the software of the store, but differs: {'; '.join(changes)}", self.path)

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Lock the store; raises `InputError` if another sweep has locked it.

        The lock file is not removed afterwards, because it could be the lock of the next sweep.
        """
        file = self.path / _MARKERS / _LOCK
        lock = filelock.FileLock(file)
        try:
            lock.acquire(timeout=0)
        except filelock.Timeout:
            raise InputError("", "must not be in use, but another sweep is running on it", str(self.path)) from None
        except OSError as error:
            raise InputError(
                "", f"must be a folder that can be written, but {_reason(error)}", str(self.path)
            ) from None
        try:
            yield
        finally:
            lock.release()

    def write(
        self, plan: SweepPlan, stage: Stage, number: int, values: dict[str, np.ndarray], facts: dict[str, Any]
    ) -> None:
        """Write a chunk to disk, then its marker.

        `values` may be padded at the end of the grid. A variable without some axes of the stage is written only by the
        first chunk along them. Raises `InputError` if the disk is full or not writable.
        """
        chunk, files = stage.chunk(number), {}
        with disk(self.path):
            for variable in plan.variables(stage.name):
                axes = plan.over(variable.kind)
                if not all(chunk.first[axis] for axis in stage.sizes if axis not in axes):
                    continue
                array = self._array(variable)
                region = tuple(chunk.slices[axis] for axis in axes)
                array[(*region, *[slice(None)] * len(variable.tail))] = values[variable.name][chunk.inside(axes)]
                file = self._file(variable, stage, chunk, axes)
                files[file] = _on_disk(self.path / file)
            marker = self._marker(stage.name, number)
            marker.parent.mkdir(exist_ok=True)
            with atomic_path(marker) as temporary, open(temporary, "w", encoding="utf-8") as out:
                json.dump({"files": files, "facts": facts, "sha256": _seal(files, facts)}, out)
                out.flush()
                os.fsync(out.fileno())

    def read(self, variable: Variable, axes: tuple[str, ...], chunk: Chunk) -> np.ndarray:
        """A variable on a chunk of a later stage, padded by its last entry at the end of the grid."""
        region = tuple(chunk.slices[axis] for axis in axes)
        values = np.asarray(self._array(variable)[(*region, *[slice(None)] * len(variable.tail))])
        missing = [len(chunk.indices[axis]) - n for axis, n in zip(axes, values.shape, strict=False)]
        widths = [(0, n) for n in missing] + [(0, 0)] * len(variable.tail)
        return np.pad(values, widths, mode="edge") if any(missing) else values

    def done(self, stage: Stage, number: int) -> bool:
        """Whether the chunk has a marker."""
        return self._marker(stage.name, number).exists()

    def progress(self) -> dict[str, tuple[int, int]]:
        """The numbers of finished chunks and of all, by stage; empty for a store that does not have them."""
        markers = self.path / _MARKERS
        chunks: dict[str, int] = self.description().get("chunks", {})
        return {name: (sum(1 for _ in (markers / name).glob("[0-9]*.json")), total) for name, total in chunks.items()}

    def facts(self, stage: Stage) -> list[dict[str, Any]]:
        """The facts in the markers of a finished stage."""
        return [
            json.loads(self._marker(stage.name, n).read_text(encoding="utf-8"))["facts"] for n in range(stage.n_chunks)
        ]

    def verify(self, stages: tuple[Stage, ...]) -> int:
        """Remove the markers of chunks with damaged files, and temporary files; returns the number of damaged chunks.

        Raises `InputError` if a coordinate or the metadata of an array is damaged.
        """
        damaged = 0
        with disk(self.path):
            for file, digest in self.description()["files"].items():
                whole = (self.path / file).is_file() and _digest(self.path / file) == digest
                check(whole, "", f"cannot be resumed, since {file} is damaged: it says what the store holds", self.path)
            for torn in self.path.rglob("*.partial"):
                torn.unlink()
            for stage in stages:
                for number in range(stage.n_chunks):
                    marker = self._marker(stage.name, number)
                    if marker.exists() and not self._intact(marker):
                        marker.unlink()
                        damaged += 1
            for torn in (self.path / _MARKERS).rglob(".*-*.json"):
                torn.unlink()
        return damaged

    def _intact(self, marker: Path) -> bool:
        try:
            content = json.loads(marker.read_text(encoding="utf-8"))
            sealed = content["sha256"] == _seal(content["files"], content["facts"])
            return sealed and all(_digest(self.path / file) == digest for file, digest in content["files"].items())
        except (OSError, ValueError, LookupError, TypeError):
            return False

    def _marker(self, stage: str, number: int) -> Path:
        return self.path / _MARKERS / stage / f"{number}.json"

    def _array(self, variable: Variable) -> Any:
        place = self.path / self._folder(variable)
        if place not in self._arrays:
            array = zarr.open_array(place, mode="r+", zarr_format=3)
            self._arrays[place] = array.with_config({"write_empty_chunks": True})
        return self._arrays[place]

    def _file(self, variable: Variable, stage: Stage, chunk: Chunk, axes: tuple[str, ...]) -> str:
        place = [str(chunk.slices[axis].start // stage.block[axis]) for axis in axes] + ["0"] * len(variable.tail)
        return "/".join([self._folder(variable), "c", *place])

    @staticmethod
    def _folder(variable: Variable) -> str:
        """A result and a working array may have the same name, as `rotation` has."""
        return f"{_WORKING}/{variable.name}" if variable.working else variable.name


def open_sweep(path: str | os.PathLike[str]) -> xr.Dataset:
    """The results of a sweep; arrays are read from disk when they are used.

    Of a sweep that was interrupted, or still runs, what is not computed is NaN, and the attribute `unfinished` says how
    much that is.

    Raises:
        InputError: for a path that is not the store of a sweep, or a store of another format.
    """
    store = Store(path)
    configuration = store.description()["configuration"]
    try:
        dataset = xr.open_zarr(path, chunks=None)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError("", f"must be the store of a sweep, but {' '.join(str(error).split())}", str(path)) from None
    done = store.progress()
    if any(finished < total for finished, total in done.values()):
        finished, total = (sum(numbers) for numbers in zip(*done.values(), strict=True))
        parts = ", ".join(f"{name} {part} of {whole}" for name, (part, whole) in done.items())
        dataset.attrs["unfinished"] = f"{total - finished} of {total} chunks are missing (done: {parts})"
    requested = [*configuration["outputs"], *configuration["gradients"]]
    return dataset[[*requested, *(name for name in dataset.data_vars if name not in requested)]]


@contextlib.contextmanager
def disk(path: Path) -> Iterator[None]:
    """Turn an error of the file system into an `InputError` that says what to do."""
    try:
        yield
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise InputError(
                "",
                "must be on a disk with room, but it is full; nothing done is lost: make room, and resume the sweep",
                str(path),
            ) from None
        raise InputError("", f"must be writable, but is not: {_reason(error)}", str(path)) from None


def _fill(folder: Path, plan: SweepPlan, attributes: dict[str, str]) -> None:
    """Coordinates, empty arrays and the description of a new store."""
    coordinates: dict[str, Any] = {}
    for axis in plan.axes:
        if axis.name not in [parameter.name for parameter in axis.parameters]:
            coordinates[axis.name] = (
                axis.name,
                np.arange(axis.size),
                {"units": "1", "long_name": "number of the sample"},
            )
        for parameter, values in zip(axis.parameters, axis.values, strict=True):
            coordinates[parameter.name] = (axis.name, values, {"units": parameter.unit})
    stages = {stage.name: stage for stage in plan.stages}
    variables = [(variable, stage) for name, stage in stages.items() for variable in plan.variables(name)]
    if any(("time", len(plan.times)) in variable.tail and not variable.working for variable, _ in variables):
        coordinates["time"] = ("time", plan.times, {"units": "ps"})
    for name, value in plan.filling.items():
        coordinates[name] = ((), value, {"units": FILLING[name]})
    about = versions()
    summary = {
        "title": f"Sweep of {plan.material}",
        **attributes,
        **({"warnings": list(plan.warnings)} if plan.warnings else {}),
        **{f"{name}_version": version for name, version in about.items() if name != "git_commit"},
        "git_commit": about["git_commit"],
        "configuration": json.dumps(_plain(plan.configuration), ensure_ascii=False),
        "pulse": json.dumps(described(plan.chain.pulse, sys.maxsize)),
        "motion_error": plan.motion_error,
    }
    xr.Dataset(coords=coordinates, attrs=summary).to_zarr(folder, mode="w", zarr_format=3, consolidated=False)
    root = zarr.open_group(folder, mode="r+")
    working = root.create_group(_WORKING)
    for variable, stage in variables:
        axes = plan.over(variable.kind)
        sizes = plan.sizes(variable.kind)
        tail = [n for _, n in variable.tail]
        (working if variable.working else root).create_array(
            variable.name,
            shape=(*sizes.values(), *tail),
            chunks=(*(stage.block[axis] for axis in axes), *tail),
            dtype=variable.dtype,
            fill_value=np.nan if variable.dtype == "float64" else -1,
            compressors=[ZstdCodec(level=1), Crc32cCodec()],
            dimension_names=(*axes, *(name for name, _ in variable.tail)),
            attributes=_about(variable),
        )
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Consolidated metadata")
        zarr.consolidate_metadata(folder)
    description = {
        "format": FORMAT,
        "versions": about,
        "configuration": _plain(plan.configuration),
        "blocks": {stage.name: stage.block for stage in plan.stages},
        "chunks": {stage.name: stage.n_chunks for stage in plan.stages},
        "files": {str(file.relative_to(folder)): _digest(file) for file in sorted(folder.rglob("*")) if file.is_file()},
    }
    (folder / _MARKERS).mkdir()
    (folder / _MARKERS / _PLAN).write_text(json.dumps(description, ensure_ascii=False, indent=1), encoding="utf-8")


def _about(variable: Variable) -> dict[str, Any]:
    if variable.working:
        return {}
    return {"units": variable.unit, "long_name": variable.name.replace("_", " "), "description": variable.meaning}


def _plain(value: Any) -> Any:
    """`value` as JSON returns it."""
    return json.loads(json.dumps(value))


def _on_disk(file: Path) -> str:
    """Flush a file to disk; returns its digest."""
    with open(file, "rb") as written:
        os.fsync(written.fileno())
        return hashlib.file_digest(written, "sha256").hexdigest()


def _seal(files: dict[str, str], facts: dict[str, Any]) -> str:
    """Digest of a marker."""
    return hashlib.sha256(json.dumps([files, facts]).encode()).hexdigest()


def _digest(file: Path) -> str:
    with open(file, "rb") as written:
        return hashlib.file_digest(written, "sha256").hexdigest()


def _reason(error: OSError) -> str:
    return " ".join(str(error.strerror or error).split())
