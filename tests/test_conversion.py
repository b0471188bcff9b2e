"""Units of files and options, against scipy.constants."""

import numpy as np
import pytest
from scipy import constants

from chiraljax import InputError
from chiraljax._conversion import converted, number_in
from chiraljax.cli._arguments import grid

EV, H = constants.e, constants.h


@pytest.mark.parametrize(
    ("unit", "given", "si", "own"),
    [
        ("MV/cm", "kV/cm", 1e5, 1e8),
        ("MV/cm", "V/cm", 1e2, 1e8),
        ("MV/cm", "GV/m", 1e9, 1e8),
        ("MV/cm", "MV/m", 1e6, 1e8),
        ("MV/cm", "kV/m", 1e3, 1e8),
        ("MV/cm", "V/m", 1.0, 1e8),
        ("MV/cm", "V/nm", 1 / constants.nano, 1e8),
        ("MV/cm", "V/Å", 1 / constants.angstrom, 1e8),
        ("ps", "as", constants.atto, constants.pico),
        ("ps", "fs", constants.femto, constants.pico),
        ("ps", "ns", constants.nano, constants.pico),
        ("ps", "µs", constants.micro, constants.pico),
        ("ps", "ms", constants.milli, constants.pico),
        ("ps", "s", 1.0, constants.pico),
        ("THz", "Hz", 1.0, constants.tera),
        ("THz", "kHz", constants.kilo, constants.tera),
        ("THz", "MHz", constants.mega, constants.tera),
        ("THz", "GHz", constants.giga, constants.tera),
        ("THz", "PHz", constants.peta, constants.tera),
        ("THz", "meV", 1e-3 * EV / H, constants.tera),
        ("THz", "eV", EV / H, constants.tera),
        ("THz", "1/cm", 100 * constants.c, constants.tera),
        ("THz", "cm⁻¹", 100 * constants.c, constants.tera),
        ("rad/ps", "rad/fs", 1e15, 1e12),
        ("rad/ps", "rad/ns", 1e9, 1e12),
        ("rad/ps", "rad/s", 1.0, 1e12),
        ("rad", "mrad", 1e-3, 1.0),
        ("rad", "deg", constants.degree, 1.0),
        ("eV", "meV", 1e-3, 1.0),
        ("eV", "keV", 1e3, 1.0),
        ("eV", "Ry", constants.h * constants.c * constants.Rydberg, EV),
        ("eV", "Ha", constants.value("Hartree energy"), EV),
        ("K", "mK", 1e-3, 1.0),
        ("angstrom", "Å", 1.0, 1.0),
        ("angstrom", "nm", constants.nano, constants.angstrom),
        ("angstrom", "pm", constants.pico, constants.angstrom),
        ("angstrom", "bohr", constants.value("Bohr radius"), constants.angstrom),
        ("mJ/cm^2", "µJ/cm²", 1e-2, 10.0),
        ("mJ/cm^2", "J/cm2", 1e4, 10.0),
        ("mJ/cm^2", "J/m^2", 1.0, 10.0),
    ],
)
def test_factors(unit, given, si, own):
    """One of the given unit in SI over one of the own unit in SI; 1e-9 is the accuracy of the Rydberg in eV."""
    assert number_in(f"1 {given}", unit, "x") == pytest.approx(si / own, rel=1e-9)
    assert number_in(f"-2.5e3 {given}", unit, "x") == pytest.approx(-2.5e3 * si / own, rel=1e-9)
    np.testing.assert_allclose(converted(np.array([1.0, 3.0]), given, unit, "x"), [si / own, 3 * si / own], rtol=1e-9)


def test_powers_of_ten_are_exact():
    """A shifted decimal point gives the same double as the digits written with it shifted."""
    for text in np.random.default_rng(0).uniform(-2000, 2000, 500).round(3).astype(str):
        digits = text.lstrip("-").replace(".", "").zfill(8)
        places = len(text.partition(".")[2]) + 3
        shifted = f"{'-' if text[0] == '-' else ''}{digits[:-places] or 0}.{digits[-places:]}"
        assert number_in(f"{text} kV/cm", "MV/cm", "x") == float(shifted)


@pytest.mark.parametrize("text", ["5 kg", "5 kv/cm", "5 mV/cm", "kV/cm", "5 kV / cm", "1 2 kV/cm", "5 K"])
def test_unknown_units_are_refused(text):
    with pytest.raises(InputError, match=r"x must be a valid number, or .* \(MV/cm, kV/cm, .*\), but got"):
        number_in(text, "MV/cm", "x")


def test_numbers_of_options():
    np.testing.assert_array_equal(grid("--mu", "0meV:200 meV:3", "eV"), grid("--mu", "0:0.2:3", "eV"))
    np.testing.assert_array_equal(grid("--mu", "50meV", "eV"), [0.05])
    np.testing.assert_array_equal(grid("--times", "0ps:5000fs:2", "ps"), [0.0, 5.0])
    for text in ("0:200meV:3", "100meV:200:3", "3K", "0:1:3meV"):
        with pytest.raises(InputError, match=r"--mu must .*\(A and B in eV, or both with a unit, eV, .* or Ha\)"):
            grid("--mu", text, "eV")
