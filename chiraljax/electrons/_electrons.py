"""The tight-binding Hamiltonian of the electrons."""

import dataclasses
from collections.abc import Mapping, Sequence

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from .._checks import check_finite
from .._errors import check
from .._module import Module
from .._parallel import one_thread
from .._precision import require_x64
from .._tracing import array_namespace, concrete
from .._types import Array, ArrayLike, Complex, Energies, Float, Hamiltonian, Int, Scalar, real
from ..crystal import Crystal, point_operations, site_images
from ..units import HBAR_EV_PS
from ._bonds import HoppingBonds, bond_table, bonds_of
from ._eigen import eigenvalues
from ._orbitals import names
from ._specification import Hopping, Shell, ShellKind
from ._structure import Structure, assemble
from ._symmetry import kept_operations
from .terms import AbstractTerm, check_term, generic


class Electrons(Module):
    """A two-centre Slater–Koster model with spin–orbit and spin–rotation coupling.

    H(k, Ω) = H₀(k) ⊗ 1 + Σ_shells ξ L·S + s Σ_i Σ_shells w ħΩ_i·J_i + Σ_terms,  J_i = L + S of a shell on site i,

    with Ω_i = Ω unless each site has its own, in the lattice gauge, H(k) = Σ_R e^{2πi k·R} H(R), so H(k + G) = H(k).
    The last sum is over `terms`, those of one's own included (`with_terms`).
    Basis: site, then orbital, then spin (↑, ↓); the spin runs fastest. Energies in eV, Ω in rad/ps. H₀: Slater and
    Koster, Phys. Rev. 94, 1498 (1954). Rotation term: Geilhufe and Hergert, Phys. Rev. B 107, L020406 (2023), Eq. 3.

    Built by `slater_koster` or `load_material`. `parameters` (name → eV), `rotation_weights` (one factor w per shell)
    and the numbers of `terms` are differentiable; all else is static.
    """

    parameters: dict[str, Scalar]
    rotation_weights: Float[Array, " shells"]
    crystal: Crystal
    filling: int = eqx.field(static=True)
    """filled spin-orbitals per cell of the undoped crystal"""
    rotation_sign: int = eqx.field(static=True)
    """s: +1 as in the text of the paper ("extended by ω·J"), −1 for the rotating frame (Barnett)"""
    operations: tuple = eqx.field(static=True, repr=False)
    """point operations of the crystal under which H is symmetric, integer matrices on fractional coordinates"""
    _structure: Structure = eqx.field(static=True)
    terms: tuple[AbstractTerm, ...] = ()
    """further terms"""

    def __repr__(self) -> str:
        width = max(map(len, self.parameters))
        values = {name: concrete(value) for name, value in self.parameters.items()}
        rows = [
            f"  {name:<{width}}  " + ("not known yet" if value is None else f"{value:.6g} eV")
            for name, value in values.items()
        ]
        table = bond_table(self.bonds).splitlines() if self.bonds else []
        rows += [f"  {line}" for line in table]
        return "\n".join([f"Electrons, {self.size} spin-orbitals, {self.filling} filled", *rows])

    def hamiltonian(self, k: ArrayLike, rotation: ArrayLike = 0.0) -> Hamiltonian:
        """H (..., n, n) in eV.

        Args:
            k: fractional k-points (..., 3).
            rotation: in rad/ps, Ω along z, a vector (3,), or one vector per site of `crystal`, (sites, 3); those of
                sites without orbitals have no effect.

        Raises:
            InputError: for another shape of k or of the rotation, and for values that are not finite.
        """
        return _hamiltonian(self, _points(k), self._static_zero(rotation))

    def spinless_hamiltonian(self, k: ArrayLike) -> Hamiltonian:
        """H₀ (..., n/2, n/2) in eV, without spin–orbit coupling and rotation, at fractional k-points (..., 3).

        Raises:
            InputError: for another shape of k, and for values that are not finite.
        """
        return _spinless_hamiltonian(self, _points(k))

    def hoppings(self, rotation: ArrayLike = 0.0) -> tuple[Int[np.ndarray, "R 3"], Complex[Array, "R n n"]]:
        """The cells R (R, 3) and H(R)[a, b] = ⟨0a|H|Rb⟩ (R, n, n) in eV, with Ω as in `hamiltonian`.

        `hamiltonian` is H(k) = Σ_R e^{2πi k·R} H(R). The cells ascend and contain −R for every R, with H(−R) = H(R)†;
        H(R) is linear in the parameters and in Ω.
        """
        cells, at, opposite = self._structure.lattice
        kept = self._kept_hoppings()
        xp = array_namespace((self, rotation))
        spatial = _sum_at(np.concatenate([at, opposite]), xp.concatenate([kept, xp.swapaxes(kept, 1, 2)]), len(cells))
        both = xp.einsum("Rab,st->Rasbt", spatial, np.eye(2)).reshape(-1, self.size, self.size)
        home = np.flatnonzero(~cells.any(axis=1))
        shape = (len(home), self.size, self.size)
        inside = _sum_at(home, xp.broadcast_to(self._within_cell(rotation), shape), len(cells))
        return cells, jnp.asarray(both.astype(complex) + inside)

    def energies(self, k: ArrayLike, rotation: ArrayLike = 0.0) -> Energies:
        """Eigenvalues of `hamiltonian`, ascending, (..., n) eV.

        Derivatives are those of Hellmann and Feynman; inside a degenerate group only sums are defined. Without
        spin–orbit coupling and rotation the spinless problem of half the size is solved.
        """
        check_finite("k", k)
        with one_thread():
            return jax.block_until_ready(_energies(self, real(k), self._static_zero(rotation)))

    @property
    def size(self) -> int:
        """n, the number of spin-orbitals."""
        return 2 * self._structure.n_orbitals

    @property
    def spin(self) -> Complex[Array, "3 n n"]:
        """Pauli matrices σ_x, σ_y, σ_z on the whole basis."""
        return jnp.asarray(self._structure.spin)

    @property
    def orbitals(self) -> tuple[tuple[int, str, str], ...]:
        """Site, shell and name of each orbital, in the order of the basis (each carries ↑ and ↓)."""
        return tuple(
            (site, self.shells[shell].name, orbital)
            for site, shell in self._structure.blocks
            for orbital in names(self.shells[shell].l)
        )

    @property
    def shells(self) -> tuple[ShellKind, ...]:
        """The shells without values: species, orbital, l and crystal field."""
        return self._structure.shells

    @property
    def bonds(self) -> tuple[HoppingBonds, ...]:
        """Those of each hopping: number, numbers at the sites, length and spread; the model is printed with them."""
        by_name = {shell.name: shell for shell in self.shells}
        return tuple(bonds_of(self.crystal, hopping, by_name)[1] for hopping in self._structure.hoppings)

    @property
    def cells(self) -> Int[np.ndarray, "R 3"]:
        """The cells R of `hoppings`."""
        return self._structure.lattice[0]

    @property
    def periodic(self) -> tuple[bool, bool, bool]:
        """Whether H depends on each component of k."""
        x, y, z = np.any(self._structure.cells != 0, axis=0).tolist()
        return x, y, z

    @property
    def harmonics(self) -> tuple[int, int, int]:
        """Points per axis of the smallest mesh in k that determines the Fourier series of H exactly."""
        x, y, z = (2 * np.max(np.abs(self._structure.cells), axis=0) + 1).astype(int).tolist()
        return x, y, z

    @property
    def has_spin_orbit(self) -> bool:
        """Whether H acts on the spin at rest; then bands need matrices of the full size."""
        return bool(self._structure.spin_orbit_names or self.terms)

    @property
    def specification(self) -> tuple[list[Shell], list[Hopping]]:
        """Shells and hoppings with their values; `slater_koster` builds the same model from them."""
        values = {name: float(value) for name, value in self.parameters.items()}
        return self._structure.specification(values, np.asarray(self.rotation_weights).tolist())

    def with_parameters(self, parameters: Mapping[str, ArrayLike]) -> "Electrons":
        """The same model with other values (eV) of the named parameters.

        Raises:
            InputError: for a name that the model does not have and a value that is not a finite number.
        """
        unknown = [name for name in parameters if name not in self.parameters]
        check(not unknown, "parameters", f"must be among {list(self.parameters)}, but got {unknown}")
        values = {name: real(value) for name, value in parameters.items()}
        for name, value in values.items():
            check(value.shape == (), f"parameter {name}", f"must be a number, but got shape {value.shape}")
            check_finite(f"parameter {name}", value)
        return dataclasses.replace(self, parameters=self.parameters | values)

    def site_resolved(self) -> "Electrons":
        """The model with only those `operations` that keep any pattern of rotations Ω_i of the sites.

        An operation that exchanges sites exchanges their Ω_i too. The operations kept map, with a translation, every
        site with orbitals to itself or to its image in another cell. `quadrature` of this model gives rules for
        `magnetization(per_site=True)`.
        """
        sites = np.unique(self._structure.owners[0])
        images = [site_images(self.crystal, operation, int(sites[0]))[0] for operation in self.operations]
        kept = [W for W, image in zip(self.operations, images, strict=True) if np.all(image[sites] == sites)]
        return dataclasses.replace(self, operations=tuple(kept))

    def with_terms(self, *terms: AbstractTerm) -> "Electrons":
        """The model with further terms in H, and only those `operations` that H still has.

        An operation is kept if H has it for other values of the numbers in the terms too, so that derivatives in them
        are right. One warning says how many are not.

        Raises:
            InputError: for a term of another shape, that is not Hermitian, or that breaks time reversal: it must be
                even under t → −t and Ω → −Ω together, because sums over k and M(Ω) rely on that.
        """
        for term in terms:
            check_term(term, self._structure, len(self.crystal.species))
        model = dataclasses.replace(self, terms=(*self.terms, *terms))
        kept = kept_operations(_generic(model).hoppings, self.crystal, self.operations)
        return dataclasses.replace(model, operations=kept)

    def moved(self, rotation: ArrayLike) -> float:
        """Largest shift of a level by the `terms` (eV) at the rotation of `hamiltonian`; not under `jit`."""
        rotations = jnp.asarray(self._site_rotations(rotation))
        still = jnp.zeros_like(rotations)
        changes = (t.matrix(self._structure, rotations) - t.matrix(self._structure, still) for t in self.terms)
        return float(sum(np.linalg.norm(np.asarray(change), 2) for change in changes))

    def without_spin_orbit(self) -> "Electrons":
        """The model without L·S; without `terms`, matrices of half the size describe it."""
        bare = self._structure.without_spin_orbit()
        return dataclasses.replace(
            self, parameters={name: self.parameters[name] for name in bare.names}, _structure=bare
        )

    def _kept_hoppings(self) -> Float[Array | np.ndarray, "cells orbitals orbitals"]:
        structure, n = self._structure, self._structure.n_orbitals
        xp = array_namespace(self.parameters)
        values = xp.stack([xp.asarray(self.parameters[name]) for name in structure.names])
        element = (structure.cell * n + structure.row) * n + structure.column
        flat = _sum_at(element, structure.coefficient * values[structure.parameter], len(structure.cells) * n * n)
        return flat.reshape(-1, n, n)

    def _within_cell(self, rotation) -> Complex[Array | np.ndarray, "n n"]:
        """The part of H that does not depend on k, but for the on-site energies."""
        structure, still = self._structure, isinstance(rotation, float) and rotation == 0.0
        xp = array_namespace((self, rotation))
        total = xp.zeros((self.size, self.size), dtype=complex)
        for which, shell in enumerate(structure.shells):
            if shell.has_spin_orbit:
                xi = xp.asarray(self.parameters[shell.parameter("xi")], complex)
                total = total + xi * structure.spin_orbit(which)
        if still and not self.terms:
            return total
        rotations = self._site_rotations(rotation)
        for term in self.terms:
            total = total + xp.asarray(term.matrix(structure, jnp.asarray(rotations)), complex)
        site, shell = structure.owners
        scale = self.rotation_sign * HBAR_EV_PS * xp.asarray(self.rotation_weights)
        energies = scale[shell][:, None] * rotations[site]
        return total + xp.sum(energies.T[:, :, None].astype(complex) * structure.total_momentum, axis=0)

    def _site_rotations(self, rotation) -> Float[Array | np.ndarray, "sites 3"]:
        xp, sites = array_namespace(rotation), len(self.crystal.species)
        rotation = xp.asarray(rotation, dtype=float)
        check_finite("rotation", rotation)
        check(
            rotation.shape in {(), (3,), (sites, 3)},
            "rotation",
            f"must be Ω_z or (3,), or ({sites}, 3) for the sites, in rad/ps, but got shape {rotation.shape}",
        )
        vector = rotation if rotation.ndim else rotation * np.array([0.0, 0.0, 1.0])
        return xp.broadcast_to(vector, (sites, 3))

    def _static_zero(self, rotation):
        """0.0 for a plain number 0, so that `_energies` can solve the spinless problem; otherwise an array."""
        return 0.0 if isinstance(rotation, int | float) and rotation == 0 else self._site_rotations(rotation)


