from datetime import datetime, timedelta

from airflow import DAG
from airflow.exceptions import AirflowException, AirflowFailException, AirflowSkipException
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.providers.standard.operators.python import (
    BranchPythonOperator,
    PythonOperator,
)
from airflow.sdk import BaseOperator, chain, get_current_context, task


class Base(BaseOperator):
    template_fields = ("path",)

    def __init__(self, path: str, *, mode: str = "r", **kwargs):
        super().__init__(**kwargs)
        self.path = path
        self.mode = mode

    def execute(self, context):
        context["ti"].xcom_push(key="mode", value=self.mode)
        return self.path + ":" + self.mode


class Child(Base):
    template_fields = (*Base.template_fields, "extra")

    def __init__(self, extra=None, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.extra = extra

    def execute(self, context):
        return [super().execute(context), self.extra]


with DAG(dag_id="ops", start_date=datetime(2026, 1, 1), schedule=None, default_args={"mode": "w", "retries": 0}) as d:
    a = Base(task_id="a", path="/x/{{ ds }}")
    b = Child(task_id="b", path="{{ ti.xcom_pull(task_ids='a', key='mode') }}", extra=a.output, mode="q")
    Base.partial(task_id="c", mode="z").expand(path=["1-{{ ds }}", "2"])
    Child.partial(task_id="dd").expand_kwargs([{"path": "p", "extra": 1}, {"path": "q", "mode": "m"}])
    chain(a, [EmptyOperator(task_id="e1"), EmptyOperator(task_id="e2")], EmptyOperator(task_id="e3"))

    def br(**kw):
        return ["y1"] if kw["logical_date"].day == 4 else ["y2"]

    y = BranchPythonOperator(task_id="y", python_callable=br)
    y1 = PythonOperator(task_id="y1", python_callable=lambda: {"a": 1}, multiple_outputs=True)
    y2 = EmptyOperator(task_id="y2")
    y >> y1 >> EmptyOperator(task_id="yj", trigger_rule="none_failed")
    y >> y2 >> d.get_task("yj")

    @task
    def raises():
        raise AirflowException("x")

    @task
    def fails():
        raise AirflowFailException

    @task(trigger_rule="all_failed")
    def all_failed():
        return "af"

    [raises(), fails()] >> all_failed()

    @task(retries=1, retry_delay=timedelta(seconds=0))
    def skip_later():
        c = get_current_context()
        if c["ti"].try_number == 1:
            raise ValueError
        raise AirflowSkipException("s")

    skip_later()

    @task
    def g(v):
        return v

    g.override(task_id="none")(None)
    g.override(task_id="nested")({"a": [a.output, {"b": b.output}]})

    @task
    def tup() -> tuple[int, str]:
        return (1, "x")

    @task
    def first(t):
        return t[0]

    first(tup())

    @task
    def kw(*args, **kwargs):
        return [list(args), kwargs["ds"], "ti" in kwargs, kwargs.get("z")]

    kw(1, 2, z=3)

    @task
    def keyonly(x, *, y=2, ds_nodash):
        return [x, y, ds_nodash]

    @task.virtualenv(requirements=[], system_site_packages=False)
    def venv(x, y=1):
        import sys

        return {"sum": x + y, "v": sys.version_info.major}

    venv(3, y=4)

    @task
    def lens(xs):
        return [len(xs), xs[0], list(xs), list(xs)]

    @task
    def ident(x):
        return x

    lens(ident.expand(x=["p", "q"]))

    @task
    def pull_one(ti=None):
        return [
            ti.xcom_pull(task_ids="ident", map_indexes=1),
            ti.xcom_pull(task_ids="ident", map_indexes=[0, 1]),
            ti.xcom_pull(task_ids=["ident"], key="return_value"),
        ]

    d.get_task("ident") >> pull_one()

    @task(do_xcom_push=False)
    def nopush():
        return 1

    nopush()

    @task
    def sets(v):
        return sorted(v)

    ident.override(task_id="bool")(True)
    ident.override(task_id="zero")(0)
    ident.override(task_id="estr")("")
    ident.override(task_id="elist")([])

    @task
    def dates(logical_date, data_interval_end=None):
        return [logical_date.isoformat(), str(data_interval_end), logical_date.add(days=1).to_date_string()]

    dates()
