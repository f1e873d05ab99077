"""Ids, files, hashing, settings, errors."""

import errno
import multiprocessing
import os
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenfold.base import errors, files, hashing, ids, settings
from tenfold.base.errors import Invalid, MissingExtra, StoreFull, Unavailable
from tenfold.base.extras import require


def test_ids_of_one_process_increase_strictly_also_from_threads():
    made: list[str] = []
    lock = threading.Lock()

    def work():
        mine = [ids.new_id() for _ in range(2000)]
        assert mine == sorted(mine)
        with lock:
            made.extend(mine)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(made)) == 8000


@given(st.integers(0, 2**48 - 1))
def test_an_id_tells_when_it_was_made(at_ms):
    assert ids.time_ms(ids.new_id(at_ms)) == at_ms


def test_ids_of_a_forked_child_differ_from_the_parents():
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    child = context.Process(target=lambda: queue.put([ids.new_id() for _ in range(100)]))
    child.start()
    theirs = queue.get()
    child.join()
    assert not set(theirs) & {ids.new_id() for _ in range(100)}


def test_a_file_is_written_whole_or_not_at_all(tmp_path, monkeypatch):
    path = tmp_path / "record"
    files.write_atomic(path, b"old")

    def full(fd, data):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(StoreFull, match="Free space"):
        files.write_atomic(path, b"new and longer")
    monkeypatch.undo()
    assert path.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["record"]


def test_a_lock_waited_for_in_vain_names_its_holder(tmp_path):
    with files.locked(tmp_path / "lock", purpose="tenfold gc"):
        with pytest.raises(Unavailable, match=rf"pid {os.getpid()} \(tenfold gc\)"):
            with files.locked(tmp_path / "lock", timeout_s=0.05):
                pass
    with files.locked(tmp_path / "lock", timeout_s=0.05):
        pass


def test_equal_values_have_equal_json_whatever_the_order_of_keys():
    assert hashing.json_digest({"a": 1, "b": [1.5, None]}) == hashing.json_digest({"b": [1.5, None], "a": 1})


def test_a_flag_beats_the_environment_which_beats_the_file(tmp_path):
    (tmp_path / "tenfold.toml").write_text('project = "from-file"\n')
    inner = tmp_path / "deep" / "down"
    inner.mkdir(parents=True)
    environ = {"TENFOLD_PROJECT": "from-environment"}
    assert settings.get("project", "from-flag", environ=environ, folder=inner) == "from-flag"
    assert settings.get("project", environ=environ, folder=inner) == "from-environment"
    assert settings.get("project", environ={}, folder=inner) == "from-file"
    assert settings.get("project", environ={}, folder=tmp_path.parent) == "default"


def test_a_line_that_is_no_setting_is_refused_with_the_nearest_name(tmp_path):
    (tmp_path / "tenfold.toml").write_text("prot = 4\n")
    with pytest.raises(Invalid, match="Did you mean 'port'"):
        settings.get("project", environ={}, folder=tmp_path)


def test_a_missing_library_names_the_extra_that_brings_it():
    with pytest.raises(MissingExtra, match=r"pip install 'tenfold\[nothing\]'"):
        require("surely_not_installed", extra="nothing", why="test this")


def test_every_error_is_found_again_by_its_wire_code():
    for code, kind in errors.BY_CODE.items():
        made = kind("what happened")
        assert made.code == code and str(made) == "what happened"
        assert 1 <= made.exit_code <= 4 and 400 <= made.status < 600


def test_errors_are_the_built_ins_they_resemble():
    assert issubclass(errors.RunNotFound, LookupError)
    assert issubclass(errors.Invalid, ValueError)
    assert issubclass(errors.Forbidden, PermissionError)
    assert issubclass(errors.Unavailable, ConnectionError)
