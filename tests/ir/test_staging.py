"""Directories that appear whole: what happens when the system refuses a lock, a directory or a descriptor."""

from __future__ import annotations

import errno
import fcntl
import os

import pytest

from neurotool.errors import UsageError
from neurotool.ir import staging
from neurotool.ir.writable import check_writable


@pytest.mark.parametrize("code", [errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP])
def test_a_file_system_without_locks_is_named_and_keeps_nothing(tmp_path, monkeypatch, code):
    tries = []

    def flock(descriptor, operation):
        tries.append(descriptor)
        if len(tries) > 20:
            pytest.fail("tried again and again")
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(fcntl, "flock", flock)
    with pytest.raises(UsageError, match=f"cannot be written to: {os.strerror(code)}"), staging.staging(tmp_path, "b"):
        pass
    assert len(tries) == 1
    assert list(tmp_path.iterdir()) == []


def test_too_many_open_files_end_the_attempt(tmp_path, monkeypatch):
    tries = []

    def open_directory(*arguments):
        tries.append(arguments)
        if len(tries) > 20:
            pytest.fail("tried again and again")
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    monkeypatch.setattr(staging.os, "open", open_directory)
    with pytest.raises(UsageError, match="Too many open files"), staging.staging(tmp_path, "b"):
        pass
    monkeypatch.undo()
    assert list(tmp_path.iterdir()) == []


def test_a_directory_that_is_always_taken_is_not_tried_for_ever(tmp_path, monkeypatch):
    def flock(descriptor, operation):
        raise BlockingIOError(errno.EWOULDBLOCK, os.strerror(errno.EWOULDBLOCK))

    monkeypatch.setattr(fcntl, "flock", flock)
    with pytest.raises(UsageError, match="cannot be written to"), staging.staging(tmp_path, "b"):
        pass
    assert len(list(tmp_path.iterdir())) <= staging.TRIES


def test_a_directory_that_another_writer_cleared_away_is_made_again(tmp_path, monkeypatch):
    made, lock = [], fcntl.flock

    def clear_first(descriptor, operation):
        made.append(descriptor)
        if len(made) == 1:
            next(tmp_path.iterdir()).rmdir()
        lock(descriptor, operation)

    monkeypatch.setattr(fcntl, "flock", clear_first)
    with staging.staging(tmp_path, "b") as folder:
        assert len(made) == 2
        assert list(tmp_path.iterdir()) == [folder]
    assert list(tmp_path.iterdir()) == []


def test_what_others_left_and_nobody_may_open_is_left_alone(tmp_path, monkeypatch):
    foreign, opened = tmp_path / ".b.staging-foreign", os.open
    foreign.mkdir()

    def refuse(path, *arguments, **options):
        if path == foreign:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        return opened(path, *arguments, **options)

    monkeypatch.setattr(staging.os, "open", refuse)
    with staging.staging(tmp_path, "b"):
        pass
    assert list(tmp_path.iterdir()) == [foreign]


def test_where_nothing_can_be_written_is_known_before(tmp_path):
    check_writable(tmp_path / "not" / "yet")
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="is not a directory"):
        check_writable(tmp_path / "file" / "below")
    # Nobody, not even the superuser, can make files there.
    with pytest.raises(UsageError, match="/proc/self/b: cannot be written to"):
        check_writable(staging.Path("/proc/self/b"))
