from datetime import datetime

from airflow.exceptions import AirflowSkipException
from airflow.providers.standard.operators.bash import BashOperator
from airflow.providers.standard.operators.python import PythonOperator
from airflow.sdk import dag, task, task_group


@dag(start_date=datetime(2026, 1, 1), schedule=None)
def mapping():
    @task
    def numbers():
        return [1, 2, 3]

    @task
    def words():
        return {"a": 10, "b": 20}

    @task
    def none():
        return []

    @task
    def add(x, y=0):
        return x + y

    @task
    def pair(item):
        return list(item)

    @task
    def total(values):
        return sum(values)

    @task(trigger_rule="all_done")
    def count(values):
        return len(list(values))

    @task
    def picky(x):
        if x == 2:
            raise AirflowSkipException("not two")
        if x == 3:
            raise ValueError("not three")
        return x

    total(add.partial(y=10).expand(x=numbers()))
    total.override(task_id="cross")(add.override(task_id="add_cross").expand(x=[1, 2], y=numbers()))
    pair.expand(item=words())
    total.override(task_id="empty_sum")(add.override(task_id="nothing").expand(x=none()))
    picked = picky.expand(x=numbers())
    total.override(task_id="picked_sum")(picked)
    count(picked)
    add.override(task_id="kwargs").expand_kwargs([{"x": 1, "y": 2}, {"x": 3}])

    @task
    def dicts():
        return [{"x": 1, "y": 5}, {"x": 2, "y": 7}]

    add.override(task_id="from_dicts").expand_kwargs(dicts())
    add.override(task_id="doubled").expand(x=numbers().map(lambda n: n * 2))

    def skip_odd(n):
        if n % 2:
            raise AirflowSkipException("odd")
        return n

    add.override(task_id="even").expand(x=numbers().map(skip_odd))
    pair.override(task_id="zipped").expand(item=numbers().zip(dicts().map(lambda d: d["y"]), fillvalue=0))
    add.override(task_id="joined").expand(x=numbers().concat(numbers().map(lambda n: -n)))
    BashOperator.partial(task_id="echo").expand(bash_command=["echo one", "echo {{ ti.map_index }}", "exit 99"])
    PythonOperator.partial(task_id="called", python_callable=lambda a, b: [a, b]).expand(op_args=[[1, 2], [3, 4]])

    @task_group
    def each(n):
        @task
        def more(v):
            if v == 2:
                raise ValueError("two")
            return v + 1

        @task
        def again(v, ti=None):
            return [v, ti.map_index]

        @task(trigger_rule="all_done")
        def over(v):
            return v

        got = again(more(n))
        over(n) << got
        return got

    count.override(task_id="after_group")(each.expand(n=numbers()))


mapping()
