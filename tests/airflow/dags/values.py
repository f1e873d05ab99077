from datetime import datetime, timedelta

from airflow.operators.python import PythonOperator, get_current_context
from airflow.sdk import DAG, Param, Variable, XComArg, task


def push(ti, **context):
    ti.xcom_push(key="mine", value={"n": [1, 2.5, None, True]})
    ti.xcom_push("other", context["ds"])
    return "returned"


def pull(ti=None):
    return {
        "one": ti.xcom_pull(task_ids="push"),
        "mine": ti.xcom_pull(task_ids="push", key="mine"),
        "several": ti.xcom_pull(task_ids=["push", "plain"]),
        "nothing": ti.xcom_pull(task_ids="plain", key="no"),
        "absent": ti.xcom_pull(task_ids="quiet"),
    }


with DAG(
    "values",
    start_date=datetime(2026, 1, 1),
    schedule="0 6 * * *",
    catchup=False,
    params={"n": 3, "name": Param("bob", type="string", minLength=2), "opt": Param(None, type=["null", "integer"])},
    default_args={"retries": 1, "retry_delay": timedelta(seconds=0), "owner": "me"},
) as values:
    pushed = PythonOperator(task_id="push", python_callable=push)
    plain = PythonOperator(task_id="plain", python_callable=lambda: 7)
    quiet = PythonOperator(task_id="quiet", python_callable=lambda: None)
    hidden = PythonOperator(task_id="hidden", python_callable=lambda: 7, do_xcom_push=False)
    pulled = PythonOperator(task_id="pull", python_callable=pull)
    [pushed, plain, quiet] >> pulled

    @task(multiple_outputs=True)
    def several():
        return {"a": 1, "b": "two"}

    @task
    def typed() -> dict[str, int]:
        return {"left": 1, "right": 2}

    @task
    def take(a, b, c="c", *, ds=None, params=None):
        return [a, b, c, ds, params["n"], params["name"], params["opt"]]

    got = several()
    take(got["a"], typed()["right"])
    take.override(task_id="take_deep")([got, {"k": got["b"]}], {"x": (1, got["a"])})
    take.override(task_id="of_operator")(pushed.output, XComArg(pushed, key="mine"), pushed.output["other"])

    @task
    def context_of():
        context = get_current_context()
        return sorted(set(context) & {"ds", "ti", "dag_run", "params", "logical_date", "macros", "var", "run_id"})

    context_of()

    @task
    def everything(**context):
        return [
            context["ds_nodash"],
            context["ts"],
            str(context["logical_date"]),
            context["dag"].dag_id,
            context["task"].task_id,
            context["dag_run"].run_type,
            context["ti"].try_number,
        ]

    everything()

    @task
    def tries(ti=None):
        if ti.try_number < 2:
            raise RuntimeError("once more")
        return ti.try_number

    tries()

    @task
    def variable():
        return [Variable.get("colour"), Variable.get("deep", deserialize_json=True), Variable.get("no", default="d")]

    variable()

    @task
    def odd():
        return {"t": (1, 2), "s": {3}, "when": datetime(2026, 1, 2, 3), "emoji": "🎈"}

    @task
    def odd_back(v):
        return [type(v["t"]).__name__, type(v["s"]).__name__, v["when"].year]

    odd_back(odd())
