"""The example of the README prints what the README says."""

import contextlib
import io
import re
from pathlib import Path

import jax
import pytest

README = Path(__file__).parents[1] / "README.md"
NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e[+-]?\d+)?")


def test_example():
    text = README.read_text(encoding="utf-8")
    code = re.search(r"```python\n(.*?)```", text, re.DOTALL)[1]
    expected = re.search(r"```text\n(.*?)```", text, re.DOTALL)[1]
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), jax.numpy_dtype_promotion("standard"):
        exec(compile(code, "README.md", "exec"), {})
    assert NUMBER.sub("#", printed.getvalue()) == NUMBER.sub("#", expected)
    values, promised = ([float(x) for x in NUMBER.findall(t)] for t in (printed.getvalue(), expected))
    for value, promise in list(zip(values, promised, strict=True)):
        assert value == pytest.approx(promise, rel=0.01) or abs(promise) < 1e-6  # the error estimate has one digit


def test_length():
    assert len(README.read_text(encoding="utf-8").splitlines()) <= 120
