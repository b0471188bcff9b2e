"""The command `chiraljax`: parse, call, print. What it computes is imported only by the command that runs."""

from ._main import main as main
