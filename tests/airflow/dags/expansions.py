"""Items of every kind: zip, map, expand_kwargs, none, failing, skipped, and what cannot be expanded over."""

from datetime import datetime

from airflow.exceptions import AirflowSkipException
from airflow.providers.standard.operators.bash import BashOperator
from airflow.providers.standard.operators.python import PythonOperator
from airflow.sdk import DAG, task

with DAG("expansions", start_date=datetime(2022, 3, 4), schedule=None) as dag:

    @task
    def add_one(x: int):
        return x + 1

    @task
    def sum_it(values):
        return sum(values)

    @task
    def product(x, y):
        return x * y

    @task
    def make():
        return [1, 2, 3]

    @task
    def named():
        return {"a": 10, "b": 20}

    @task
    def show(pair):
        return list(pair) if isinstance(pair, tuple) else pair

    @task(map_index_template="{{ task.op_kwargs['x'] }}")
    def some_skip(x):
        if x == 2:
            raise AirflowSkipException("no two")
        return x

    @task
    def failing(x):
        if x == 3:
            raise ValueError("three")
        return x

    @task(trigger_rule="all_done")
    def after(values):
        return list(values)

    @task
    def after_fail(values):
        return list(values)

    a = add_one.expand(x=make())
    total = sum_it(a)
    p = product.partial(y=10).expand(x=[1, 2])
    cross = product.override(task_id="cross").expand(x=make(), y=[5, 6])
    show.expand(pair=named())
    z = show.override(task_id="zipped").expand(pair=a.zip(p, fillvalue=0))
    m = show.override(task_id="mapped").expand(pair=a.map(lambda v: v * 100))
    sk = some_skip.expand(x=make())
    after(sk)
    f = failing.expand(x=make())
    after.override(task_id="after_f")(f)
    after_fail(f)

    BashOperator.partial(task_id="bash", do_xcom_push=True).expand(bash_command=["echo 1", "echo 2"])
    BashOperator.partial(task_id="bashk").expand_kwargs(
        [{"bash_command": "echo $E", "env": {"E": "1"}}, {"bash_command": "printf 'x\\nlast'", "env": {"E": "2"}}]
    )
    PythonOperator.partial(task_id="po", python_callable=lambda a, b: a + b).expand(op_args=[[1, 2], [3, 4]])
    PythonOperator.partial(task_id="pk", python_callable=lambda a, b=5: a + b).expand(
        op_kwargs=make().map(lambda v: {"a": v})
    )

    @task
    def empty():
        return []

    e = add_one.override(task_id="none").expand(x=empty())
    sum_it.override(task_id="sum_none")(e)
    sum_it.override(task_id="sum_none_done", trigger_rule="all_done")(e)

    @task
    def notlist():
        return 5

    bad = add_one.override(task_id="bad").expand(x=notlist())
    show.override(task_id="after_bad")(bad)
