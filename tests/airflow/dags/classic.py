"""As people wrote them for Airflow 1 and 2."""

from datetime import datetime, timedelta

from airflow import DAG
from airflow.operators.bash import BashOperator
from airflow.operators.empty import EmptyOperator
from airflow.operators.python import BranchPythonOperator, PythonOperator
from airflow.utils.trigger_rule import TriggerRule

default_args = {
    "owner": "airflow",
    "depends_on_past": False,
    "email": ["a@b.c"],
    "email_on_failure": False,
    "retries": 1,
    "retry_delay": timedelta(milliseconds=1),
}


def extract(**kwargs):
    kwargs["ti"].xcom_push(key="orders", value={"1001": 301.27, "1002": 433.21})


def transform(**kwargs):
    ti = kwargs["ti"]
    orders = ti.xcom_pull(task_ids="extract", key="orders")
    ti.xcom_push("total", {"total": sum(orders.values())})


def load(**kwargs):
    return kwargs["ti"].xcom_pull(task_ids="transform", key="total")["total"]


def pick(ti, threshold, **_):
    return "high" if ti.xcom_pull(task_ids="load") > threshold else "low"


dag = DAG(
    "classic",
    default_args=default_args,
    description="etl",
    schedule="0 0 * * 1",
    start_date=datetime(2026, 1, 1),
    catchup=False,
    max_active_runs=1,
)
t1 = PythonOperator(task_id="extract", python_callable=extract, dag=dag)
t2 = PythonOperator(task_id="transform", python_callable=transform, dag=dag)
t3 = PythonOperator(task_id="load", python_callable=load, dag=dag)
t4 = BranchPythonOperator(task_id="pick", python_callable=pick, op_kwargs={"threshold": 500}, dag=dag)
high = BashOperator(task_id="high", bash_command="echo high", dag=dag)
low = BashOperator(task_id="low", bash_command="echo low", dag=dag, depends_on_past=False)
done = EmptyOperator(task_id="done", trigger_rule=TriggerRule.ONE_SUCCESS, dag=dag)
t1 >> t2 >> t3 >> t4
t4.set_downstream([high, low])
done.set_upstream([high, low])
done << [high]
templated = """
{% for i in range(3) %}
    echo "{{ ds }}"
    echo "{{ macros.ds_add(ds, i) }}"
{% endfor %}
"""
t1 >> BashOperator(task_id="templated", bash_command=templated, dag=dag)
