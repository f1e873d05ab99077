"""Groups that expand, groups without prefix, and pulling from their items."""

from datetime import datetime

from airflow.providers.standard.operators.bash import BashOperator
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG, TaskGroup, task, task_group

with DAG("group_items", start_date=datetime(2022, 3, 4), schedule=None, default_args={"retries": 0}):

    @task
    def numbers():
        return [1, 2, 3]

    @task_group
    def work(n):
        @task
        def double(x):
            if x == 2:
                raise RuntimeError("two")
            return x * 2

        @task
        def inc(x):
            return x + 1

        @task(trigger_rule="all_done")
        def clean(ti=None):
            return ti.map_index

        d = double(n)
        i = inc(d)
        i >> clean()
        return i

    @task(trigger_rule="all_done")
    def collect(xs):
        return list(xs)

    w = work.expand(n=numbers())
    collect(w)

    @task_group(group_id="kw")
    def kw(a, b):
        @task
        def add(a, b):
            return a + b

        return add(a, b)

    kw.expand_kwargs([{"a": 1, "b": 2}, {"a": 3, "b": 4}])
    kw2 = kw.override(group_id="kw2").partial(b=100).expand(a=[1, 2])
    with TaskGroup("outer", tooltip="t") as outer:
        one = EmptyOperator(task_id="one")
        with TaskGroup("inner", prefix_group_id=False) as inner:
            two = BashOperator(task_id="two", bash_command="echo {{ ti.task_id }}")
        one >> inner
    end = EmptyOperator(task_id="end")
    outer >> end

    @task
    def pull(ti=None):
        return [
            ti.xcom_pull(task_ids="two"),
            ti.xcom_pull(task_ids=["two", "kw.add"]),
            ti.xcom_pull(task_ids="kw.add", map_indexes=1),
            list(ti.xcom_pull(task_ids="kw.add", map_indexes=[0, 1])),
        ]

    [kw2, outer] >> pull()
