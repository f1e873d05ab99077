"""A pipeline spec with an image: its command runs in a container that sees its datum in /pfs, and nothing of this machine."""

from __future__ import annotations

import json
import subprocess

import pytest
from test_engine_docker import daemon  # noqa: F401

from tenfold.base.errors import StepFailed
from tenfold.data import Dataset
from tenfold.doors.pachyderm.spec import spec_of
from tenfold.pipelines import Host
from tenfold.testing.stores import sqlite_stores


def test_a_spec_with_an_image_runs_in_containers(daemon, tmp_path, monkeypatch) -> None:  # noqa: F811
    mounts = json.dumps(daemon.mounts())
    (tmp_path / "tenfold.toml").write_text(f'[executors.docker]\nnetwork = "none"\nmounts = {mounts}\n')
    monkeypatch.chdir(tmp_path)
    stores = sqlite_stores(tmp_path / "store")
    Dataset(stores, "texts").commit({"a": b"one", "b": b"three"})
    lines = ['test -e /.dockerenv && test -z "$HOME_OF_HOST"', 'wc -c < "$texts" > "/pfs/out/$(basename "$texts")"']
    monkeypatch.setenv("HOME_OF_HOST", "not for containers")
    given = {
        "pipeline": {"name": "sizes"}, "input": {"pfs": {"repo": "texts", "glob": "/*"}}, "datum_tries": 1,
        "transform": {"image": daemon.IMAGE, "cmd": ["sh", "-e"], "stdin": lines},
        "resource_limits": {"memory": "64M"},
    }  # fmt: skip
    host = Host(stores, tmp_path)
    outputs = spec_of(given).pipeline.with_options(host=host, executor="inline").run().outputs()
    assert outputs["processed"] == 2
    assert Dataset(stores, "sizes").open("b").read().strip() == b"5"
    given |= {"datum_timeout": "2s", "salt": "other", "transform": {**given["transform"], "stdin": ["sleep 600"]}}
    with pytest.raises(StepFailed, match="took longer than 2 s"):
        spec_of(given).pipeline.with_options(host=host, executor="inline").run()
    left = subprocess.run(["docker", "ps", "--all", "--quiet"], capture_output=True, text=True, check=True)
    assert left.stdout == ""