def _points(k: ArrayLike) -> Float[Array, "*shape 3"]:
    k = real(k)
    check(k.ndim > 0 and k.shape[-1] == 3, "k", f"must have 3 fractional components, but got shape {k.shape}")
    check_finite("k", k)
    return k


def _sum_at(index: np.ndarray, values, count: int):
    """The sums (count, ...) of the values that have the same index."""
    if isinstance(values, np.ndarray):
        total = np.zeros((count, *values.shape[1:]), values.dtype)
        np.add.at(total, index, values)
        return total
    return jnp.zeros((count, *values.shape[1:]), values.dtype).at[index].add(values)


@eqx.filter_jit
def _hamiltonian(electrons: Electrons, k, rotation):
    spatial, size = electrons.spinless_hamiltonian(k), electrons.size
    both = spatial[..., :, None, :, None] * jnp.eye(2, dtype=complex)[:, None, :]
    return both.reshape(*spatial.shape[:-2], size, size) + electrons._within_cell(rotation)


@eqx.filter_jit
def _spinless_hamiltonian(electrons: Electrons, k):
    n = electrons._structure.n_orbitals
    angle = 2 * jnp.pi * (k @ electrons._structure.cells.T)
    flat = electrons._kept_hoppings().reshape(-1, n * n)
    half = jax.lax.complex(jnp.cos(angle) @ flat, jnp.sin(angle) @ flat).reshape(*k.shape[:-1], n, n)
    return half + jnp.conj(jnp.swapaxes(half, -1, -2))


