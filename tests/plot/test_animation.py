"""The moving picture: as many frames as asked for, whole or not at all, and refusals in one line."""

import dataclasses

import numpy as np
import pytest
from PIL import Image

import chiraljax as cj
from chiraljax.plot import _animation, write_animation


@pytest.fixture(scope="module")
def motion(phonon, pulse):
    return phonon.drive(pulse, np.linspace(2, 4, 41), initial=(np.zeros(2), np.zeros(2)))


def _frames(path):
    with Image.open(path) as picture:
        found = []
        for frame in range(picture.n_frames):
            picture.seek(frame)
            found.append(np.asarray(picture.convert("RGB")).astype(int))
        return found


def test_frames(tmp_path, motion, pulse, ktao3):
    write_animation(tmp_path / "cell.gif", motion, pulse, ktao3.crystal, np.linspace(0, 1, 41), frames=6)
    frames = _frames(tmp_path / "cell.gif")
    assert len(frames) == 6
    assert all(np.any(frame != frames[0]) for frame in frames[1:])
    assert [file.name for file in tmp_path.iterdir()] == ["cell.gif"]


def test_the_largest_displacement_is_a_tenth_of_the_lattice_constant(motion, ktao3, pulse):
    """Of the O in the plane; the factor is rounded to two digits, and the frames may miss the largest by a little."""
    axes = _animation.Figure().subplots()
    plane = np.eye(3)[:2].T
    moving = _animation.CubicHermiteSpline(motion.times, motion.displacements @ plane, motion.site_velocities @ plane)
    cell = _animation._Cell(axes, np.linspace(2, 4, 200), ktao3.crystal, moving, plane, 0.2)
    begun = cell.tracks[:, :, -1] - cell.tracks[0, :, -1]
    assert np.linalg.norm(begun, axis=-1).max() == pytest.approx(0.3988, rel=0.05)
    assert cell.tracks.shape == (200, 9 + 1, 24, 2)


def test_the_field_is_that_of_the_pulse(pulse):
    instants = np.linspace(2, 4, 5)
    panel = _animation._Field(_animation.Figure().subplots(), instants, pulse)
    panel.show(2)
    np.testing.assert_allclose([panel.arrow.U[0], panel.arrow.V[0]], pulse(3.0))


def test_ten_frames_a_period(tmp_path, motion, pulse, ktao3):
    write_animation(tmp_path / "cell.gif", motion, pulse, ktao3.crystal)
    assert len(_frames(tmp_path / "cell.gif")) == np.ceil(10 * 2.42 * 2) + 1


def test_a_cell_at_rest(tmp_path, phonon, ktao3):
    still = cj.GaussianPulse(peak_field=0.0)
    motion = phonon.drive(still, np.linspace(2, 4, 41))
    write_animation(tmp_path / "cell.gif", motion, still, ktao3.crystal, frames=2)
    assert (tmp_path / "cell.gif").exists()


def test_a_failure_leaves_the_older_file(tmp_path, motion, pulse, ktao3, monkeypatch):
    (tmp_path / "cell.gif").write_text("old")

    def fail(*_):
        raise OSError("No space left on device")

    monkeypatch.setattr("os.replace", fail)
    with pytest.raises(OSError, match="No space"):
        write_animation(tmp_path / "cell.gif", motion, pulse, ktao3.crystal, frames=2)
    assert [file.name for file in tmp_path.iterdir()] == ["cell.gif"]
    assert (tmp_path / "cell.gif").read_text() == "old"


@pytest.mark.parametrize(
    ("name", "changes", "message"),
    [
        ("cell.png", {}, "path must end in .gif, but got"),
        ("cell.gif", {"frames": 1}, "frames must be at least 2, but got 1"),
        ("cell.gif", {"moment": [1.0]}, r"moment must have the shape \(41,\) of the times"),
        ("cell.gif", {"crystal": cj.Crystal(np.eye(3), ["K"], [[0, 0, 0]])}, "must have the 5 sites of the motion"),
    ],
)
def test_refused(tmp_path, motion, pulse, ktao3, name, changes, message):
    arguments = {"motion": motion, "pulse": pulse, "crystal": ktao3.crystal} | changes
    with pytest.raises(cj.InputError, match=message):
        write_animation(tmp_path / name, **arguments)
    assert not list(tmp_path.iterdir())


def test_too_few_times(tmp_path, motion, pulse, ktao3):
    coarse = {name: getattr(motion, name)[::10] for name in ("times", "q", "velocity")}
    with pytest.raises(cj.InputError, match=r"times at most 0.103 ps apart"):
        write_animation(tmp_path / "cell.gif", dataclasses.replace(motion, **coarse), pulse, ktao3.crystal)
