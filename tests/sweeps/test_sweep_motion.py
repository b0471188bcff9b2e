"""Trajectories of a sweep against single ones, and their derivatives against central differences."""

import dataclasses

import numpy as np
import pytest

import chiraljax as cj

TIMES = np.linspace(0, 8, 41)
FIELDS, COLOURS, INERTIAS = [0.5, 1.0, 1.7], [2.2, 2.42], [1.0, 1.45, 3.0]
DRIVE = 2e-8
"""Relative error of a trajectory: 10⁻⁸ of the adaptive solver of `drive`, and 10⁻⁸ of the steps of a sweep."""


@pytest.fixture(scope="module")
def swept(ktao3, tmp_path_factory):
    """Inertia first: the order of the axes is the user's, not that of the stages."""
    return cj.sweep(
        ktao3,
        cj.GaussianPulse(ellipticity=-0.7),
        axes={"coupling.inertia": INERTIAS, "pulse.peak_field": FIELDS, "pulse.frequency": COLOURS},
        coupling=cj.ConstantInertia(),
        outputs=["angular_momentum", "peak_angular_momentum", "rotation", "peak_rotation"],
        gradients={
            "peak_angular_momentum": ["pulse.peak_field", "phonon.damping", "pulse.scale"],
            "rotation": ["coupling.inertia", "pulse.frequency"],
        },
        times=TIMES,
        out=tmp_path_factory.mktemp("motion") / "swept.zarr",
    ).load()


def test_every_trajectory_is_that_of_drive(ktao3, swept):
    assert swept.rotation.dims == ("coupling.inertia", "pulse.peak_field", "pulse.frequency", "time")
    assert swept.angular_momentum.dims == ("pulse.peak_field", "pulse.frequency", "time")
    for i, field in enumerate(FIELDS):
        for j, colour in enumerate(COLOURS):
            pulse = cj.GaussianPulse(ellipticity=-0.7, peak_field=field, frequency=colour)
            motion = ktao3.phonon.drive(pulse, TIMES)
            momentum = np.asarray(motion.angular_momentum)
            scale = np.abs(momentum).max()
            assert np.abs(swept.angular_momentum.values[i, j] - momentum).max() < DRIVE * scale
            assert abs(swept.peak_angular_momentum.values[i, j] - scale) < DRIVE * scale
            for n, inertia in enumerate(INERTIAS):
                rotation = np.asarray(cj.ConstantInertia(inertia=inertia)(motion))
                assert np.abs(swept.rotation.values[n, i, j] - rotation).max() < DRIVE * np.abs(rotation).max()
    assert swept.attrs["motion_error"] < 1e-8
    assert np.all(swept.motion_status == 0)
    assert swept.attrs["failed"] == 0


def test_derivatives_are_central_differences(ktao3, swept):
    """Step 10⁻⁴: the error of the difference is of order 10⁻⁸ of the third derivative, and 10⁻⁸/10⁻⁴ of the drives."""
    step, field, colour, inertia = 1e-4, FIELDS[1], COLOURS[0], INERTIAS[2]

    def of(damping=0.0, field=field, colour=colour, inertia=inertia, scale=1.0):
        phonon = dataclasses.replace(ktao3.phonon, damping=ktao3.phonon.damping + damping)
        pulse = cj.GaussianPulse(ellipticity=-0.7, peak_field=field, frequency=colour) * scale
        motion = phonon.drive(pulse, TIMES, steps=cj.FixedSteps(8))
        momentum, rotation = motion.angular_momentum, cj.ConstantInertia(inertia=inertia)(motion)
        return np.abs(np.asarray(momentum)).max(), np.asarray(rotation)

    def slope(which, **changes):
        (name, value), *_ = changes.items()
        return (of(**{name: value + step})[which] - of(**{name: value - step})[which]) / (2 * step)

    at = {"pulse.peak_field": 1, "pulse.frequency": 0}
    for name, changes in (
        ("pulse.peak_field", {"field": field}),
        ("phonon.damping", {"damping": 0.0}),
        ("pulse.scale", {"scale": 1.0}),
    ):
        mine = float(swept[f"d_peak_angular_momentum_d_{name}"].isel(at))
        assert abs(mine - slope(0, **changes)) < 1e-6 * abs(mine)
    for name, changes in (("coupling.inertia", {"inertia": inertia}), ("pulse.frequency", {"colour": colour})):
        mine = swept[f"d_rotation_d_{name}"].isel({**at, "coupling.inertia": 2}).values
        assert np.abs(mine - slope(1, **changes)).max() < 1e-6 * np.abs(mine).max()
    assert swept["d_rotation_d_coupling.inertia"].attrs["units"] == "rad/ps/(angstrom^2 u)"


