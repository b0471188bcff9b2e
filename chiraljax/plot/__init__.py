"""Figures, as matplotlib `Figure`s without a display or global state."""

from ._animation import write_animation as write_animation
from ._bands import bands_figure as bands_figure
from ._bands import draw_bands as draw_bands
from ._bands import draw_spin_bands as draw_spin_bands
from ._dos import dos_figure as dos_figure
from ._dos import draw_dos as draw_dos
from ._drive import drive_figure as drive_figure
from ._fit import fit_figure as fit_figure
from ._from_edge import bands_from_edge as bands_from_edge
from ._from_edge import levels_from_edge as levels_from_edge
from ._lattice import draw_dispersion as draw_dispersion
from ._lattice import draw_mode as draw_mode
from ._lattice import lattice_figure as lattice_figure
from ._moment import draw_moment_temperature as draw_moment_temperature
from ._moment import moment_temperature_figure as moment_temperature_figure
from ._moment import moment_time_figure as moment_time_figure
from ._optimum import convergence_figure as convergence_figure
from ._optimum import optimum_figure as optimum_figure
from ._style import COLORS as COLORS
from ._style import PAGE as PAGE
from ._style import new_figure as new_figure
from ._style import panel_label as panel_label
from ._style import save_figure as save_figure
from ._style import styled as styled
from .report import sweep_report as sweep_report
