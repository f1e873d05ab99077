from datetime import datetime

from airflow.providers.standard.operators.bash import BashOperator
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG, TaskGroup, setup, task, teardown

with DAG("sd", start_date=datetime(2026, 1, 1), schedule="*/5 * * * *") as d:
    root_setup = BashOperator(task_id="root_setup", bash_command="echo s").as_setup()
    root_td = BashOperator(task_id="root_td", bash_command="echo t").as_teardown(setups=root_setup)
    normal = BashOperator(task_id="normal", bash_command="exit 1")
    root_setup >> normal >> root_td
    with TaskGroup("g") as g:
        s1 = EmptyOperator(task_id="s1").as_setup()
        w = BashOperator(task_id="w", bash_command="exit 99")
        t1 = EmptyOperator(task_id="t1").as_teardown(setups=s1)
        s1 >> w >> t1
    normal >> g
    g >> EmptyOperator(task_id="after_g", trigger_rule="all_done")

    @setup
    def bad():
        raise ValueError("x")

    @teardown(on_failure_fail_dagrun=True)
    def td():
        raise ValueError("y")

    @task
    def mid():
        return 1

    b = bad()
    x = td()
    b >> mid() >> x
    b >> x

    @setup
    def skipper():
        from airflow.exceptions import AirflowSkipException

        raise AirflowSkipException

    @task
    def inner():
        return 2

    @teardown
    def td2():
        return 3

    s = skipper()
    with s:
        inner() >> td2()

with DAG("short", start_date=datetime(2026, 1, 1), schedule=None):

    @task.short_circuit
    def no():
        return False

    @task
    def t():
        return 1

    @task(trigger_rule="all_done")
    def u():
        return 2

    z = EmptyOperator(task_id="z").as_teardown()
    no() >> t() >> u() >> z

    @task.short_circuit(ignore_downstream_trigger_rules=False)
    def no2():
        return []

    no2() >> t.override(task_id="t2")() >> u.override(task_id="u2")()

    @task.branch
    def nothing():
        return None

    nothing() >> [EmptyOperator(task_id="n1"), EmptyOperator(task_id="n2", trigger_rule="all_done")]

    @task.branch
    def bad_branch():
        return "not_there"

    bad_branch() >> EmptyOperator(task_id="bb")

    @task.branch
    def not_direct():
        return "far"

    not_direct() >> EmptyOperator(task_id="near") >> EmptyOperator(task_id="far")
