"""What is pushed before a failure or a skip stays; callbacks of tasks and DAGs."""

from datetime import datetime, timedelta

from airflow.exceptions import AirflowFailException, AirflowSkipException
from airflow.sdk import DAG, task

CALLED: list[str] = []


def say(what):
    def call(context):
        CALLED.append(what)

    return call


with DAG(
    "pushed",
    start_date=datetime(2022, 3, 4),
    schedule=None,
    on_failure_callback=say("dag failed"),
    on_success_callback=say("dag ok"),
    default_args={
        "on_failure_callback": say("t failed"),
        "on_success_callback": [say("t ok"), say("t ok2")],
        "on_retry_callback": say("t retry"),
        "retry_delay": timedelta(0),
    },
):

    @task(retries=2)
    def flaky(ti=None):
        ti.xcom_push("try", ti.try_number)
        if ti.try_number < 2:
            raise RuntimeError("again")
        return ti.try_number

    @task(retries=3)
    def fatal(ti=None):
        ti.xcom_push("before", "kept")
        raise AirflowFailException("never again")

    @task(on_skipped_callback=say("t skipped"))
    def skip(ti=None):
        ti.xcom_push("bs", "kept?")
        raise AirflowSkipException("no")

    @task(trigger_rule="all_done", retries=0)
    def alert(ti=None):
        return [ti.xcom_pull(task_ids="fatal", key="before"), ti.xcom_pull(task_ids="skip", key="bs")]

    @task(execution_timeout=timedelta(seconds=1))
    def slow():
        import time

        time.sleep(5)

    f = fatal()
    s = skip()
    [f, s] >> alert()
    flaky()
    slow()

with DAG(
    "fine",
    start_date=datetime(2022, 3, 4),
    schedule=None,
    on_failure_callback=say("dag failed"),
    on_success_callback=[say("dag ok"), say("dag ok2")],
):

    @task
    def fine():
        return 1

    fine()
