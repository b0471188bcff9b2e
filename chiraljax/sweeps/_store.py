"""The Zarr store of a sweep: results, working arrays, and a marker for every chunk that is safely there."""

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
from ._plan import SweepPlan
from ._stage import Chunk, Stage

FORMAT = 1
"""Of the store; raised whenever an older chiraljax could not read it or go on with it."""
_MARKERS, _WORKING, _LOCK = ".chiraljax", "working", "lock"
_PLAN = "plan.json"
_HEX = 12 * "[0-9a-f]"
"""Pattern of the ends of temporary names."""


class Store:
    """The folder of a sweep.

    The root is a Zarr group of format 3 with the results and their coordinates; the group `working` holds what the
    stages pass on. A chunk of work writes whole Zarr chunks, one file a variable, then its marker with their checksums;
    without a marker it has not been done.
    """

    def __init__(self, path: str | os.PathLike[str]):
        self.path = Path(path)
        self._arrays: dict[Path, Any] = {}

    @classmethod
    def create(cls, path: str | os.PathLike[str], plan: SweepPlan, attributes: dict[str, str]) -> "Store":
        """A store without a chunk done, which appears whole or not at all.

        Raises `InputError` if there is something at `path`, or it cannot be written.
        """
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
        """Format, versions, configuration and chunks with which the store was made.

        Raises `InputError` for what is no store of a sweep, or one of another format.
        """
        file = self.path / _MARKERS / _PLAN
        try:
            known = json.loads(file.read_text(encoding="utf-8"))
            number = known["format"]
        except (OSError, ValueError, KeyError, TypeError):
            raise InputError("", "must be the store of a sweep, but is not", str(self.path)) from None
        check(
            number == FORMAT,
            "",
            f"must be a store of format {FORMAT}, but is one of format {number} (chiraljax "
            f"{known.get('versions', {}).get('chiraljax', 'unknown')})",
            self.path,
        )
        return known

    def check_same(self, plan: SweepPlan) -> None:
        """Raise `InputError`, with the differences, unless the store is of the same sweep and the same software."""
        known = self.description()
        found = [
            *differences(known["configuration"], _plain(plan.configuration)),
            *differences(known["versions"], versions()),
        ]
        shown = "; ".join(found[:5]) + (f"; and {len(found) - 5} more" if len(found) > 5 else "")
        check(not found, "", f"must be of the same sweep to be resumed, but differs: {shown}", self.path)

    def check_software(self, who: str) -> None:
        """Raise `InputError`, with the differences, unless `who` calls this has the software that made the store."""
        found = list(differences(self.description()["versions"], versions()))
        check(not found, who, f"must have the software of the store, but differs: {'; '.join(found)}", self.path)

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Nobody else runs on this store meanwhile; raises `InputError` if somebody does.

        The file of the lock stays: who removed it might remove that of the next.
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
        """Put a chunk on disk, then its marker.

        `values` may be larger than the chunk where the grid ends; of a variable that lacks axes of the stage, only the
        chunk that is first along them writes. Raises `InputError` if the disk is full or not writable.
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
        """A variable on a chunk of a later stage, the last entry repeated where the grid ends."""
        region = tuple(chunk.slices[axis] for axis in axes)
        values = np.asarray(self._array(variable)[(*region, *[slice(None)] * len(variable.tail))])
        missing = [len(chunk.indices[axis]) - n for axis, n in zip(axes, values.shape, strict=False)]
        widths = [(0, n) for n in missing] + [(0, 0)] * len(variable.tail)
        return np.pad(values, widths, mode="edge") if any(missing) else values

    def done(self, stage: Stage, number: int) -> bool:
        """Whether the chunk has its marker."""
        return self._marker(stage.name, number).exists()

    def facts(self, stage: Stage) -> list[dict[str, Any]]:
        """What the chunks of a finished stage left in their markers."""
        return [
            json.loads(self._marker(stage.name, n).read_text(encoding="utf-8"))["facts"] for n in range(stage.n_chunks)
        ]

    def verify(self, stages: tuple[Stage, ...]) -> int:
        """Withdraw the markers of chunks whose files are not what was written, and say how many; remove torn files.

        Raises `InputError` if the coordinates or what describes the arrays is not what was written.
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
            known = json.loads(marker.read_text(encoding="utf-8"))
            sealed = known["sha256"] == _seal(known["files"], known["facts"])
            return sealed and all(_digest(self.path / file) == digest for file, digest in known["files"].items())
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
        """A result and what is passed on may have the same name, as the rotation has."""
        return f"{_WORKING}/{variable.name}" if variable.working else variable.name


def open_sweep(path: str | os.PathLike[str]) -> xr.Dataset:
    """The results of a sweep, read from disk as they are used.

    Raises `InputError` for what is no store of a sweep, or one of another format.
    """
    configuration = Store(path).description()["configuration"]
    try:
        dataset = xr.open_zarr(path, chunks=None)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError("", f"must be the store of a sweep, but {' '.join(str(error).split())}", str(path)) from None
    asked = [*configuration["outputs"], *configuration["gradients"]]
    return dataset[[*asked, *(name for name in dataset.data_vars if name not in asked)]]


@contextlib.contextmanager
def disk(path: Path) -> Iterator[None]:
    """Turn what the file system refuses into an `InputError` that says what can be done."""
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
        coordinates[name] = ((), value, {"units": next(one.unit for one in plan.fixed if one.name == name)})
    about = versions()
    summary = {
        "title": f"Sweep of {plan.material}",
        **attributes,
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
    known = {
        "format": FORMAT,
        "versions": about,
        "configuration": _plain(plan.configuration),
        "blocks": {stage.name: stage.block for stage in plan.stages},
        "files": {str(file.relative_to(folder)): _digest(file) for file in sorted(folder.rglob("*")) if file.is_file()},
    }
    (folder / _MARKERS).mkdir()
    (folder / _MARKERS / _PLAN).write_text(json.dumps(known, ensure_ascii=False, indent=1), encoding="utf-8")


def _about(variable: Variable) -> dict[str, Any]:
    if variable.working:
        return {}
    return {"units": variable.unit, "long_name": variable.name.replace("_", " "), "description": variable.meaning}


def _plain(value: Any) -> Any:
    """As it is read back from JSON."""
    return json.loads(json.dumps(value))


def _on_disk(file: Path) -> str:
    """See to it that a file has left the machine's memory; its digest."""
    with open(file, "rb") as written:
        os.fsync(written.fileno())
        return hashlib.file_digest(written, "sha256").hexdigest()


def _seal(files: dict[str, str], facts: dict[str, Any]) -> str:
    """Of what a marker says."""
    return hashlib.sha256(json.dumps([files, facts]).encode()).hexdigest()


def _digest(file: Path) -> str:
    with open(file, "rb") as written:
        return hashlib.file_digest(written, "sha256").hexdigest()


def _reason(error: OSError) -> str:
    return " ".join(str(error.strerror or error).split())
