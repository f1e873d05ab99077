"""DAG files: what is taken over runs as in Airflow (`make airflow` asks the real one), what is not is refused by name."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from tenfold.base.errors import Invalid, NotFound
from tenfold.doors.airflow import run, schedule_dag
from tenfold.doors.airflow.dags.rules import TriggerRule, kept_from_running
from tenfold.doors.airflow.dags.stand_in import load_dag
from tenfold.pipelines import resume
from tenfold.workspace import Workspace, open_workspace, pipeline_host
from tenfold.workspace.scheduling import backfill, schedules

HEAD = """
from datetime import datetime
from airflow.sdk import DAG, Param, Label, dag, task, task_group, chain
from airflow.providers.standard.operators.bash import BashOperator
from airflow.exceptions import AirflowSkipException
"""
WIDE = (
    HEAD
    + """
with DAG("wide", schedule="@daily", start_date=datetime(2026, 1, 1), params={"n": Param(2, type="integer")}):
    echo = BashOperator(task_id="echo", bash_command="echo {{ ds }} {{ params.n }} {{ dag_run.conf.word }}")

    @task
    def numbers(n):
        return list(range(int(n)))

    @task
    def picky(x, ti=None):
        if x == 0:
            raise AirflowSkipException("not zero")
        ti.xcom_push("index", ti.map_index)
        return x + 1

    @task(multiple_outputs=True)
    def total(values):
        return {"sum": sum(values), "count": len(values)}

    @task.branch
    def choose(said):
        return "small" if said["sum"] < 10 else "large"

    @task
    def small(count):
        return count

    @task
    def large():
        return "no"

    @task(trigger_rule="none_failed_min_one_success")
    def last(ti=None):
        return ti.xcom_pull(["small", "large", "echo"])

    picked = picky.expand(x=numbers("{{ params.n + 1 }}"))
    said = total.override(trigger_rule="none_failed")(picked)
    ways = [small(said["count"]), large()]
    echo >> choose(said) >> Label("way") >> ways >> last()
"""
)
FAILS = (
    HEAD
    + """
with DAG("fails", start_date=datetime(2026, 1, 1)):
    @task(retries=1, retry_delay=0)
    def first(ti=None):
        open(FILE, "a").write(f"{ti.try_number} ")
        raise ValueError("broken")

    @task
    def needs(x):
        return x

    @task(trigger_rule="one_failed")
    def alarm():
        return "told"

    @task
    def clean():
        return "cleaned"

    broken = first()
    needs(broken) >> clean().as_teardown()
    broken >> alarm()
"""
)


@pytest.fixture
def place(tmp_path: Path) -> Workspace:
    return open_workspace(str(tmp_path / "store"))


def states(done: Any) -> dict[str, str]:
    return {key: one.state for key, one in done.steps.items()}


def written(folder: Path, text: str, name: str = "a_dag.py") -> Path:
    (folder / name).write_text(text)
    return folder / name


def test_a_dag_runs_with_its_branches_items_templates_and_xcoms(place: Workspace, tmp_path: Path) -> None:
    file = written(tmp_path, WIDE)
    done = run(place, file, date="2026-03-04", conf={"word": "hi"})
    assert done.output("echo", "return_value") == "2026-03-04 2 hi"
    assert done.output("numbers", "return_value") == [0, 1, 2]
    assert done.output("picky[2]", "xcom") == {"index": 2}
    assert done.output("total", "xcom") == {"sum": 5, "count": 2}
    assert states(done) | {"picky[0]": "skipped", "large": "skipped", "small": "finished"} == states(done)
    assert done.output("last", "return_value") == [2, None, "2026-03-04 2 hi"]
    assert done.record.tags["airflow"] == str(file) and done.record.name == "wide"
    assert "airflow" not in sys.modules


def test_what_fails_is_tried_again_and_keeps_back_only_what_needs_it(place: Workspace, tmp_path: Path) -> None:
    text = FAILS.replace("FILE", repr(str(tmp_path / "tries")))
    file = written(tmp_path, text)
    done = run(place, file, raises=False)
    assert states(done) == {"first": "failed", "needs": "skipped", "alarm": "finished", "clean": "finished"}
    assert done.state == "failed" and (tmp_path / "tries").read_text() == "1 2 "
    assert "upstream_failed" in str(done.steps["needs"].why)
    written(tmp_path, text.replace('raise ValueError("broken")', "return 5"))
    again = done.resume()
    assert again.state == "finished" and again.output("needs", "return_value") == 5


EARLY = (
    HEAD
    + """
import time
from pathlib import Path

FOLDER = Path(PLACE)

def told(name):
    return lambda context: (FOLDER / name).write_text(f"{context['reason']} {context['ti'].task_id}")

