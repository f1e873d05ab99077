"""Airflow's DAG files, run as they are: what such a file gets as `airflow`, and how its tasks run. Airflow need not be installed.

`stand_in` loads a file, `dag`, `nodes`, `operators`, `decorators` and `xcom_args` are what it is written with, `rules` decides
which tasks run, `tasks` runs one, and `running` makes a pipeline of it all. What is not taken over is refused by its name.
"""
