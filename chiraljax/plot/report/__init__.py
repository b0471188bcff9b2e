"""The page of a parameter sweep: one interactive HTML file that needs no network."""

from ._report import sweep_report as sweep_report
