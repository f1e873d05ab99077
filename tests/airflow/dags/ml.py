from __future__ import annotations

import logging
from datetime import timedelta

import pendulum
from airflow.decorators import dag, task
from airflow.models.param import Param
from airflow.operators.bash import BashOperator
from airflow.utils.task_group import TaskGroup

log = logging.getLogger(__name__)


@dag(
    dag_id="ml",
    schedule="@weekly",
    start_date=pendulum.datetime(2026, 1, 1, tz="Europe/Zurich"),
    catchup=False,
    default_args={"retries": 1, "retry_delay": timedelta(seconds=0)},
    params={"models": Param(["a", "b"], type="array")},
    tags=["ml"],
    render_template_as_native_obj=True,
)
def ml(threshold: float = 0.5, name="n"):
    @task
    def params_of(**context) -> list:
        return context["params"]["models"]

    @task(max_active_tis_per_dag=2)
    def train(model: str, seed: int) -> dict:
        log.info("train %s", model)
        return {"model": model, "score": len(model) + seed / 10}

    @task
    def best(results: list[dict], threshold: float):
        rs = sorted(results, key=lambda r: r["score"])
        return rs[-1] if rs[-1]["score"] > threshold else None

    @task.short_circuit
    def has(model):
        return model is not None

    @task
    def deploy(model):
        return f"deployed {model['model']}"

    @task(trigger_rule="all_done")
    def report(ti=None, dag_run=None, **_):
        return {
            "deploy": ti.xcom_pull(task_ids="deploy"),
            "train": list(ti.xcom_pull(task_ids="train")),
            "conf": dag_run.conf,
        }

    with TaskGroup(group_id="checks") as checks:
        BashOperator(task_id="threshold", bash_command="echo {{ params.threshold }} {{ params.name }}")
        BashOperator.partial(task_id="per").expand(
            bash_command=["echo 1", "false"],
        )
    b = best(train.partial(seed=3).expand(model=params_of()), threshold)
    h = has(b)
    d = deploy(b)
    h >> d >> report()
    checks >> h


ml(threshold=0.7)
