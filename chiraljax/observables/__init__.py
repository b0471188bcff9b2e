"""Thermal traces and what is made of them."""

from ._band_edges import BandEdge as BandEdge
from ._band_edges import conduction_edge as conduction_edge
from ._band_edges import valence_edge as valence_edge
from ._chemical_potential import chemical_potential as chemical_potential
from ._chemical_potential import per_cell as per_cell
from ._curve import MagnetizationCurve as MagnetizationCurve
from ._curve import magnetization_curve as magnetization_curve
from ._dos import DensityOfStates as DensityOfStates
from ._dos import density_of_states as density_of_states
from ._fermi_surface import FermiSurface as FermiSurface
from ._magnetization import Magnetization as Magnetization
from ._magnetization import magnetization as magnetization
from ._masses import effective_masses as effective_masses
from ._masses import gap as gap
from ._region import quadrature as quadrature
from ._result import AbstractResult as AbstractResult
from ._site_curve import MagnetizationPath as MagnetizationPath
from ._site_curve import magnetization_path as magnetization_path
from ._susceptibility import Susceptibility as Susceptibility
from ._susceptibility import susceptibility as susceptibility
from ._thermal import ThermalTrace as ThermalTrace
from ._thermal import divided_differences as divided_differences
from ._thermal import fermi as fermi
from ._thermal import thermal_trace as thermal_trace
