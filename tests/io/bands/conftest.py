"""Files of bands, and what is said of those that are wrong."""

from pathlib import Path

import numpy as np
import pytest

from chiraljax import Bands, InputError, read_bands


@pytest.fixture(scope="session")
def files():
    """The folder of sample files."""
    return Path(__file__).parents[2] / "data" / "bands"


@pytest.fixture(scope="session")
def refused():
    """Reading a file gives one line that names it, or the one `beside` it that is at fault, and holds some text."""

    def check(path, text, beside=None, **arguments):
        with pytest.raises(InputError) as caught:
            read_bands(path, **arguments)
        message, source = str(caught.value), beside or path
        assert caught.value.source == str(source)
        assert message.startswith(f"{source}: ")
        assert message.count(str(source)) == 1
        assert "\n" not in message
        assert text in message

    return check


@pytest.fixture
def edited(files, tmp_path):
    """A copy of a sample file with a piece of it replaced."""

    def copy(name, old, new, count=1):
        text = (files / name).read_text()
        assert old in text
        path = tmp_path / Path(name).name
        path.write_text(text.replace(old, new, count))
        return path

    return copy


@pytest.fixture(scope="session")
def bands():
    """Three bands at two k-points with all that `Bands` may hold."""
    return Bands(
        np.array([[0, 0, 0], [0.5, 0, 1 / 3]]),
        np.array([[-1.0, 0.25, 3.0], [-2.0, 0.5, 0.5]]),
        np.array([1.0, 3.0]),
        {"O.p": np.arange(6.0).reshape(2, 3), "Ta.d.xy": np.ones((2, 3)) / 7},
        True,
        1,
        0.125,
        "bands.out, program 1.0",
    )