def test_parameters_vary_together(swept, sweep):
    """A zipped axis is the diagonal of the grid of its parameters, also across pulse and coupling."""
    together = sweep(
        cj.GaussianPulse(ellipticity=-0.7),
        axes={
            "both": {"pulse.peak_field": FIELDS, "coupling.inertia": INERTIAS},
            "pulse.frequency": COLOURS,
        },
        coupling=cj.ConstantInertia(),
        outputs=["rotation"],
    )
    assert together.rotation.dims == ("both", "pulse.frequency", "time")
    assert together["pulse.peak_field"].dims == ("both",)
    diagonal = np.stack([swept.rotation.values[i, i] for i in range(3)])
    np.testing.assert_allclose(together.rotation.values, diagonal, rtol=1e-12, atol=1e-14)


@pytest.mark.slow
def test_quartic_terms_count_if_an_axis_varies_them(ktao3, sweep):
    """The harmonic propagator would miss them; A = 0 is the harmonic phonon still."""
    swept = sweep(axes={"phonon.quartic_isotropic": [0.0, 150.0]}, outputs=["angular_momentum"])
    for i, quartic in enumerate((0.0, 150.0)):
        phonon = dataclasses.replace(ktao3.phonon, quartic_isotropic=[[quartic]])
        momentum = np.asarray(phonon.drive(cj.GaussianPulse(), TIMES).angular_momentum)
        assert np.abs(swept.angular_momentum.values[i] - momentum).max() < DRIVE * np.abs(momentum).max()


@pytest.mark.slow
def test_steps_are_small_enough_for_a_fast_pulse(ktao3, sweep):
    """A carrier five times faster than the phonon: 16 steps a period of the phonon would not do."""
    swept = sweep(axes={"pulse.frequency": [2.42, 12.0]}, outputs=["angular_momentum"])
    momentum = np.asarray(ktao3.phonon.drive(cj.GaussianPulse(frequency=12.0), TIMES).angular_momentum)
    # Both solvers are accurate relative to the largest q, which here passes while the pulse lasts.
    assert np.abs(swept.angular_momentum.values[1] - momentum).max() < 1e-6 * np.abs(momentum).max()


@pytest.mark.slow
def test_trajectories_that_run_away_are_failed_points(sweep):
    """A negative quartic term without a bound below: NaN and status 2 there, numbers elsewhere."""
    swept = sweep(axes={"phonon.quartic_isotropic": [0.0, -1e6]}, outputs=["peak_angular_momentum", "rotation"])
    np.testing.assert_array_equal(swept.motion_status, [0, 2])
    assert np.isfinite(swept.peak_angular_momentum.values[0])
    assert np.isnan(swept.peak_angular_momentum.values[1])
    assert swept.attrs["failed"] == 1


@pytest.mark.slow
def test_pulse_of_a_point_is_rebuilt_from_the_store(sweep):
    from chiraljax.sweeps import field_at, pulse_at

    base = cj.SumPulse([cj.GaussianPulse(chirp=0.1), cj.FourierPulse.in_band(0.0, 8.0, (2.0, 2.5))])
    axes = {"pulse.scale": [1.0, 2.0], "draw": {"pulse.pulses[0].frequency": [2.0, 2.2, 2.5]}}
    swept = sweep(base, axes=axes, outputs=["peak_angular_momentum"])
    pulse = pulse_at(swept, {"pulse.scale": 1, "draw": 2})
    expected = 2 * cj.GaussianPulse(chirp=0.1, frequency=2.5)(TIMES)
    np.testing.assert_allclose(pulse(TIMES), expected, atol=1e-14)
    times, field = field_at(swept)({"pulse.scale": 0, "draw": 0})
    np.testing.assert_allclose(field, cj.GaussianPulse(chirp=0.1, frequency=2.0)(times), atol=1e-14)


def test_units_coordinates_and_configuration(swept):
    assert swept.rotation.attrs["units"] == "rad/ps"
    assert swept["pulse.peak_field"].attrs["units"] == "MV/cm"
    assert swept.time.attrs["units"] == "ps"
    for name in ("configuration", "chiraljax_version", "jax_version", "git_commit"):
        assert name in swept.attrs
