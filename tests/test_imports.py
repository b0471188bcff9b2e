"""What is imported before it is needed, in processes of their own."""

import subprocess
import sys

import pytest

LOAD = "import chiraljax as cj; cj.enable_x64(); cj.load_material('KTaO3')"


@pytest.mark.parametrize(
    ("code", "later"),
    [
        ("import chiraljax.cli", {"jax", "rich", "xarray"}),
        (LOAD, {"phonopy", "diffrax._integrate", "optax", "xarray.core", "pandas", "matplotlib", "plotly", "zarr"}),
    ],
    ids=["command", "material"],
)
def test_later(code, later):
    code += "; import sys; print(*sys.modules)"
    imported = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not later & set(imported)
