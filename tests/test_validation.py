"""Text and numbers in files as people have them."""

from pathlib import Path

import numpy as np
import pytest

import chiraljax as cj
from chiraljax.io import load_sweep

PULSE = "[[gaussian]]\npeak_field = 1.0\n"
FIELD = "t,E_x,E_y\n0,0,0\n1,1,0\n2,0,1\n3,0,0\n"
SWEEP = 'material = "KTaO3"\n[axes]\nmu = [0.0]\n[times]\nend = 4.0\n[electrons]\ntemperature = 300.0\n'


def test_a_byte_order_mark_is_no_text(tmp_path):
    """As some editors write it."""
    for name, text in (("p.toml", PULSE), ("p.csv", FIELD)):
        (tmp_path / name).write_text("\ufeff" + text, encoding="utf-8")
        plain = tmp_path / f"plain-{name}"
        plain.write_text(text, encoding="utf-8")
        times = np.linspace(-1, 3, 9)
        np.testing.assert_array_equal(cj.load_pulse(tmp_path / name)(times), cj.load_pulse(plain)(times))


@pytest.mark.parametrize("value", ["true", "false"])
def test_true_and_false_are_no_numbers(tmp_path, value):
    (tmp_path / "p.toml").write_text(f"[[gaussian]]\npeak_field = {value}\n")
    with pytest.raises(cj.InputError, match=r"gaussian.0.peak_field must be a valid number, but got (True|False)"):
        cj.load_pulse(tmp_path / "p.toml")
    (tmp_path / "s.toml").write_text(SWEEP.replace("end = 4.0", f"end = {value}"))
    with pytest.raises(cj.InputError, match=r"times.end must be a valid number, but got (True|False)"):
        load_sweep(tmp_path / "s.toml")
    text = (Path(cj.__file__).parent / "materials" / "KTaO3.toml").read_text()
    (tmp_path / "m.toml").write_text(text.replace("spin_orbit = 0.28868", f"spin_orbit = {value}"))
    with pytest.raises(cj.InputError, match=r"electrons.shells.1.spin_orbit must be a valid number"):
        cj.load_material(tmp_path / "m.toml")


def test_underscores_are_in_no_number_of_a_table(tmp_path):
    (tmp_path / "p.csv").write_text(FIELD.replace("3,0,0", "6_0.000,0,0"))
    with pytest.raises(cj.InputError, match=r"row 5, column t must be a finite number, but got '6_0.000'"):
        cj.load_pulse(tmp_path / "p.csv")
    (tmp_path / "b.csv").write_text("k1,k2,k3,e1\n0,0,0,1_0.0\n")
    with pytest.raises(cj.InputError, match=r"1_0\.0"):
        cj.read_bands(tmp_path / "b.csv")
