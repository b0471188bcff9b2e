"""A file is written whole or not at all."""

import pytest

from chiraljax._atomic import atomic_path


def test_success_leaves_the_file_alone_in_its_folder(tmp_path):
    with atomic_path(tmp_path / "a.csv") as temporary:
        assert temporary.parent == tmp_path
        assert temporary.suffix == ".csv"
        temporary.write_text("new")
        assert not (tmp_path / "a.csv").exists()
    assert [file.name for file in tmp_path.iterdir()] == ["a.csv"]
    assert (tmp_path / "a.csv").read_text() == "new"


def test_failure_keeps_the_older_file(tmp_path):
    target = tmp_path / "a.csv"
    target.write_text("old")

    def fail():
        with atomic_path(target) as temporary:
            temporary.write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert [file.name for file in tmp_path.iterdir()] == ["a.csv"]
    assert target.read_text() == "old"
