from datetime import datetime

from airflow.operators.empty import EmptyOperator
from airflow.sdk import DAG, TaskGroup, chain, cross_downstream, task, task_group

with DAG("groups", start_date=datetime(2026, 1, 1), schedule="@hourly", default_args={"retries": 0}) as d:
    start, end = EmptyOperator(task_id="start"), EmptyOperator(task_id="end")
    with TaskGroup("outer", tooltip="t", default_args={"trigger_rule": "all_done"}) as outer:
        a = EmptyOperator(task_id="a")
        with TaskGroup("inner") as inner:
            b = EmptyOperator(task_id="b")

            @task
            def broken():
                raise ValueError("broken")

            b >> broken()
        a >> inner
    with TaskGroup("bare", prefix_group_id=False):
        c = EmptyOperator(task_id="c")
    start >> outer >> end
    outer >> c

    @task_group(group_id="made")
    def made(x):
        @task
        def plus(v):
            return v + 1

        return plus(plus(x))

    @task
    def show(v):
        return v

    show(made(1))
    show(made.override(group_id="made_again")(5))

    @task_group
    def side():
        EmptyOperator(task_id="one") >> EmptyOperator(task_id="two")

    end << side()
    l1 = [EmptyOperator(task_id=f"l1_{i}") for i in range(2)]
    l2 = [EmptyOperator(task_id=f"l2_{i}", trigger_rule="one_failed" if i else "all_success") for i in range(2)]
    cross_downstream(l1, l2)
    chain(start, l1, EmptyOperator(task_id="tail"))
    chain([l1[0], l1[1]], [EmptyOperator(task_id="p0"), EmptyOperator(task_id="p1")])

    @task.branch
    def to_group():
        return "picked"

    with TaskGroup("picked") as picked:
        EmptyOperator(task_id="k")
    to_group() >> [picked, EmptyOperator(task_id="unpicked")]
