"""A pulse, a coupling and an objective that are declared here alone are used wherever those of the package are."""

import csv
from typing import ClassVar

import jax.numpy as jnp
import numpy as np
import pytest
from jaxtyping import Array

import chiraljax as cj
from chiraljax._parameter import parameter
from chiraljax.cli import main
from chiraljax.control import AbstractObjective
from chiraljax.io import example_tables, load_optimization, load_sweep
from chiraljax.sweeps import plan_sweep, pulse_at

TIMES = np.linspace(0, 4, 81)


class SineSquared(cj.AbstractPulse):
    """A circular carrier in a sin² window that begins at t = 0."""

    name: ClassVar[str] = "sine-squared"

    length: Array = parameter(unit="ps", help="of the window", low=1.0, high=5.0, example=3.0)
    peak_field: Array = parameter(unit="MV/cm", help="E₀", default=1.0, low=0.0)

    def __call__(self, t):
        t = jnp.asarray(t, dtype=float)
        inside = (t > 0) & (t < self.length)
        envelope = self.peak_field * jnp.where(inside, jnp.sin(jnp.pi * t / self.length) ** 2, 0.0)
        theta = 2 * jnp.pi * 2.42 * t
        return envelope[..., None] * jnp.stack([jnp.cos(theta), jnp.sin(theta)], axis=-1)

    def __mul__(self, factor):
        return SineSquared(self.length, self.peak_field * factor)

    def with_ellipticity(self, ellipticity):
        return self

    @property
    def support(self):
        return jnp.zeros(()), self.length


class Halved(cj.AbstractCoupling):
    """Ω = L/(2 I)."""

    name: ClassVar[str] = "halved"

    inertia: Array = parameter(unit="angstrom^2 u", help="I", default=1.45, positive=True)

    def __call__(self, motion):
        return cj.ConstantInertia(self.inertia)(motion) / 2


class LastAngularMomentum(AbstractObjective):
    """|L| at the end, times a weight."""

    name = "last"
    of_moment = False
    units = "hbar"
    words = "{weight:g} times |L| at the end"
    weight: Array = parameter(unit="1", help="of it", low=0.0, example=3.0)

    def __call__(self, outcome):
        return self.weight * jnp.abs(outcome.motion.angular_momentum[-1])


SWEEP = """material = "KTaO3"
outputs = ["peak_rotation"]
[axes]
"pulse.length" = { values = [2.0, 3.0], units = "ps" }
"coupling.inertia" = { values = [1.0, 2.0], units = "angstrom^2 u" }
[pulse]
family = "sine-squared"
length = 2.5
[times]
end = 4.0
count = 81
[coupling]
name = "halved"
"""
OPTIMIZATION = """material = "KTaO3"
[pulse]
family = "sine-squared"
length = 2.5
[objective]
name = "last"
weight = 3.0
[times]
end = 4.0
count = 81
[coupling]
name = "halved"
[constraints]
fluence = 1.0
[search]
starts = 1
steps = 10
optimizer = "adam"
learning_rate = 0.2
"""


def _written(folder, text, name):
    (folder / name).write_text(text, encoding="utf-8")
    return str(folder / name)


def test_a_file_is_written_and_read(tmp_path):
    pulse = cj.SumPulse([SineSquared(2.0, 1 / 3), cj.GaussianPulse()])
    cj.write_pulse(tmp_path / "p.toml", pulse)
    assert "# length in ps, peak_field in MV/cm\n\n[[sine-squared]]" in (tmp_path / "p.toml").read_text()
    np.testing.assert_array_equal(cj.load_pulse(tmp_path / "p.toml")(TIMES), pulse(TIMES))


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("length = 6.0", "sine-squared.0.length must lie between 1 and 5, but got 6"),
        ("lenth = 2.0", "sine-squared.0.lenth is not a field of a pulse file: do you mean length?"),
        ("length = 'long'", "sine-squared.0.length must be a valid number"),
    ],
)
def test_files_and_calls_are_refused_alike(tmp_path, table, message):
    with pytest.raises(cj.InputError) as caught:
        cj.load_pulse(_written(tmp_path, f"[[sine-squared]]\n{table}\n", "p.toml"))
    assert str(caught.value).startswith(f"{tmp_path / 'p.toml'}: {message}")
    with pytest.raises(cj.InputError, match=r"^length must lie between 1 and 5, but got 6"):
        SineSquared(length=6.0)


