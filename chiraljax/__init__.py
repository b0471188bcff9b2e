"""Magnetic moments from chiral phonons, as one differentiable program.

A laser pulse drives a phonon in a circle, the turning lattice splits electron spins, a magnetic
moment appears: pulse → phonon → coupling → electrons → M_z.

The public names are those of `__init__.pyi`. Each is imported when it is first used (Scientific
Python SPEC 1), so that `chiraljax --help` does not wait for JAX.
"""

from importlib.metadata import version

import lazy_loader

from ._versions import require_supported_jax

require_supported_jax(version("jax"))

__version__ = version("chiraljax")

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
