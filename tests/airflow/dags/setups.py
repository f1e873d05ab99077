from datetime import datetime

from airflow.sdk import DAG, setup, task, teardown

with DAG("setups", start_date=datetime(2026, 1, 1), schedule=None):

    @setup
    def make():
        return "cluster"

    @task
    def work(c):
        raise RuntimeError("broke")

    @task
    def other():
        return 1

    @teardown
    def clean(c):
        return "cleaned " + c

    made = make()
    cleaned = clean(made)
    with made >> cleaned:
        work(made) >> other()

with DAG("setup_fails", start_date=datetime(2026, 1, 1), schedule=None):

    @task
    def prepare():
        raise RuntimeError("no")

    @task
    def job():
        return 1

    @task
    def tidy():
        return "t"

    prepare() >> job() >> tidy().as_teardown(setups=[])

with DAG("teardown_fails", start_date=datetime(2026, 1, 1), schedule=None):

    @task
    def first():
        return 1

    @task
    def middle():
        return 2

    @task
    def bad_end():
        raise RuntimeError("end")

    s = first()
    t = bad_end()
    s >> middle() >> t.as_teardown(setups=s)
