"""The examples of the documentation run, one after another in one session a page."""

import contextlib
import io
import re
from pathlib import Path

import jax
import pytest

DOCS = Path(__file__).parents[1] / "docs"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("page", "result"),
    [
        ("index.md", "Simulation, converged"),
        ("fitting.md", "gap = "),
        ("pulses.md", "% of the limit, "),
        ("sweeps.md", "largest |M_z| = "),
        ("phonons.md", "MHz/T"),
    ],
)
def test_examples(page, result, tmp_path, monkeypatch):
    code = re.findall(r"```python\n(.*?)```", (DOCS / page).read_text(encoding="utf-8"), re.DOTALL)
    assert code
    monkeypatch.chdir(tmp_path)
    session = {}
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), jax.numpy_dtype_promotion("standard"):
        for block in code:
            exec(compile(block, page, "exec"), session)
    assert result in printed.getvalue()
    if page == "fitting.md":
        assert session["best"].loss < session["best"].history[0]