with DAG("early", start_date=datetime(2026, 1, 1), on_failure_callback=told("failed"), on_success_callback=told("ended")):
    @task
    def broken(ti=None):
        ti.xcom_push("seen", 7)
        raise ValueError("broken")

    @task
    def slow():
        until = time.monotonic() + 20
        while not (FOLDER / "alarmed").exists():
            assert time.monotonic() < until, "the alarm waited for this task"
            time.sleep(0.02)

    @task(trigger_rule="one_failed")
    def alarm(ti=None):
        (FOLDER / "alarmed").touch()
        return ti.xcom_pull("broken", key="seen")

    @task(max_active_tis_per_dagrun=1)
    def alone(x):
        (FOLDER / "busy").touch(exist_ok=False)
        time.sleep(0.05)
        (FOLDER / "busy").unlink()

    [broken(), slow()] >> alarm()
    alone.expand(x=[1, 2, 3])
"""
)


def test_the_first_failure_raises_the_alarm_which_sees_what_was_pushed_before(place: Workspace, tmp_path: Path) -> None:
    done = run(place, written(tmp_path, EARLY.replace("PLACE", repr(str(tmp_path)))))
    assert done.state == "finished" and done.output("alarm", "return_value") == 7
    assert (tmp_path / "ended").read_text() == "success alarm" or (tmp_path / "ended").read_text() == "success alone"
    assert not (tmp_path / "failed").exists()


def test_a_run_is_good_when_its_last_tasks_are(place: Workspace, tmp_path: Path) -> None:
    text = FAILS.replace("FILE", repr(str(tmp_path / "tries"))).replace("needs(broken) >> clean().as_teardown()", "")
    assert run(place, written(tmp_path, text), raises=False).state == "finished"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("from airflow.providers.postgres.hooks.postgres import PostgresHook", "line 7: airflow.providers.postgres"),
        ("from airflow.sdk import BaseXCom", "line 7: airflow.sdk.BaseXCom is not taken over"),
        ("x = 1 / 0", "line 7: ZeroDivisionError"),
        ("DAG('d', dagrun_timeouts=3)", "line 7: DAG 'd': dagrun_timeouts= is not taken over"),
        ("task.kubernetes(image='x')", "line 7: @task.kubernetes is not taken over. There are: python, branch"),
        (
            "with DAG('d'): BashOperator(task_id='t', bash_command='x', deferrable=True)",
            "deferrable= is not taken over",
        ),
        ("with DAG('d'): BashOperator(task_id='t', bash_comand='x')", "line 7: TypeError"),
    ],
)
def test_what_is_not_taken_over_is_refused_with_its_line(line: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(Invalid, match=r"a_dag\.py") as caught:
        load_dag(str(written(tmp_path, f"{HEAD}\n{line}\n")))
    assert said in str(caught.value)


def test_a_value_that_no_format_is_known_for_is_refused_by_name(place: Workspace, tmp_path: Path) -> None:
    text = HEAD + "with DAG('odd', start_date=datetime(2026, 1, 1)):\n    task(lambda: object(), task_id='thing')()\n"
    done = run(place, written(tmp_path, text), raises=False)
    assert "Task 'thing' returned a value that is or holds a object, for which there is no format" in str(
        done.steps["thing"].error
    )


def test_of_several_dags_one_is_named(place: Workspace, tmp_path: Path) -> None:
    file = written(tmp_path, HEAD + "for name in 'ab':\n    with DAG(name):\n        task(lambda: 1, task_id='t')()\n")
    with pytest.raises(Invalid, match=r"has 2 DAGs \(a, b\). Name one with --dag"):
        run(place, file)
    with pytest.raises(NotFound, match=r"has no DAG 'c'\. It has: a, b"):
        run(place, file, dag_id="c")
    assert run(place, file, dag_id="b").output("t", "return_value") == 1


@pytest.mark.parametrize("rule", list(TriggerRule))
def test_a_task_without_others_before_it_runs_by_any_rule(rule: TriggerRule) -> None:
    assert kept_from_running(rule, []) is None
    assert kept_from_running(rule, ["success"]) == {
        "all_failed": "skipped",
        "one_failed": "skipped",
        "all_skipped": "skipped",
    }.get(rule)


def test_a_dag_s_own_schedule_starts_it_with_the_moment_as_its_date(place: Workspace, tmp_path: Path) -> None:
    text = HEAD + (
        "with DAG('nightly', schedule='0 2 * * *', start_date=datetime(2026, 1, 1), end_date=datetime(2026, 2, 1)):\n"
        "    task(lambda ds, run_id, dag_run: [ds, run_id, dag_run.run_type], task_id='told')()\n"
        "with DAG('never', schedule=None):\n    task(lambda: 1, task_id='t')()\n"
    )
    file = written(tmp_path, text)
    schedule_dag(place, "night", file, dag_id="nightly")
    (state,) = schedules(place.stores)
    assert (state.schedule.says, state.schedule.pipeline) == ("0 2 * * * UTC", "nightly")
    (run_id,) = backfill(place.stores, "night", 1_767_744_000_000, 1_767_760_000_000).run_ids
    done = resume(run_id, host=pipeline_host(place))
    assert done.output("told", "return_value") == ["2026-01-07", "scheduled__2026-01-07T02:00:00+00:00", "scheduled"]
    assert done.record.name == "nightly" and done.graph.pipeline.startswith("pipeline:nightly@")
    with pytest.raises(Invalid, match="DAG 'never' has no schedule"):
        schedule_dag(place, "never", file, dag_id="never")
