"""Sensors, and LatestOnlyOperator."""

from datetime import datetime, timedelta

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.providers.standard.operators.latest_only import LatestOnlyOperator
from airflow.providers.standard.sensors.bash import BashSensor
from airflow.providers.standard.sensors.date_time import DateTimeSensor
from airflow.providers.standard.sensors.filesystem import FileSensor
from airflow.providers.standard.sensors.python import PythonSensor
from airflow.providers.standard.sensors.time_delta import TimeDeltaSensor
from airflow.providers.standard.sensors.weekday import DayOfWeekSensor
from airflow.providers.standard.utils.weekday import WeekDay
from airflow.sdk import DAG, PokeReturnValue, task
from airflow.sdk.bases.sensor import BaseSensorOperator


class Count(BaseSensorOperator):
    def __init__(self, n, **kw):
        super().__init__(**kw)
        self.n, self.seen = n, 0

    def poke(self, context):
        self.seen += 1
        return PokeReturnValue(self.seen >= self.n, xcom_value=self.seen)


with DAG("waiting", start_date=datetime(2022, 3, 4), schedule=None):
    PythonSensor(task_id="py", python_callable=lambda: True, poke_interval=0.1)
    PythonSensor(task_id="late", python_callable=lambda: False, poke_interval=0.1, timeout=0.3) >> EmptyOperator(
        task_id="after_late"
    )
    PythonSensor(
        task_id="soft", python_callable=lambda: False, poke_interval=0.1, timeout=0.3, soft_fail=True
    ) >> EmptyOperator(task_id="after_soft")
    BashSensor(task_id="bash", bash_command="exit 0", poke_interval=0.1)
    FileSensor(task_id="file", filepath="/etc/hostname", poke_interval=0.1)
    FileSensor(task_id="nofile", filepath="/nope/x", poke_interval=0.1, timeout=timedelta(seconds=0.2))
    DateTimeSensor(task_id="dt", target_time="{{ logical_date.add(minutes=1) }}", poke_interval=0.1)
    TimeDeltaSensor(task_id="td", delta=timedelta(minutes=1), poke_interval=0.1)
    DayOfWeekSensor(task_id="dow", week_day={WeekDay.WEDNESDAY}, use_task_logical_date=True, poke_interval=0.1)
    DayOfWeekSensor(task_id="dow_not", week_day="Monday", use_task_logical_date=True, poke_interval=0.1, timeout=0.3)
    DayOfWeekSensor(task_id="dow_any", week_day=list(WeekDay), poke_interval=0.1)
    Count(task_id="count", n=3, poke_interval=0.05)

    @task.sensor(poke_interval=0.1, timeout=5, mode="poke")
    def wait() -> PokeReturnValue:
        return PokeReturnValue(is_done=True, xcom_value="found")

    @task
    def use(v):
        return v + "!"

    use(wait())
    lo = LatestOnlyOperator(task_id="latest")
    lo >> EmptyOperator(task_id="l1") >> EmptyOperator(task_id="l2", trigger_rule="all_done")
