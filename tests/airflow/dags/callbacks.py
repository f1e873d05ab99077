from datetime import datetime, timedelta

from airflow.exceptions import AirflowTaskTimeout
from airflow.providers.standard.sensors.filesystem import FileSensor
from airflow.providers.standard.sensors.python import PythonSensor
from airflow.sdk import DAG, BaseSensorOperator, PokeReturnValue, task


def noted(word):
    def note(context):
        context["ti"].task.log.info("%s %s %s", word, context["ti"].task_id, type(context.get("exception")).__name__)

    return note


class Third(BaseSensorOperator):
    count = 0

    def poke(self, context):
        self.count += 1
        return PokeReturnValue(self.count == 3, xcom_value=self.count)


with DAG(
    "callbacks",
    start_date=datetime(2026, 1, 1),
    schedule=None,
    default_args={
        "on_failure_callback": noted("failed"),
        "on_success_callback": [noted("well")],
        "on_retry_callback": noted("again"),
        "on_skipped_callback": noted("skipped"),
    },
):

    @task(execution_timeout=timedelta(seconds=1))
    def slow():
        import time

        time.sleep(20)

    @task(execution_timeout=timedelta(seconds=1))
    def caught():
        import time

        try:
            time.sleep(20)
        except AirflowTaskTimeout:
            return "in time"

    @task(retries=2, retry_delay=timedelta(milliseconds=10), retry_exponential_backoff=True)
    def always_bad():
        raise KeyError("k")

    slow()
    caught()
    always_bad()
    Third(task_id="third", poke_interval=0.1)
    PythonSensor(task_id="sensed", python_callable=lambda: True)
    PythonSensor(task_id="too_late", python_callable=lambda: False, timeout=0.3, poke_interval=0.1)
    PythonSensor(task_id="soft", python_callable=lambda: False, timeout=0.3, poke_interval=0.1, soft_fail=True)
    FileSensor(task_id="file", filepath="/etc/hostname", poke_interval=0.1)

    @task.sensor(poke_interval=0.1, timeout=5)
    def waits():
        return PokeReturnValue(is_done=True, xcom_value="arrived")

    @task
    def after(v):
        return v

    after(waits())

    @task.run_if(lambda context: context["params"].get("no"), skip_message="off")
    @task
    def only_if():
        return 1

    @task.skip_if(lambda context: False)
    @task
    def not_skipped():
        return 2

    only_if()
    not_skipped()
