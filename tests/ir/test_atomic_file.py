"""Files that change in a single step."""

from __future__ import annotations

import os
import stat

import pytest

from neurotool.errors import UsageError
from neurotool.ir.atomic_file import replacing


def test_a_file_appears_whole_and_with_the_mode_that_is_usual(tmp_path):
    place = tmp_path / "answer.json"
    before = os.umask(0o027)
    try:
        with replacing(place) as staged:
            staged.write_text("{}")
            assert not place.exists()
    finally:
        os.umask(before)
    assert place.stat().st_mode & 0o777 == 0o640
    assert list(tmp_path.iterdir()) == [place]


def test_a_file_that_fails_leaves_the_old_one(tmp_path):
    place = tmp_path / "answer.json"
    place.write_text("old")
    with pytest.raises(KeyboardInterrupt), replacing(place) as staged:
        staged.write_text("half")
        raise KeyboardInterrupt
    assert (place.read_text(), list(tmp_path.iterdir())) == ("old", [place])


def test_a_file_in_a_missing_folder_is_named(tmp_path):
    place = tmp_path / "no" / "answer.json"
    with pytest.raises(UsageError, match=rf"--to: {place} cannot be written: No such file"), replacing(place, "--to"):
        pytest.fail("there is no place to write at")


def test_missing_folders_are_made_where_that_is_asked_for(tmp_path):
    with replacing(tmp_path / "a" / "b" / "answer.json", parents=True) as staged:
        staged.write_text("{}")
    assert (tmp_path / "a" / "b" / "answer.json").read_text() == "{}"


def test_a_file_is_on_disk_before_it_takes_its_place(tmp_path, monkeypatch):
    """And the directory entry after that: otherwise a power cut could leave a name with nothing behind it."""
    place, flushed = tmp_path / "answer.json", []
    monkeypatch.setattr(
        os, "fsync", lambda descriptor: flushed.append((stat.S_ISDIR(os.fstat(descriptor).st_mode), place.exists()))
    )
    with replacing(place) as staged:
        staged.write_text("{}")
    assert flushed == [(False, False), (True, True)]
