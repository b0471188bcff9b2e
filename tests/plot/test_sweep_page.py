"""The page of a sweep, read as a browser reads it: first without one, then in Chromium with no network."""

import base64
import json
import math
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from chiraljax import InputError
from chiraljax.plot.report import _report, _scan, sweep_report
from chiraljax.plot.report._scan import count_statuses, extremes
from chiraljax.plot.report._thin import shown_indices

HOSTILE = "</script><img src=x onerror=alert(1)>&\"'"
AXES = ("pulse.peak_field", "pulse.frequency", "μ <b>", "temperature")
SIZES = (7, 6, 5, 4)
CHROMIUM, DRIVER = Path("/usr/bin/chromium"), Path("/usr/bin/chromedriver")


class Page(HTMLParser):
    """Every tag with its attributes, and the texts of scripts by id."""

    def __init__(self, text: str):
        super().__init__()
        self.tags: list[tuple[str, dict]] = []
        self.scripts: dict[str, str] = {}
        self.feed(text)
        self.data = json.loads(self.scripts["data"], parse_constant=lambda name: pytest.fail(f"{name} in JSON"))
        self.variables = {variable["name"]: variable for variable in self.data["variables"]}

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        if self.tags and self.tags[-1][0] == "script":
            name = self.tags[-1][1].get("id", "")
            self.scripts[name] = self.scripts.get(name, "") + data

    def values(self, name: str) -> np.ndarray:
        variable = self.variables[name]
        text = self.scripts[f"values-{self.data['variables'].index(variable)}"]
        kind = "i1" if variable["isStatus"] else "<f4"
        return np.frombuffer(base64.b64decode(text), kind).reshape([len(indices) for indices in variable["shown"]])


@pytest.fixture
def sweep() -> xr.Dataset:
    random = np.random.default_rng(7)
    moment = 1e-4 * random.normal(size=SIZES)
    moment[2, 3, 1, :2] = np.nan
    status = np.zeros(SIZES, np.int8)
    status[2, 3, 1, :2], status[0, 0, :, 0], status[-1, -1, -1, -1] = 2, 1, -1
    times = np.linspace(0, 2, 9)
    variables = {
        "peak_moment": (AXES, moment, {"units": "mu_B/cell"}),
        "moment": ((*AXES, "time"), moment[..., None] * np.cos(3 * times), {"units": "mu_B/cell"}),
        "moment_error": (AXES[2:], 1e-6 + 1e-6 * random.random(SIZES[2:]), {"units": "mu_B/cell"}),
        "moment_status": (AXES, status),
        "carriers": (AXES[2:], random.random(SIZES[2:]), {"units": "1/cell"}),
        "gap": (AXES[2], 0.02 + random.random(SIZES[2]), {"units": "eV", "long_name": HOSTILE}),
        "lost": (AXES[0], np.full(SIZES[0], np.nan)),
        "turns": (AXES[3], np.array([3, -1, 2, 0], np.int8)),
        "area": ((), 3.5, {"units": "Å²"}),
    }
    units = ("MV/cm", "THz", "eV", "K")
    coords = {
        name: (name, np.linspace(0.1, 1.0, size), {"units": unit})
        for name, size, unit in zip(AXES, SIZES, units, strict=True)
    }
    coords["time"] = ("time", times, {"units": "ps"})
    return xr.Dataset(variables, coords, {"configuration": '{"a": [1, 2]}', "note": HOSTILE})


@pytest.fixture
def samples() -> xr.Dataset:
    random = np.random.default_rng(8)
    chirp, duration = random.uniform(-1, 1, 32), random.uniform(1, 3, 32)
    coords = {
        "sample": np.arange(32),
        "pulse.chirp": ("sample", chirp, {"units": "THz/ps"}),
        "pulse.duration": ("sample", duration, {"units": "ps"}),
        "mu": ("mu", [0.0, 0.1, 0.2], {"units": "eV"}),
    }
    moment = np.outer(chirp * duration, [1.0, 2.0, 3.0])
    return xr.Dataset({"peak_moment": (("sample", "mu"), moment, {"units": "mu_B/cell"})}, coords)


def field(point: dict[str, int]) -> tuple[np.ndarray, np.ndarray]:
    times = np.linspace(-1, 1, 50)
    envelope = (1 + point["pulse.peak_field"]) * np.exp(-(times**2))
    return times, np.stack([envelope * np.cos(9 * times), envelope * np.sin(9 * times)], axis=1)


def test_an_unfinished_sweep_says_so_in_the_first_line(sweep):
    assert Page(sweep_report(sweep, title="x")).data["unfinished"] == ""
    words = "3 of 7 chunks are missing (done: trajectories 4 of 7)"
    page = Page(sweep_report(sweep.assign_attrs(unfinished=words), title="x"))
    assert page.data["unfinished"] == words
    names = [attributes.get("id") for _, attributes in page.tags]
    assert names.index("unfinished") < names.index("summary")


