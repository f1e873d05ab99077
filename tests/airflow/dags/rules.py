from datetime import datetime

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG, task
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

RULES = [
    "all_success",
    "all_failed",
    "all_done",
    "one_success",
    "one_failed",
    "one_done",
    "none_failed",
    "none_skipped",
    "none_failed_min_one_success",
    "all_skipped",
    "always",
    "all_done_min_one_success",
]
WAYS = {
    "ok": ["good", "fine"],
    "bad": ["good", "wrong"],
    "skip": ["good", "not_now"],
    "worst": ["wrong", "not_now"],
    "none": ["not_now"],
    "all_bad": ["wrong"],
}

with DAG("rules", start_date=datetime(2026, 1, 1), schedule="@daily", catchup=False):

    @task
    def good():
        return 1

    @task
    def fine():
        return {"a": None}

    @task(retries=3)
    def wrong():
        raise AirflowFailException("never again")

    @task
    def not_now():
        raise AirflowSkipException

    made = {"good": good(), "fine": fine(), "wrong": wrong(), "not_now": not_now()}
    for rule in RULES:
        for way, sources in WAYS.items():
            one = EmptyOperator(task_id=f"{rule}-{way}", trigger_rule=rule)
            [made[name] for name in sources] >> one
