"""The table of the bonds that each hopping has; counts and lengths are those of geometry."""

import numpy as np
import pytest

import chiraljax as cj
from chiraljax import Crystal, Hopping, Shell, slater_koster

A = 3.988


def test_graphene(graphene):
    """Three bonds of a/√3, shared by two sites."""
    (row,) = graphene.bonds
    assert (row.label, row.number, row.at_sites) == ("hopping C.p–C.p shell 1", 3, {"C": (3, 3)})
    assert row.length == pytest.approx(2.46 / np.sqrt(3))
    assert row.spread == pytest.approx(0, abs=1e-12)


def test_perovskite(electrons):
    """Ta has 6 O at a/2, O has 8 O at a/√2, and O and Ta have 6 of their own at a."""
    rows = [(row.number, dict(row.at_sites), row.length) for row in electrons.bonds]
    assert rows == [
        (6, {"O": (2, 2, 2), "Ta": (6,)}, pytest.approx(A / 2)),
        (12, {"O": (8, 8, 8)}, pytest.approx(A / np.sqrt(2))),
        (9, {"O": (6, 6, 6)}, pytest.approx(A)),
        (3, {"Ta": (6,)}, pytest.approx(A)),
    ]


def test_strained_perovskite(ktao3):
    """At c/a = 1.002 a shell keeps together, with a spread; at 1.01 it parts, which is told."""
    shells = [Shell("O", "s", {"energy": 0.0}), Shell("Ta", "s", {"energy": 1.0})]
    hopping = [Hopping(("O.s", "Ta.s"), 1, {"sigma": 1.0})]

    def strained(ratio):
        crystal = Crystal(np.diag([A, A, ratio * A]), ktao3.crystal.species, ktao3.crystal.positions)
        return slater_koster(crystal, shells, hopping, filling=6)

    (row,) = strained(1.002).bonds
    assert row.at_sites == {"O": (2, 2, 2), "Ta": (6,)}
    assert (row.shortest, row.longest) == pytest.approx((A / 2, 1.002 * A / 2))
    assert row.spread == pytest.approx(0.001 * A)
    with pytest.warns(UserWarning, match="the O sites 0, 1, 2 have 2, 2, 0 bonds"):
        model = strained(1.01)
    assert repr(model).splitlines()[-1].split()[:9] == [
        "hopping",
        "O.s–Ta.s",
        "shell",
        "1",
        "4",
        "2/0",
        "at",
        "O,",
        "4",
    ]


def test_a_material_prints_them(ktao3):
    shown = repr(ktao3)
    assert shown.splitlines()[0] == "Material KTaO3"
    assert "hopping O.p–Ta.d shell 1       6  2 at O, 6 at Ta     1.99400     0.00000" in shown
    assert shown.endswith("Phonon, 2.42 THz")


def test_a_model_without_hoppings_has_no_table(ktao3):
    model = slater_koster(ktao3.crystal, [Shell("O", "s", {"energy": 0.0})], [], filling=2)
    assert model.bonds == ()
    assert repr(model).splitlines()[1:] == ["  O.s.energy  0 eV"]


def test_different_shells_of_one_species(graphene):
    """A bond between s and p of equal atoms is one bond, whichever end has the s."""
    shells = [Shell("C", "s", {"energy": -1.0}), Shell("C", "p", {"energy": 0.0})]
    model = slater_koster(graphene.crystal, shells, [Hopping(("C.s", "C.p"), 1, {"sigma": 1.0})], filling=8)
    (row,) = model.bonds
    assert (row.number, row.at_sites) == (3, {"C": (3, 3)})


def test_while_it_is_traced(electrons):
    import jax

    told = []
    jax.jit(lambda model: told.append(repr(model)) or 0)(electrons)
    assert repr(electrons).splitlines()[-4:] == told[0].splitlines()[-4:]
    assert cj.load_material("GaAs").electrons.bonds[0].at_sites == {"As": (4,), "Ga": (4,)}
