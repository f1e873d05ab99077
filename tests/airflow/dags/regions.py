"""Things older and stranger files do."""

import json
from datetime import UTC, datetime, timedelta

from airflow.decorators import task
from airflow.hooks.base import BaseHook
from airflow.models import DAG
from airflow.operators.bash import BashOperator
from airflow.operators.python import PythonOperator, ShortCircuitOperator
from airflow.utils.trigger_rule import TriggerRule

CONFIG = {"north": {"n": 2}, "south": {"n": 0}}


def make(name, cfg):
    with DAG(
        f"region_{name}",
        schedule=None,
        start_date=datetime(2026, 1, 1, tzinfo=UTC),
        params=cfg,
        user_defined_macros={"region": name},
    ) as d:
        hello = BashOperator(task_id="hello", bash_command='echo "{{ region }} {{ params.n }} {{ params["n"] * 2 }}"')
        chk = ShortCircuitOperator(task_id="chk", python_callable=lambda params: params["n"] > 0)

        @task(task_id="items")
        def get(params=None):
            return [{"a": i, "b": str(i)} for i in range(params["n"])]

        @task(retries=2, retry_delay=timedelta(seconds=0))
        def use(a, b, ti=None):
            if ti.try_number < ti.map_index + 1:
                raise RuntimeError("flaky")
            return f"{a}{b}"

        @task(trigger_rule=TriggerRule.ALL_DONE)
        def fin(x=None):
            return x if x is None else list(x)

        got = get()
        used = use.expand_kwargs(got)
        hello >> chk >> got
        fin(used)
        fin.override(task_id="fin2", trigger_rule="none_failed")(used)

        @task
        def conn():
            c = BaseHook.get_connection("db")
            return [c.host, c.port, c.login, c.schema, c.conn_type, c.extra_dejson]

        conn()

        @task
        def js():
            return {"k": [1, {"z": None}], "f": 1.5}

        @task.bash
        def sh(v):
            return f"echo '{json.dumps(v)}'"

        sh(js())

        @task(multiple_outputs=False)
        def d1() -> dict:
            return {"a": 1}

        d1()

        @task(multiple_outputs=True)
        def bad_multi():
            return [1]

        bad_multi()

        @task
        def missing(v):
            return v

        missing(js()["nope"])
        BashOperator(task_id="multi", bash_command="echo a\necho b\n")
        BashOperator(task_id="cwd", bash_command="pwd", cwd="/tmp")
        BashOperator(task_id="badcwd", bash_command="pwd", cwd="/nope")
        BashOperator(task_id="env", bash_command="echo $A$B", env={"A": "1", "B": "{{ ds_nodash }}"})
        PythonOperator(task_id="po", python_callable=print, op_args=["x"])
        PythonOperator(
            task_id="ctx",
            python_callable=lambda **k: sorted(
                x
                for x in k
                if x
                in ("ds", "ts", "dag", "conf", "prev_ds", "execution_date", "yesterday_ds", "next_ds", "tomorrow_ds")
            ),
        )
        BashOperator(task_id="old", bash_command="echo {{ execution_date }}")
        BashOperator(
            task_id="deflt", bash_command="echo {{ params.zzz | default('d') }} {{ dag_run.conf.get('q', 'none') }}"
        )
        BashOperator(task_id="loop", bash_command="{% for k, v in params.items() %}echo {{k}}={{v}};{% endfor %}")
    return d


for n, c in CONFIG.items():
    globals()[n] = make(n, c)
