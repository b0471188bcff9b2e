"""The two forms of the report say the same."""

import json

from chiraljax.cli import main
from chiraljax.reproduce import Row, summary
from chiraljax.reproduce._report import write_report


def test_report(tmp_path):
    rows = [Row("gap", 2.53, "eV", "a|b", 2.8, accuracy=1e-9), Row("|q|", 1.2, "Å√u", "")]
    write_report(tmp_path, rows, {"zone": {"diagonalisations": 12, "status": "converged", "error": 1e-6}})
    content = json.loads((tmp_path / "report.json").read_text())
    assert [row["verdict"] for row in content["rows"]] == ["disagrees", "no value to compare"]
    assert content["verdicts"] == {"disagrees": 1, "no value to compare": 1}
    text = (tmp_path / "report.md").read_text()
    assert "| gap | ≈ 2.8 | 2.53 | 1e-09 | eV | within 5% | **disagrees** | a\\|b |" in text
    assert "| zone | 12 | converged | 1e-06 |" in text
    assert {file.name for file in tmp_path.iterdir()} == {"report.json", "report.md"}


def test_the_counts_in_words(tmp_path, monkeypatch, capsys):
    agrees, disagrees, none = Row("a", 1.0, "eV", "", 1.0), Row("b", 2.0, "eV", "", 1.0), Row("c", 1.0, "eV", "")
    rows = [none, none, disagrees, agrees, agrees, Row("d", 1.0, "eV", "", 1.0, comparison="input")]
    counts = "2 agree, 1 disagrees, 1 is an input, 2 have no value to compare"
    assert summary(rows) == f"6 quantities: {counts}"
    assert summary(rows[:1]) == "1 quantity: 1 has no value to compare"
    monkeypatch.setattr("chiraljax.reproduce.reproduce", lambda *_: rows)
    assert main(["reproduce", "--out", str(tmp_path)]) == 0
    assert capsys.readouterr().out == f"{tmp_path / 'report.md'}: 6 quantities: {counts}\n"
