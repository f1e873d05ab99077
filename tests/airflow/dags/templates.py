from datetime import datetime, timedelta

from airflow.models.baseoperator import BaseOperator
from airflow.providers.standard.operators.bash import BashOperator
from airflow.providers.standard.operators.python import PythonOperator
from airflow.sdk import DAG, literal, task


class Greeter(BaseOperator):
    template_fields = ("name", "deep")

    def __init__(self, name, deep=None, times=1, **kwargs):
        super().__init__(**kwargs)
        self.name, self.deep, self.times = name, deep, times

    def execute(self, context):
        self.log.info("hello %s", self.name)
        return [self.name] * self.times + [self.deep]


with DAG(
    "templates",
    start_date=datetime(2026, 1, 1),
    schedule=timedelta(hours=6),
    params={"x": 4, "l": [1, 2]},
    default_args={"times": 2},
    user_defined_macros={"shout": lambda s: s.upper() + "!"},
    user_defined_filters={"half": lambda n: n / 2},
):
    echo = BashOperator(
        task_id="echo",
        bash_command="echo first; echo {{ ds }} {{ params.x }} {{ macros.ds_add(ds, 7) }} $MORE '{{ shout(task.task_id) }}'",
        env={"MORE": "{{ ts_nodash }}"},
        append_env=True,
    )
    BashOperator(task_id="ctx", bash_command="echo $AIRFLOW_CTX_DAG_ID $AIRFLOW_CTX_TASK_ID $AIRFLOW_CTX_TRY_NUMBER")
    Greeter(
        task_id="greet",
        name="{{ params.x | half }} {{ logical_date | ds }}",
        deep={"a": ["{{ run_id }}", 1], "b": ("{{ ti.task_id }}",)},
    )
    Greeter(task_id="literal", name=literal("{{ ds }}"), times=1)
    use = BashOperator(
        task_id="use", bash_command="echo got {{ ti.xcom_pull(task_ids='echo') }} {{ ti.xcom_pull('greet')[0] }}"
    )
    echo >> use
    BashOperator(
        task_id="interval",
        bash_command="echo {{ data_interval_start }} {{ data_interval_end | ts }} {{ logical_date }} {{ ds_nodash }} {{ dag.dag_id }} {{ dag_run.conf }}",
    )
    BashOperator(task_id="undefined", bash_command="echo {{ nothing_here }}")
    BashOperator(
        task_id="vars",
        bash_command="echo {{ var.value.colour }} {{ var.json.deep.k }} {{ var.value.get('none', 'fallback') }} {{ conn.db.host }}:{{ conn.db.port }} {{ conn.db.login }} {{ conn.db.schema }}",
    )
    BashOperator(
        task_id="format",
        bash_command="echo {{ macros.ds_format(ds, '%Y-%m-%d', '%d/%m') }} {{ macros.datetime(2026, 1, 1).year }} {{ (logical_date + macros.timedelta(days=1)) | ds }}",
    )
    PythonOperator(
        task_id="python",
        python_callable=lambda a, templates_dict, b=None: [a, b, templates_dict],
        op_args=["{{ ds }}"],
        op_kwargs={"b": ["{{ params.l }}"]},
        templates_dict={"q": "{{ ts }}"},
    )
    BashOperator(task_id="fails", bash_command="echo out; exit 3")
    BashOperator(task_id="skips", bash_command="exit 99")
    BashOperator(task_id="skips_4", bash_command="exit 4", skip_on_exit_code=[4, 5])
    BashOperator(task_id="empty", bash_command="true")
    BashOperator(task_id="two", bash_command="echo a; printf 'b  '", output_processor=lambda text: text * 2)

    @task.bash
    def shell(n):
        return "echo {{ ds }} " + str(n)

    @task.bash(env={"A": "b"}, append_env=True)
    def shell_env():
        return "echo $A"

    shell(5)
    shell_env()

    @task
    def rendered(day, items):
        return [day, items]

    rendered("{{ ds }}", ["{{ ds_nodash }}", {"k": "{{ params.x }}"}])

with DAG(
    "native", start_date=datetime(2026, 1, 1), schedule=None, render_template_as_native_obj=True, params={"l": [1, 2]}
):
    PythonOperator(task_id="native", python_callable=lambda v, d: [v, d], op_args=["{{ params.l }}", "{{ {'a': 1} }}"])
