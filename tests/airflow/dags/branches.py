from __future__ import annotations

from datetime import datetime

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.providers.standard.operators.python import BranchPythonOperator, ShortCircuitOperator
from airflow.sdk import DAG, Label, TriggerRule, chain, task

with DAG("branches", start_date=datetime(2026, 1, 1), schedule=None, tags=["example"]):

    @task.branch
    def choose(params=None):
        return ["left", "middle"]

    @task
    def left():
        return "l"

    right = EmptyOperator(task_id="right")
    middle = EmptyOperator(task_id="middle")
    join = EmptyOperator(task_id="join", trigger_rule=TriggerRule.NONE_FAILED_MIN_ONE_SUCCESS)
    plain_join = EmptyOperator(task_id="plain_join")
    choose() >> Label("ways") >> [left(), middle, right] >> join
    [middle, right] >> plain_join

    both = BranchPythonOperator(task_id="both", python_callable=lambda ds: None if ds == "2026-03-04" else "x")
    x, y = EmptyOperator(task_id="x"), EmptyOperator(task_id="y")
    both >> [x, y]

    stop = ShortCircuitOperator(task_id="stop", python_callable=lambda: False)
    go = ShortCircuitOperator(task_id="go", python_callable=lambda: [1])
    soft = ShortCircuitOperator(task_id="soft", python_callable=lambda: 0, ignore_downstream_trigger_rules=False)
    chain(stop, EmptyOperator(task_id="s1"), EmptyOperator(task_id="s2", trigger_rule="all_done"))
    chain(go, EmptyOperator(task_id="g1"))
    chain(soft, EmptyOperator(task_id="f1"), EmptyOperator(task_id="f2", trigger_rule="all_done"))
    join >> EmptyOperator(task_id="last")

    @task.branch
    def short_way():
        return "join_after"

    way = EmptyOperator(task_id="way")
    after = EmptyOperator(task_id="join_after")
    short_way() >> [way, after]
    way >> after
