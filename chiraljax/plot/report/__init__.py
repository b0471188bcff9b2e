"""The interactive page of a sweep: one HTML file that needs no network."""

from ._report import sweep_report as sweep_report