@eqx.filter_jit
def _energies(electrons: Electrons, k, rotation):
    if not electrons.has_spin_orbit and isinstance(rotation, float):
        return jnp.repeat(eigenvalues(electrons.spinless_hamiltonian(k)), 2, axis=-1)
    return eigenvalues(electrons.hamiltonian(k, rotation))


def slater_koster(
    crystal: Crystal, shells: Sequence[Shell], hoppings: Sequence[Hopping], filling: int, rotation_sign: int = 1
) -> Electrons:
    """A Slater–Koster model from its shells and two-centre integrals (eV).

    Every point operation of the crystal is tested on H at a generic k and Ω and for generic parameters; those that H
    lacks are dropped with one warning.

    Args:
        filling: filled spin-orbitals per cell of the undoped crystal.
        rotation_sign: of the term ħΩ·J, +1 as in the paper or −1 for the rotating frame.

    Raises:
        InputError: if the description is incomplete.
        RuntimeError: without 64-bit arithmetic.
    """
    require_x64()
    structure, values = assemble(crystal, list(shells), list(hoppings))
    size = 2 * structure.n_orbitals
    check(0 <= filling <= size, "filling", f"must be between 0 and {size} spin-orbitals, but got {filling}")
    check(rotation_sign in {1, -1}, "rotation_sign", f"must be 1 or -1, but got {rotation_sign}")
    model = Electrons(
        parameters={name: real(values[name]) for name in structure.names},
        rotation_weights=jnp.array([shell.rotation_weight for shell in shells], dtype=float),
        crystal=crystal,
        filling=filling,
        rotation_sign=rotation_sign,
        operations=(),
        _structure=structure,
    )
    kept = kept_operations(_generic(model).hoppings, crystal, point_operations(crystal))
    return dataclasses.replace(model, operations=kept)


def _generic(model: Electrons) -> Electrons:
    """The model with unrelated values of the parameters, so that it has no accidental symmetry."""
    shifts = 0.1 * np.sin(1 + np.arange(len(model.parameters)))
    values = {name: value + shift for (name, value), shift in zip(model.parameters.items(), shifts, strict=True)}
    weights = 1 + 0.1 * np.cos(1 + np.arange(model.rotation_weights.size))
    other = model.with_parameters(values)
    return dataclasses.replace(other, rotation_weights=jnp.asarray(weights), terms=generic(model.terms))
