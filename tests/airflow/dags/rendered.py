"""What templates give, one task each."""

from datetime import timedelta

import pendulum
from airflow.providers.standard.operators.bash import BashOperator
from airflow.providers.standard.operators.python import PythonOperator
from airflow.sdk import DAG, Param, get_current_context, task


def mine(x):
    return x * 2


with DAG(
    "rendered",
    start_date=pendulum.datetime(2022, 3, 4, tz="Europe/Paris"),
    schedule="@daily",
    params={"x": Param(5, type="integer", minimum=3), "who": "you", "opt": Param(None, type=["null", "string"])},
    user_defined_macros={"mine": mine, "const": 7},
    user_defined_filters={"shout": lambda s: s.upper()},
    default_args={"owner": "me", "depends_on_past": False, "retry_delay": timedelta(minutes=5)},
) as dag:
    BashOperator(
        task_id="templated",
        bash_command="""
{% for i in range(2) %}
    echo "{{ ds }}"
    echo "{{ macros.ds_add(ds, 7)}}"
{% endfor %}
echo {{ params.x }} {{ params.who | shout }} {{ mine(4) }} {{ const }} {{ params.opt }}""",
    )
    for n, t in enumerate(
        [
            "{{ ds_nodash }}",
            "{{ ts }}",
            "{{ ts_nodash }}",
            "{{ ts_nodash_with_tz }}",
            "{{ logical_date }}",
            "{{ logical_date.strftime('%d %b') }}",
            "{{ (logical_date - macros.timedelta(days=1)).isoformat() }}",
            "{{ dag.dag_id }} {{ task.task_id }}",
            "{{ ti.try_number }}",
            "{{ macros.ds_format(ds, '%Y-%m-%d', '%d/%m/%y') }}",
            "{{ var.value.colour }}",
            "{{ var.json.deep.k[0] }}",
            "{{ var.value.get('nope', 'dflt') }}",
            "{{ conn.db.host }}:{{ conn.db.port }}/{{ conn.db.schema }}",
            "{{ task_instance_key_str }}",
            "{{ dag_run.conf }}",
            "{{ logical_date | ds }}",
            "{{ logical_date | ts_nodash }}",
            "{{ data_interval_end | ds }}",
            "{{ dag_run.run_type }}",
            "{{ macros.datetime.strptime('2020', '%Y').year }}",
            "{{ run_id }}",
            "{{ inlets }}",
            "{{ prev_start_date_success }}",
            "{{ ti.dag_id }} {{ ti.map_index }}",
            "{{ task.owner }}",
            "{{ macros.random() < 2 }}",
            "{{ macros.dateutil.parser.parse('2020-01-02').day }}",
            "{{ logical_date.tz }}",
            "{{ data_interval_start }}",
            "{{ dag_run.logical_date }}",
            "{{ ti.max_tries }}",
            "{{ dag.timezone }}",
            "{{ macros.json.dumps({'a': 1}) }}",
        ]
    ):
        PythonOperator(task_id=f"t{n}", python_callable=lambda v: v, op_args=[t])

    @task
    def ctx(**context):
        c = get_current_context()
        return {
            "ds": context["ds"],
            "same": c["ti"].task_id,
            "params": dict(context["params"]),
            "p": context["params"]["x"],
        }

    @task
    def kw(ds, params, ti, logical_date, x="{{ params.x }}", templates_dict=None):
        return [ds, dict(params), ti.task_id, str(logical_date), x]

    ctx()
    kw()

    @task(templates_dict={"q": "{{ ds }}"})
    def td(templates_dict):
        return templates_dict

    td()

    @task.bash
    def cmd(x):
        return "echo {{ params.who }} " + str(x)

    cmd(3)

    @task.bash(env={"A": "{{ ds }}"}, append_env=True)
    def cmd2():
        return 'echo "$A" && exit 99'

    cmd2()

    @task.bash
    def cmd3():
        return "echo hm; exit 3"

    cmd3()
    BashOperator(
        task_id="xs", bash_command="echo {{ ti.xcom_pull(task_ids='templated') }}", output_processor=lambda o: [o, 1]
    ) << dag.get_task("templated")
    BashOperator(task_id="cwd", bash_command="pwd", cwd="/tmp", skip_on_exit_code=[7])
    BashOperator(task_id="skip7", bash_command="exit 7", skip_on_exit_code=[7])
    BashOperator(task_id="undefined", bash_command="echo {{ nothing_here }}x")
