"""Conversion factors against the numbers printed in docs/conventions.md."""

import numpy as np
import pytest

from chiraljax import units


def test_printed_factors():
    assert pytest.approx(8.617333262e-5, rel=1e-10) == units.BOLTZMANN
    assert pytest.approx(1.0364269e-4, rel=1e-7) == units.MASS_ENERGY
    assert pytest.approx(6.350780, rel=1e-7) == units.HBAR
    assert pytest.approx(96.48533, rel=1e-7) == units.FIELD_FORCE
    assert units.HBAR_EV_PS * 2 * np.pi * 2.42 == pytest.approx(10.008e-3, rel=1e-4)


def test_factors_against_each_other():
    """ħ once in u Å²/ps and once in eV ps; 1 e·MV/cm over 1 Å is 0.01 eV."""
    assert pytest.approx(units.HBAR_EV_PS, rel=1e-12) == units.HBAR * units.MASS_ENERGY
    assert units.FIELD_FORCE * units.MASS_ENERGY == pytest.approx(0.01, rel=1e-12)


def test_fluence_of_a_constant_field():
    """E²/Z₀ with the vacuum impedance 376.730 Ω: (1 MV/cm)² for 1 ps is 2.654 mJ/cm²."""
    joules_per_m2 = (1e8) ** 2 / 376.730313 * 1e-12
    assert pytest.approx(joules_per_m2 * 0.1, rel=1e-8) == units.FLUENCE