def test_page_loads_nothing(sweep):
    page = Page(sweep_report(sweep, title="A sweep"))
    policy = next(attrs["content"] for tag, attrs in page.tags if attrs.get("http-equiv") == "Content-Security-Policy")
    assert "default-src 'none'" in policy
    assert "http" not in policy
    assert {tag for tag, _ in page.tags}.isdisjoint({"link", "img", "iframe", "object", "embed", "base"})
    assert not [attrs for _, attrs in page.tags if attrs.keys() & {"src", "href"}]


def test_names_and_attributes_are_text(sweep):
    page = Page(sweep_report(sweep, title=HOSTILE))
    clean = Page(sweep_report(sweep.assign_attrs(note=""), title="A sweep"))
    assert [tag for tag, _ in page.tags] == [tag for tag, _ in clean.tags]
    assert ["note", HOSTILE] in page.data["attributes"]
    assert page.variables["gap"]["label"] == HOSTILE
    assert [axis["name"] for axis in page.data["axes"]] == [*AXES, "time"]


def test_best_point_is_that_of_numpy(sweep, tmp_path, monkeypatch):
    """However the store is cut into blocks; the first of equal values; with its error and status."""
    monkeypatch.setattr(_scan, "_BLOCK", 50)
    sweep["moment"].data[1, 1, 1, 1, 4] = -1.0
    sweep["moment"].data[4, 1, 1, 1, 4] = 1.0
    sweep.drop_vars("lost").to_zarr(
        tmp_path / "store.zarr", encoding={"moment": {"chunks": (2, 3, 5, 2, 4)}}, consolidated=False
    )
    with xr.open_zarr(tmp_path / "store.zarr", chunks=None, consolidated=False) as lazy:
        page = Page(sweep_report(lazy, title="A sweep"))
    for name in ("peak_moment", "moment", "carriers", "gap"):
        values = sweep[name].values
        at = np.unravel_index(np.nanargmax(abs(values)), values.shape)
        best = page.variables[name]["best"]
        assert tuple(best["index"]) == tuple(map(int, at))
        assert best["value"] == values[at]
        assert page.variables[name]["low"] == np.nanmin(values)
        assert page.variables[name]["high"] == np.nanmax(values)
        assert page.variables[name]["smallest"] == np.nanmin(abs(values))
    assert page.variables["moment"]["best"]["value"] == -1.0
    error = sweep["moment_error"].values[1, 1]
    assert page.variables["moment"]["best"]["error"] == pytest.approx(error, rel=1e-7)
    assert page.variables["moment"]["statuses"] == ["moment_status"]
    assert page.variables["carriers"]["error"] is None


def test_missing_values(sweep):
    page = Page(sweep_report(sweep, title="A sweep"))
    shown = page.values("peak_moment")
    assert np.array_equal(shown, sweep["peak_moment"].values.astype("f4"), equal_nan=True)
    assert np.isnan(shown).sum() == 2
    assert page.variables["lost"]["best"] is None
    assert page.variables["lost"]["low"] is None
    assert page.values("turns").tolist() == [3.0, -1.0, 2.0, 0.0]
    assert ["area", "3.5 Å²"] in page.data["attributes"]
    assert extremes(xr.DataArray([np.nan, -2.0, np.inf])).value == -2.0


def test_statuses_are_counted(sweep):
    counts = count_statuses(sweep["moment_status"])
    assert counts == {0: math.prod(SIZES) - 8, 1: 5, 2: 2, -1: 1}
    assert count_statuses(xr.DataArray([np.nan, 0.0, 7.0])) == {0: 1, 1: 0, 2: 1, -1: 1}
    page = Page(sweep_report(sweep, title="A sweep"))
    assert page.data["counts"][0]["label"] == "moment"
    assert page.data["counts"][0]["of"] == {str(status): count for status, count in counts.items()}


def test_a_large_sweep_is_thinned(sweep, monkeypatch):
    monkeypatch.setattr(_report, "_BOUND", 4 * 2500)
    page = Page(sweep_report(sweep, title="A sweep"))
    total = sum(sweep[name].size for name in page.variables)
    assert page.data["numbers"] == total
    assert sum(page.values(name).nbytes for name in page.variables) <= 4 * 2500
    assert page.data["numbersShown"] == sum(page.values(name).size for name in page.variables)
    for name, variable in page.variables.items():
        expected = sweep[name].values[np.ix_(*variable["shown"])].astype("f4")
        assert np.array_equal(page.values(name), expected, equal_nan=True)
        if variable.get("best"):
            assert all(i in shown for i, shown in zip(variable["best"]["index"], variable["shown"], strict=True))


