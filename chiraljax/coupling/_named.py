"""Couplings by name."""

from typing import Any

from .._errors import check
from .._family import family
from ._base import AbstractCoupling


def coupling_of(coupling: AbstractCoupling | str) -> AbstractCoupling:
    """The coupling itself, or that of this name in files, with the defaults of its class.

    Raises:
        InputError: for an unknown name, with the known ones.
    """
    if isinstance(coupling, AbstractCoupling):
        return coupling
    members: dict[str, Any] = family(AbstractCoupling)
    check(coupling in members, "coupling", f"must be one of {', '.join(sorted(members))}, but got {coupling!r}")
    return members[coupling]()
