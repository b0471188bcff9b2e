"""The contribution of the field at each time to the motion at one later time."""

import math
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from ...phonon import Phonon
from ...units import FIELD_FORCE

_NODES, _PERIODS = 16, 1.5
"""Gauss–Legendre nodes per panel of 1.5 periods: (eπ·1.5·2/(4·16))^32 ≈ 10⁻¹³ for products of two kernels"""


class Response(NamedTuple):
    """x(t) = ∫ G(s) e(s) ds on quadrature nodes, x = (z₁, ż₁, z₂, …), z = q_x + iq_y, e = E_x + iE_y."""

    times: Float[np.ndarray, " N"]
    """s, ps, both ends of the window included with weight zero"""
    weights: Float[np.ndarray, " N"]
    """ps"""
    kernel: Float[np.ndarray, "n N"]
    """G, n = 2P rows; zero for s > t"""

    def gramian(self) -> Float[np.ndarray, "n n"]:
        """W = ∫ G Gᵀ ds."""
        rows = self.kernel * np.sqrt(self.weights)
        return rows @ rows.T


def response(phonon: Phonon, time: float, start: float, end: float, top: float, finer: int = 1) -> Response:
    """The response at `time` to a field from `start` to `end` (ps), with nodes for frequencies up to `top` (THz)."""
    breaks = [start, time, end] if end > time else [start, time]
    pieces = [rule(a, b, finer * top) for a, b in pairwise(breaks)]
    times, weights = (np.concatenate(columns) for columns in zip(*pieces, strict=True))
    times, weights = np.concatenate([[start], times, [end]]), np.concatenate([[0.0], weights, [0.0]])
    return Response(times, weights, np.where(times <= time, kernel(phonon, time - times), 0.0))


def kernel(phonon: Phonon, delays: Float[np.ndarray, " N"]) -> Float[np.ndarray, "n N"]:
    """Coordinate and velocity of each pair (2P, N), `delays` (N,) ≥ 0 in ps after a kick of 1 MV/cm ps.

    q̈ + η q̇ + ω² q = c δ(t) with c = Z̃/ε∞ gives q = c e^{−(η/2−κ)t} (1 − e^{−2κt})/2κ, κ² = η²/4 − ω², at any
    damping. With η/2 − κ = ω²/(η/2 + κ) it neither overflows nor cancels.
    """
    delays = np.maximum(delays, 0.0)
    half, omega = np.asarray(phonon.damping)[:, None] / 2, np.asarray(phonon.angular_frequency)[:, None]
    kappa = np.sqrt((half**2 - omega**2).astype(complex))
    safe = np.where(kappa == 0, 1.0, kappa)
    slow = np.exp(-(omega**2) / (half + kappa) * delays)
    moved = slow * np.where(kappa == 0, delays, -np.expm1(-2 * safe * delays) / (2 * safe))
    turned = slow * (1 + np.exp(-2 * kappa * delays)) / 2 - half * moved
    force = np.asarray(phonon.mode_effective_charge * FIELD_FORCE / phonon.dielectric_constant)[:, None]
    return np.stack([force * np.real(moved), force * np.real(turned)], axis=1).reshape(-1, delays.size)


def fastest(phonon: Phonon) -> float:
    """The largest rate of the free motion over 2π, in THz: ν₀, or more if overdamped."""
    half, omega = np.asarray(phonon.damping) / 2, np.asarray(phonon.angular_frequency)
    return float(np.max(np.maximum(omega, half + np.sqrt(np.maximum(half**2 - omega**2, 0)))) / (2 * math.pi))


def rule(a: float, b: float, top: float) -> tuple[Float[np.ndarray, " N"], Float[np.ndarray, " N"]]:
    """Nodes and weights (N,) in ps of a quadrature from `a` to `b` of products of frequencies up to `top` (THz)."""
    x, w = np.polynomial.legendre.leggauss(_NODES)
    edges = np.linspace(a, b, max(2, math.ceil((b - a) * top / _PERIODS)) + 1)
    half = np.diff(edges)[:, None] / 2
    return (edges[:-1, None] + half * (1 + x)).ravel(), (half * w).ravel()