def test_fewer_axes_are_thinned_less():
    """So that an error or a status is there for every point that is shown."""
    sizes = {"a": 40, "b": 30, "time": 200}
    full, few = ("a", "b", "time"), ("a", "b")
    for bound in (1_000_000, 10_000, 1_000, 200):
        shown = shown_indices([(full, 4, (7, 0, 13)), (full, 4, None), (few, 1, (8, 1))], sizes, bound)
        numbers = {dims: math.prod(map(len, shown[dims].values())) for dims in (full, few)}
        assert 8 * numbers[full] + numbers[few] <= bound
        for dim in few:
            assert set(shown[full][dim]) <= set(shown[few][dim])
        assert {0, 7, 39} <= set(shown[full]["a"])
        assert {0, 7, 8, 39} <= set(shown[few]["a"])
        assert {0, 13, 199} <= set(shown[full]["time"])


def test_pulse_of_the_best_point(sweep):
    """Called with the axes of the variable but time; where those do not say which pulse, none is drawn."""
    page = Page(sweep_report(sweep, title="A sweep", field=field))
    best = page.variables["moment"]["best"]
    times, expected = field({"pulse.peak_field": best["index"][0]})
    assert best["pulse"]["times"] == pytest.approx(times, rel=1e-7)
    assert best["pulse"]["x"] == pytest.approx(expected[:, 0], rel=1e-7)
    assert best["pulse"]["y"] == pytest.approx(expected[:, 1], rel=1e-7)
    assert page.variables["carriers"]["best"]["pulse"] is None


def test_axes_of_samples_and_of_names(samples):
    page = Page(sweep_report(samples.assign_coords(mu=["a", "b", "c"]), title="Samples"))
    sample, mu = page.data["axes"]
    assert [(c["name"], c["unit"]) for c in sample["coordinates"]] == [
        ("pulse.chirp", "THz/ps"),
        ("pulse.duration", "ps"),
    ]
    assert sample["coordinates"][0]["values"] == samples["pulse.chirp"].values.tolist()
    assert (mu["values"], mu["ordered"], sample["ordered"]) == (["a", "b", "c"], False, True)


def test_no_axis_is_refused():
    with pytest.raises(InputError, match="at least one axis"):
        sweep_report(xr.Dataset({"gap": 1.0}), title="A point")
    with pytest.raises(InputError, match="at least one axis"):
        sweep_report(xr.Dataset({"motion_status": ("mu", np.zeros(3, np.int8))}), title="Only statuses")


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    if not (CHROMIUM.exists() and DRIVER.exists()):
        pytest.skip("Chromium is not installed: apt-get install chromium chromium-driver")
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = str(CHROMIUM)
    switches = (
        "--headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
        "--disable-component-update --disable-sync --disable-dev-shm-usage --window-size=1280,1000"
    )
    profile = tmp_path_factory.mktemp("profile")
    for switch in (*switches.split(), "--host-resolver-rules=MAP * ~NOTFOUND", f"--user-data-dir={profile}"):
        options.add_argument(switch)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(str(DRIVER)))
    yield driver
    driver.quit()


class Opened:
    """A page in the browser; what it draws comes back as arrays, and every complaint fails the test."""

    def __init__(self, browser, text: str, path: Path):
        path.write_text(text, encoding="utf-8")
        self.browser = browser
        browser.get(path.as_uri())
        self.check()

    def drawn(self, plot: str, trace: int, what: str) -> np.ndarray:
        """Once the next frame is drawn."""
        script = """const [plot, trace, what, done] = arguments;
            requestAnimationFrame(() => requestAnimationFrame(() =>
              done(document.getElementById(plot).data[trace][what])))"""
        return np.array(self.browser.execute_async_script(script, plot, trace, what), dtype=float)

    def choose(self, control: str, value: str) -> None:
        script = "const [id, value] = arguments, s = document.getElementById(id); s.value = value;"
        self.browser.execute_script(script + "s.dispatchEvent(new Event('change'))", control, value)

    def slider(self, dim: str):
        return self.browser.find_element("css selector", f"input[name={json.dumps(dim, ensure_ascii=False)}]")

    def text(self, element: str) -> str:
        return self.browser.find_element("id", element).text

    def press(self, dim: str, key: str, times: int = 1) -> None:
        for _ in range(times):
            self.slider(dim).send_keys(key)

    def check(self) -> None:
        assert self.browser.get_log("browser") == []
        assert self.browser.execute_script("return performance.getEntriesByType('resource').length") == 0