def test_an_axis_of_a_sweep_and_the_pulse_in_its_store(tmp_path, ktao3):
    """Ω is inversely proportional to the inertia, and half of that of `ConstantInertia`."""
    asked = load_sweep(_written(tmp_path, SWEEP, "s.toml"))
    assert main(["sweep", str(tmp_path / "s.toml"), "--out", str(tmp_path / "s.zarr")]) == 0
    data = cj.open_sweep(tmp_path / "s.zarr")
    assert data["pulse.length"].attrs["units"] == "ps"
    np.testing.assert_allclose(data.peak_rotation[:, 0], 2 * data.peak_rotation[:, 1], rtol=1e-12)
    motion = ktao3.phonon.drive(SineSquared(length=3.0), TIMES)
    expected = np.abs(cj.ConstantInertia(1.0)(motion)).max() / 2
    np.testing.assert_allclose(data.peak_rotation[1, 0], expected, rtol=1e-4)
    assert float(pulse_at(data, {"pulse.length": 1, "coupling.inertia": 0}).length) == 3.0
    with pytest.raises(cj.InputError, match=r"axes\.pulse\.length must lie between 1 and 5, but got 7"):
        plan_sweep(asked.material, asked.pulse, **asked.options | {"axes": {"pulse.length": [2.0, 7.0]}})


def test_simulate(tmp_path):
    """At the command line Ω of the coupling is half of what it is by default with `constant-inertia`."""
    pulse = _written(tmp_path, "[[sine-squared]]\nlength = 3.0\n", "p.toml")
    shared = ["simulate", "KTaO3", "--mu", "0", "--temperature", "300", "--times", "0:4:9", "--rtol", "1e-1"]
    shared += ["--region", "gamma_cube", "--pulse", pulse]
    tables = {}
    for name in ("halved", "constant-inertia"):
        out = tmp_path / f"{name}.csv"
        assert main([*shared, "--coupling", name, "--out", str(out)]) == 0
        with out.open() as file:
            tables[name] = [float(row["rotation"]) for row in csv.DictReader(file)]
    np.testing.assert_allclose(np.multiply(2, tables["halved"]), tables["constant-inertia"], rtol=1e-12)
    assert np.any(tables["halved"])


def test_optimize(tmp_path, ktao3):
    """The length is sought between the ends of its range, and ends elsewhere, with the fluence of the limit."""
    asked = load_optimization(_written(tmp_path, OPTIMIZATION, "o.toml"))
    assert isinstance(asked.options["coupling"], Halved)
    assert asked.options["objective"].describe() == "3 times |L| at the end"
    optimum = cj.optimize_pulse(asked.material, asked.pulse, **asked.options)
    assert isinstance(optimum.pulse, SineSquared)
    assert float(optimum.pulse.fluence) == pytest.approx(1, rel=1e-3)
    first = asked.pulse * float(1 / asked.pulse.fluence) ** 0.5
    values = [3 * abs(float(ktao3.phonon.drive(p, TIMES).angular_momentum[-1])) for p in (optimum.pulse, first)]
    assert optimum.objective == pytest.approx(values[0], rel=1e-3)
    assert values[0] > 1.01 * values[1]


def test_help_and_example(capsys):
    assert main(["simulate", "--help"]) == 0
    assert "|halved" in capsys.readouterr().out
    assert main(["optimize", "--example"]) == 0
    printed = capsys.readouterr().out
    assert '# family = "sine-squared"\n# length = 3.0 ' in printed
    assert '# [objective]\n# name = "last"\n# weight = 3.0 ' in printed
    table = next(t for t in example_tables(cj.AbstractPulse, lambda cls: f"[[{cls.name}]]") if "[[sine-sq" in t)
    assert "length = 3.0                  # ps, between 1 and 5: of the window" in table
