"""Figures as PNG and PDF."""

from pathlib import Path

from matplotlib.figure import Figure

from ..plot import save_figure


def save(figure: Figure, folder: Path, name: str) -> None:
    """Write name.png and name.pdf."""
    for suffix in (".png", ".pdf"):
        save_figure(figure, folder / f"{name}{suffix}")