def test_sweep_in_a_browser(sweep, browser, tmp_path, monkeypatch):
    """Sliders, cuts, a click, the best point, and a variable along time show the numbers of the dataset."""
    from selenium.webdriver import ActionChains
    from selenium.webdriver.common.keys import Keys

    page = Opened(browser, sweep_report(sweep, title=HOSTILE, field=field), tmp_path / "sweep.html")
    moment = sweep["peak_moment"].values.astype("f4")
    best = np.unravel_index(np.nanargmax(abs(moment)), SIZES)
    assert page.text("summary").endswith(
        f"{math.prod(SIZES) - 1} of {math.prod(SIZES)} points done, 5 not converged, 2 failed"
    )
    np.testing.assert_array_equal(page.drawn("map", 1, "z"), moment[:, :, best[2], best[3]].T)
    assert len(browser.find_elements("css selector", "#map .heatmaplayer image")) >= 1
    assert browser.find_elements("css selector", "#pulse-polar .scatterlayer path")

    for dim, start in zip(AXES, (2, 3, 0, 0), strict=True):
        page.press(dim, Keys.HOME)
        page.press(dim, Keys.ARROW_RIGHT, start)
    np.testing.assert_array_equal(page.drawn("map", 1, "z"), moment[:, :, 0, 0].T)
    page.press(AXES[2], Keys.ARROW_RIGHT)
    np.testing.assert_array_equal(page.drawn("map", 1, "z"), moment[:, :, 1, 0].T)
    assert "0.325 eV" in page.text("sliders")
    assert "failed" in page.text("readout")
    np.testing.assert_array_equal(page.drawn("cut-x", 1, "y"), moment[:, 3, 1, 0])
    np.testing.assert_array_equal(page.drawn("cut-y", 1, "y"), moment[2, :, 1, 0])
    band = page.drawn("cut-y", 0, "y")
    error = sweep["moment_error"].values[1, 0]
    assert np.nanmax(band) == pytest.approx(np.nanmax(moment[2, :, 1, 0]) + error, rel=1e-5)

    ActionChains(browser).move_to_element(browser.find_element("css selector", "#map .nsewdrag")).click().perform()
    np.testing.assert_array_equal(page.drawn("cut-y", 1, "y"), moment[3, :, 1, 0])

    browser.find_element("id", "go").click()
    np.testing.assert_array_equal(page.drawn("map", 1, "z"), moment[:, :, best[2], best[3]].T)
    np.testing.assert_array_equal(page.drawn("cut-x", 1, "y"), moment[:, best[1], best[2], best[3]])
    browser.save_screenshot(str(tmp_path / "sweep.png"))

    page.choose("variable", "moment")
    along = sweep["moment"].values.astype("f4")
    now = int(page.slider("time").get_attribute("value"))
    np.testing.assert_array_equal(page.drawn("map", 1, "z"), along[:, best[1], best[2], best[3]])
    page.press("time", Keys.ARROW_RIGHT)
    np.testing.assert_array_equal(page.drawn("cut-y", 1, "y"), along[:, best[1], best[2], best[3], now + 1])
    page.choose("variable", "gap")
    np.testing.assert_array_equal(page.drawn("map", 1, "y"), sweep["gap"].values.astype("f4"))
    page.choose("variable", "lost")
    assert "no finite value" in page.text("best-title")
    page.check()

    monkeypatch.setattr(_report, "_BOUND", 4 * 2500)
    page = Opened(browser, sweep_report(sweep, title="Thinned"), tmp_path / "thinned.html")
    total = sum(array.size for array in sweep.data_vars.values() if array.ndim)
    said = re.sub(r"(?<=\d)\s(?=\d)", "", page.text("thinned"))
    shown = re.search(rf"thinned: it holds (\d+) of the {total} numbers", said)
    assert shown
    assert int(shown[1]) < total / 2
    page.check()


def test_samples_in_a_browser(samples, browser, tmp_path):
    """A list of samples is drawn as dots, against one coordinate or in the plane of two."""
    page = Opened(browser, sweep_report(samples, title="Samples"), tmp_path / "samples.html")
    best = samples["peak_moment"].values.astype("f4")[:, 2]
    page.choose("x", "1:sample")
    np.testing.assert_array_equal(page.drawn("map", 0, "x"), samples["pulse.chirp"])
    np.testing.assert_array_equal(page.drawn("map", 0, "y"), samples["pulse.duration"])
    np.testing.assert_array_equal(page.drawn("cut-y", 0, "y"), best)
    page.choose("y", "")
    np.testing.assert_array_equal(page.drawn("map", 0, "y"), best)
    browser.find_element("id", "log").click()
    np.testing.assert_array_equal(page.drawn("map", 0, "y"), best)
    browser.save_screenshot(str(tmp_path / "samples.png"))
    page.check()
