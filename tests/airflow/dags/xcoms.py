"""XComs by key, native rendering, operators of their own, values in values."""

from datetime import datetime

from airflow.providers.standard.operators.python import PythonOperator
from airflow.sdk import DAG, BaseOperator, XComArg, task


def push(ti, **kw):
    ti.xcom_push(key="a", value=[1, {"b": None}])
    ti.xcom_push(key="return_value", value="mine")
    return "theirs"


def push_fn(**context):
    context["ti"].xcom_push(key="only", value=1)


def pull(ti):
    return [
        ti.xcom_pull(key="a", task_ids="push"),
        ti.xcom_pull(task_ids="push"),
        ti.xcom_pull(task_ids="nope") if False else None,
        ti.xcom_pull(key="missing", task_ids="push"),
        ti.xcom_pull(key="missing", task_ids="push", default="d"),
        list(ti.xcom_pull(task_ids=["push", "push2"], key="only")),
    ]


class Hello(BaseOperator):
    template_fields = ("name",)

    def __init__(self, name, **kw):
        super().__init__(**kw)
        self.name = name

    def execute(self, context):
        self.log.info("hi")
        context["ti"].xcom_push(key="k", value=self.name)
        return f"Hello {self.name} {context['ds']}"


with DAG("xcoms", start_date=datetime(2022, 3, 4), schedule=None, render_template_as_native_obj=True) as dag:
    p = PythonOperator(task_id="push", python_callable=push)
    p2 = PythonOperator(task_id="push2", python_callable=push_fn)
    q = PythonOperator(task_id="pull", python_callable=pull)
    [p, p2] >> q
    h = Hello(task_id="hello", name="{{ ti.xcom_pull(task_ids='push') }}")
    p >> h
    (
        PythonOperator(
            task_id="native",
            python_callable=lambda v: [type(v).__name__, v],
            op_args=["{{ ti.xcom_pull(task_ids='push', key='a') }}"],
        )
        << p
    )
    PythonOperator(task_id="outp", python_callable=lambda v, w: [v, w], op_kwargs={"v": p.output, "w": p.output["a"]})
    Hello(task_id="h2", name=XComArg(p))
    Hello.partial(task_id="hm").expand(name=["a", "b"])

    @task(do_xcom_push=False)
    def quiet():
        return 1

    @task
    def none():
        return None

    @task
    def takes_none(v):
        return repr(v)

    @task
    def star(*args, **kw):
        return [list(args), sorted(k for k in kw if k in ("x", "y"))]

    quiet()
    takes_none(none())
    star(1, 2, x=3)

    @task(multiple_outputs=True)
    def bad_multi():
        return [1]

    bad_multi()

    @task(multiple_outputs=True)
    def int_keys():
        return {1: 2}

    int_keys()

    @task
    def loopdep(i, before=None):
        return i

    last = None
    for i in range(3):
        last = loopdep.override(task_id=f"l{i}")(i, last)
    r = [loopdep(i) for i in range(3)]

    @task
    def total(*v):
        return list(v)

    total(*r)

    @task
    def nested(d):
        return d

    nested({"a": [r[0], {"b": r[1]}], "t": (r[2],)})
