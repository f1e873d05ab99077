"""Databases of old schemas, laid by hand; the current one is in tests/system/test_importers.py."""

from __future__ import annotations

import sqlite3
from collections import Counter
from contextlib import closing

import numpy as np

from tenfold.doors import mlruns

OF_2018 = """
CREATE TABLE experiments (experiment_id INTEGER PRIMARY KEY, name VARCHAR(256), artifact_location VARCHAR(256),
    lifecycle_stage VARCHAR(32));
CREATE TABLE runs (run_uuid VARCHAR(32) PRIMARY KEY, name VARCHAR(250), source_type VARCHAR(20), source_name VARCHAR(500),
    entry_point_name VARCHAR(50), user_id VARCHAR(256), status VARCHAR(20), start_time BIGINT, end_time BIGINT,
    source_version VARCHAR(50), lifecycle_stage VARCHAR(20), artifact_uri VARCHAR(200), experiment_id INTEGER);
CREATE TABLE metrics (key VARCHAR(250), value FLOAT, timestamp BIGINT, run_uuid VARCHAR(32));
CREATE TABLE params (key VARCHAR(250), value VARCHAR(250), run_uuid VARCHAR(32));
CREATE TABLE tags (key VARCHAR(250), value VARCHAR(250), run_uuid VARCHAR(32));
INSERT INTO experiments VALUES (0, 'Default', './mlruns/0', 'active');
INSERT INTO runs VALUES ('a', 'one', 'LOCAL', 'train.py', '', 'ana', 'KILLED', 1540000000000, 1540000009000, '0a1b', 'active',
    './mlruns/0/a/artifacts', 0);
INSERT INTO metrics VALUES ('rmse', 0.7, 1540000000001, 'a'), ('rmse', 0.6, 1540000000002, 'a');
INSERT INTO params VALUES ('alpha', '0.5', 'a');
"""


def test_a_database_of_2018_without_steps_and_registry_is_read(tmp_path):
    with closing(sqlite3.connect(tmp_path / "mlflow.db")) as connection:
        connection.executescript(OF_2018)
    (tmp_path / "mlruns" / "0" / "a" / "artifacts").mkdir(parents=True)
    (tmp_path / "mlruns" / "0" / "a" / "artifacts" / "x.txt").write_text("x")
    unplaced = Counter()
    reader = mlruns.read(tmp_path, unplaced)
    run = next(reader)
    assert (run.id, run.project, run.name, run.state, run.user) == ("a", "Default", "one", "killed", "ana")
    assert (run.params, run.code.commit) == ({"alpha": "0.5"}, "0a1b")
    points = dict(run.points)["rmse"]
    assert np.frombuffer(points.values, "<f8").tolist() == [0.7, 0.6]
    assert [list(item.files) for item in run.items] == [["x.txt"]]
    assert list(reader) == []
    assert not any(unplaced.values())


def test_the_database_is_left_as_it_is(tmp_path):
    with closing(sqlite3.connect(tmp_path / "mlflow.db")) as connection:
        connection.executescript(OF_2018)
    before = (tmp_path / "mlflow.db").read_bytes()
    list(mlruns.read(tmp_path / "mlflow.db", Counter()))
    assert (tmp_path / "mlflow.db").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["mlflow.db"]
