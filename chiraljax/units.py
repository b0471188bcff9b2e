"""Conversion factors between the units of `docs/conventions.md`.

Lengths are in Å, times in ps, masses in u, energies in eV, fields in MV/cm and angular
momenta in ħ. Every factor is derived from CODATA values in `scipy.constants`.
"""

from scipy import constants as _si

_ANGSTROM, _PS = 1e-10, 1e-12
_U = _si.atomic_mass
_ACTION = _U * _ANGSTROM**2 / _PS
"""1 u Å²/ps in J s, the unit of q × q̇."""

MASS_ENERGY = _U * (_ANGSTROM / _PS) ** 2 / _si.e
"""eV in 1 u Å²/ps²."""

HBAR = _si.hbar / _ACTION
"""ħ in u Å²/ps."""

HBAR_EV_PS = _si.hbar / _si.e / _PS
"""ħ in eV ps: multiplies an angular velocity in rad/ps to give an energy in eV."""

HARTREE = _si.physical_constants["Hartree energy in eV"][0]
"""eV in one hartree."""

BOHR = _si.physical_constants["Bohr radius"][0] / _ANGSTROM
"""Å in one Bohr radius."""

BOLTZMANN = _si.k / _si.e
"""k_B in eV/K."""

FIELD_FORCE = _si.e * 1e8 / (_U * _ANGSTROM / _PS**2)
"""Force on one elementary charge in 1 MV/cm, in u Å/ps²."""

FLUENCE = _si.epsilon_0 * _si.c * 1e16 * _PS * 0.1
"""Fluence in mJ/cm² of 1 (MV/cm)² lasting 1 ps in vacuum, ε₀c∫|E|²dt."""

MAGNETON_RATIO = _si.physical_constants["nuclear magneton"][0] / _si.physical_constants["Bohr magneton"][0]
"""Nuclear magneton in Bohr magnetons."""

NUCLEAR_MAGNETON = _si.physical_constants["nuclear magneton"][0] / _si.h * _PS
"""μ_N/h in THz/T."""

PER_CM3_TO_PER_A3 = 1e-24
"""Converts a density in cm⁻³ to Å⁻³."""

ION_MAGNETONS = _si.e * _ANGSTROM**2 / _PS / 2 / _si.physical_constants["nuclear magneton"][0]
"""Nuclear magnetons in ½ e Å²/ps, the moment ½ r × j of moving charges."""

PERMITTIVITY = _si.epsilon_0 * _U * _ANGSTROM**3 / (_si.e * _PS) ** 2
"""ε₀ in e²ps²/(u Å³), the unit of Z̃²/(V ω²)."""
