"""A search that is interrupted, and files from which none can go on."""

import jax.numpy as jnp
import numpy as np
import optax
import pytest

import chiraljax as cj
from chiraljax import InputError
from chiraljax.control import _checkpoint


@pytest.fixture(scope="module")
def interrupted(optimize_soon, tmp_path_factory):
    """A file of 20 steps."""
    path = tmp_path_factory.mktemp("search") / "search.npz"
    optimize_soon(steps=20, checkpoint=path)
    return path


@pytest.fixture
def saved(interrupted, tmp_path):
    path = tmp_path / "search.npz"
    path.write_bytes(interrupted.read_bytes())
    return path


@pytest.mark.slow
def test_goes_on_as_if_nothing_had_happened(optimize_soon, saved):
    """Bit for bit; 40 steps hold one change of the multipliers, and the mode of the pulse has a peak to keep to."""
    whole, seen = optimize_soon(steps=40), []
    found = optimize_soon(steps=40, checkpoint=saved, on_step=lambda done, *_: seen.append(done))
    assert seen == [30, 40]
    np.testing.assert_array_equal(found.pulse.amplitudes, whole.pulse.amplitudes)
    np.testing.assert_array_equal(found.history, whole.history)
    np.testing.assert_array_equal(found.violations, whole.violations)
    assert (found.objective, found.status) == (whole.objective, whole.status)
    assert [path.name for path in saved.parent.iterdir()] == ["search.npz"]


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"seed": 1}, "seed is 0 and not 1"),
        ({"starts": 3}, "starts is 2 and not 3"),
        ({"fluence": 0.1}, "constraints"),
        ({"leakage": 1e-2}, "constraints"),
        ({"objective": cj.AngularMomentumAt(4.0)}, "objective"),
        ({"objective": cj.PeakAngularMomentum()}, "objective"),
        ({"coupling": cj.ConstantInertia()}, "phonon, coupling or times"),
        ({"times": np.linspace(0, 5.2, 209)}, "pulse|phonon, coupling or times"),
        ({"deviations": cj.Deviations(field=0.1, samples=2)}, "deviations"),
        ({"pulse": cj.SplinePulse.zeros(0.0, 5.2, 2.42, 40)}, "pulse"),
        ({"mu": 0.1, "temperature": 600.0}, "mu is None and not 0.1"),
        ({"optimizer": optax.adam(0.1)}, "optimizer is another"),
    ],
)
def test_another_search(optimize_soon, saved, changes, name):
    before = saved.read_bytes()
    with pytest.raises(InputError, match=f"search.npz: must be a checkpoint of the same search, but its ({name})"):
        optimize_soon(steps=40, checkpoint=saved, **changes)
    assert saved.read_bytes() == before


def test_another_optimizer_with_more_state(tmp_path):
    _checkpoint.save(tmp_path / "few.npz", [jnp.zeros(2)], {})
    with pytest.raises(InputError, match="its optimizer is another"):
        _checkpoint.restore(tmp_path / "few.npz", [jnp.zeros(2), jnp.zeros(2)], {})


@pytest.mark.parametrize("kind", ["empty", "garbage", "half", "array", "other archive", "scrambled", "no table"])
def test_no_checkpoint(interrupted, tmp_path, kind):
    path, whole = tmp_path / "search.npz", interrupted.read_bytes()
    if kind == "array":
        with open(path, "wb") as file:
            np.save(file, np.zeros(3))
    elif kind in ("other archive", "no table"):
        np.savez(path, **({"a": np.zeros(3)} if kind == "other archive" else {"described": "[1]"}))
    else:
        middle = len(whole) // 2
        contents = {
            "empty": b"",
            "garbage": b"this is no archive\n" * 9,
            "half": whole[:middle],
            "scrambled": whole[:middle] + b"\xff" * 64 + whole[middle + 64 :],
        }
        path.write_bytes(contents[kind])
    with np.load(interrupted) as file:
        state = [jnp.asarray(file[name]) for name in file.files if name != "described"]
    with pytest.raises(InputError) as error:
        _checkpoint.restore(path, state, {"seed": "0"})
    assert "must be a checkpoint" in str(error.value)
    assert "\n" not in str(error.value)


def test_round_trip(tmp_path):
    state = {"a": jnp.arange(3), "b": (jnp.array([True, False]), jnp.array(2.5))}
    _checkpoint.save(tmp_path / "state.npz", state, {"seed": "0"})
    found = _checkpoint.restore(tmp_path / "state.npz", state, {"seed": "0"})
    assert found["b"][1] == 2.5
    assert found["b"][0].dtype == bool
    np.testing.assert_array_equal(found["a"], [0, 1, 2])


def test_a_file_that_cannot_be_written(tmp_path, monkeypatch):
    """The older one stays, and nothing else."""
    path = tmp_path / "state.npz"
    _checkpoint.save(path, [jnp.zeros(2)], {})
    before = path.read_bytes()

    def full(file, **_):
        file.write(b"half")
        raise OSError("No space left on device")

    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(OSError, match="No space"):
        _checkpoint.save(path, [jnp.ones(2)], {})
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]
