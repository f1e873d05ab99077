"""`tenfold run` of other tools' files refuses what would do nothing there."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from tenfold.base.errors import Invalid
from tenfold.cli.run import command
from tenfold.cli.run_doors import DOORS


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("dag.py --airflow --metaflow", "--airflow and --metaflow exclude each other"),
        ("dag.py --airflow --executor slurm", "--executor cannot be given with --airflow"),
        ("spec.json --pachyderm --param a=1", "--param cannot be given with --pachyderm"),
        ("flow.py --metaflow --plan", "--plan cannot be given with --metaflow"),
        ("ir.yaml --kubeflow word", "ARGUMENTS cannot be given with --kubeflow"),
        ("train.py:training --date 2026-01-31", "--date goes with --airflow"),
        ("flow.py --metaflow --follow", "--follow goes with --pachyderm"),
    ],
)
def test_an_option_of_another_door_is_refused_before_a_store_is_made(words, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(Invalid, match=said):
        CliRunner().invoke(command, words.split(), catch_exceptions=False)
    assert list(tmp_path.iterdir()) == []


def test_each_door_has_its_flag_and_its_options():
    names = {parameter.name for parameter in command.params}
    assert names >= {*DOORS, *(option for door in DOORS.values() for option in door.own)}
