"""The command `chiraljax`: parse, call, print. Each command imports what it needs when it runs."""

from ._main import main as main
