"""Every figure: labelled axes, the data it was given, and nothing global."""

import sys
from collections import Counter

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch

import chiraljax as cj
from chiraljax import plot


def _labels(figure):
    return " ".join(axes.get_xlabel() + axes.get_ylabel() for axes in figure.axes)


def test_bands(ktao3):
    path = ktao3.k_path(2)
    energies = np.asarray(ktao3.electrons.energies(path.k))
    (axes,) = plot.bands_figure(path, energies, 1.0).axes
    assert [label.get_text() for label in axes.get_xticklabels()] == ["X", "R", "M", "Γ", "R"]
    np.testing.assert_allclose(axes.lines[0].get_ydata(), energies[:, 0] - 1.0)
    assert "eV" in axes.get_ylabel()


def test_bands_at_listed_points_have_a_distance():
    path = cj.KPath(np.zeros((3, 3)), np.array([0.0, 1.0, 2.0]), ())
    assert "rad/Å" in _labels(plot.bands_figure(path, np.zeros((3, 2)), 0.0))


def test_spin_bands_span_the_colours():
    _, ((axes,),) = plot.new_figure(3.0, 3.0)
    path = cj.KPath(np.zeros((3, 3)), np.array([0.0, 1.0, 2.0]), ())
    lines = plot.draw_spin_bands(axes, path, np.zeros((3, 2)), np.array([[1.0, -1.0]] * 3))
    assert lines.get_clim() == (-1, 1)
    np.testing.assert_array_equal(lines.get_array(), [1, -1, 1, -1])


def test_dos(electrons):
    dos = cj.density_of_states(electrons, np.linspace(1, 3, 5), broadening=0.2, rule=4)
    figure = plot.dos_figure(dos, 2.0)
    up, down = figure.axes[0].lines[:2]
    np.testing.assert_allclose(up.get_xdata(), dos.projections[0])
    np.testing.assert_allclose(down.get_xdata(), -dos.projections[1])
    assert "1/eV" in _labels(figure)


def test_moment_against_temperature():
    moment = np.array([[1.0, 2.0], [3.0, 4.0]])
    figure = plot.moment_temperature_figure(np.array([100.0, 200.0]), np.array([-0.05, 0.0]), moment)
    assert [line.get_label() for line in figure.axes[0].lines[:2]] == ["−50", "0"]
    assert "K" in _labels(figure)


def test_drive(make_phonon, ktao3, pulse):
    motion = make_phonon().drive(pulse, np.linspace(0, 10, 101))
    figure = plot.drive_figure(motion, pulse, ktao3.crystal.species)
    for unit in ("MV/cm", "Å", "hbar", "ps"):
        assert unit in _labels(figure)
    names = [text.get_text() for axes in figure.axes if axes.get_legend() for text in axes.get_legend().get_texts()]
    assert names[-6:] == ["O(1)", "O(2)", "O(3)", "Ta", "K", "phonon, $L$"]
    assert "mu_" not in _labels(figure)


def test_drive_of_ions_with_charges(make_phonon, ktao3, pulse):
    motion = make_phonon(born_charges=np.tile(np.eye(3), (5, 1, 1))).drive(pulse, np.linspace(0, 10, 101))
    figure = plot.drive_figure(motion, pulse, ktao3.crystal.species)
    last = next(axes for axes in figure.axes if "mu_" in axes.get_ylabel())
    np.testing.assert_allclose(last.lines[0].get_ydata(), motion.ionic_moment_nuclear)


def test_lattice(ktao3):
    """Branches of two segments that meet at Γ, where a mode at 5 THz belongs to no transverse one."""
    ends = np.array([[0.0, 3.0, 3.0, 5.0], [1.0, 3.5, 4.0, 5.5]])
    dispersion = cj.Dispersion(
        (np.array([0.0, 1.0]), np.array([1.0, 2.0])), (ends, ends[::-1]), ((0.0, "Γ"), (1.0, "X"), (2.0, "Γ"))
    )
    modes = [cj.ModeSet(3.0, "T1u", True, np.zeros((2, 5, 3)), np.zeros((2, 3)))]
    displacements = np.arange(15.0).reshape(5, 3)
    left, right = plot.lattice_figure(dispersion, ktao3.crystal, displacements, modes, {"measured": [2.42]}).axes
    assert "THz" in left.get_ylabel()
    assert [label.get_text() for label in left.get_xticklabels()] == ["Γ", "X", "Γ"]
    assert [(text.get_text(), text.xy[1]) for text in left.texts] == [("TO", 3.0), ("LO", 5.0)]
    (marks,) = [line for line in left.lines if line.get_label() == "measured"]
    np.testing.assert_array_equal(marks.get_xydata(), [[0, 2.42], [2, 2.42]])
    assert Counter(text.get_text() for text in right.texts[:-1]) == {"K": 8, "O": 6, "Ta": 1}


def test_arrows_are_in_proportion(ktao3):
    _, ((axes,),) = plot.new_figure(3.0, 3.0)
    plot.draw_mode(axes, ktao3.crystal, np.outer([1.0, 1.0, 1.0, 4.0, 0.0], [1.0, 0, 0]))
    arrows = [patch for patch in axes.patches if isinstance(patch, FancyArrowPatch)]
    lengths = [np.linalg.norm(np.subtract(*arrow._posA_posB)) for arrow in arrows]
    np.testing.assert_allclose(np.sort(lengths)[::-1] / max(lengths), [1, *[0.25] * 6])


def test_moment_against_time(ktao3, pulse, electrons):
    rule = cj.quadrature(electrons, 4, region="gamma_cube")
    accuracy = cj.Accuracy(rule=rule, nodes=2)
    run = cj.simulate(ktao3, pulse, mu=0.0, temperature=300.0, times=np.linspace(0, 10, 6), accuracy=accuracy)
    figure = plot.moment_time_figure(run)
    np.testing.assert_allclose(figure.axes[1].lines[0].get_ydata(), run.moment)


@pytest.mark.parametrize("suffix", [".png", ".pdf"])
def test_saved_twice_is_the_same_file(tmp_path, suffix):
    for name in ("a", "b"):
        figure, ((axes,),) = plot.new_figure(2.0, 2.0)
        axes.plot([0, 1])
        plot.save_figure(figure, tmp_path / f"{name}{suffix}")
    assert (tmp_path / f"a{suffix}").read_bytes() == (tmp_path / f"b{suffix}").read_bytes()


def test_no_global_state():
    assert isinstance(plot.new_figure(1.0, 1.0)[0], Figure)
    if "matplotlib.pyplot" in sys.modules:
        assert not sys.modules["matplotlib.pyplot"].get_fignums()
