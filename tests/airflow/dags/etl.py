"""Airflow's tutorial, and values of other kinds."""

import json

import pendulum
from airflow.sdk import dag, task


@dag(schedule=None, start_date=pendulum.datetime(2021, 1, 1, tz="UTC"), catchup=False, tags=["example"])
def etl():
    """### TaskFlow API Tutorial"""

    @task()
    def extract():
        return json.loads('{"1001": 301.27, "1002": 433.21, "1003": 502.22}')

    @task(multiple_outputs=True)
    def transform(order_data_dict: dict):
        total = 0
        for value in order_data_dict.values():
            total += value
        return {"total_order_value": total, "n": len(order_data_dict)}

    @task
    def split(x) -> dict[str, int]:
        return {"a": 1, "b": int(x)}

    @task()
    def load(total_order_value: float, n, deep=None):
        return [total_order_value, n, deep]

    @task
    def gen():
        yield from range(3)

    @task
    def odd():
        return {"t": (1, 2), "s": {1, 2}, "d": pendulum.datetime(2020, 1, 1)}

    @task
    def see(x):
        return sorted(x["s"]), type(x["t"]).__name__, str(x["d"])

    order_data = extract()
    s = transform(order_data)
    sp = split(s["n"])
    load(s["total_order_value"], s["n"], {"k": [sp["a"], sp["b"]]})
    see(odd())
    gen()


etl()
