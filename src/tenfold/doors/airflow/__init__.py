"""Apache Airflow: pipelines written as DAG files (`exporting`)."""
