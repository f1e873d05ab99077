"""Which names of which modules of Airflow are taken over, and where they are here."""

from __future__ import annotations

_HOMES: dict[str, str] = {
    "dag:DAG": "DAG", "dag:dag": "dag", "dag:TaskGroup": "TaskGroup", "dag:task_group": "task_group",
    "params:Param": "Param", "params:ParamsDict": "ParamsDict", "nodes:Label": "Label", "nodes:chain": "chain",
    "nodes:chain_linear": "chain_linear", "nodes:cross_downstream": "cross_downstream", "rules:TriggerRule": "TriggerRule",
    "xcom_args:XComArg": "XComArg", "operators:BaseOperator": "BaseOperator", "rendering:Literal": "literal",
    "decorators:task": "task", "decorators:setup": "setup", "decorators:teardown": "teardown",
    "bash_tasks:BashOperator": "BashOperator", "python_tasks:PythonOperator": "PythonOperator",
    "python_tasks:BranchPythonOperator": "BranchPythonOperator", "python_tasks:ShortCircuitOperator": "ShortCircuitOperator",
    "python_tasks:EmptyOperator": "EmptyOperator", "python_tasks:BaseBranchOperator": "BaseBranchOperator",
    "python_tasks:SkipMixin": "SkipMixin", "virtualenv_tasks:PythonVirtualenvOperator": "PythonVirtualenvOperator",
    "virtualenv_tasks:ExternalPythonOperator": "ExternalPythonOperator", "assets:Asset": "Asset",
    "virtualenv_tasks:BranchPythonVirtualenvOperator": "BranchPythonVirtualenvOperator",
    "virtualenv_tasks:BranchExternalPythonOperator": "BranchExternalPythonOperator", "run_context:Context": "Context",
    "run_context:current": "get_current_context", "settings:Variable": "Variable", "settings:Connection": "Connection",
    "settings:BaseHook": "BaseHook", "sensors:BaseSensorOperator": "BaseSensorOperator",
    "sensors:PokeReturnValue": "PokeReturnValue", "sensors:PythonSensor": "PythonSensor", "sensors:BashSensor": "BashSensor",
    "sensors:FileSensor": "FileSensor", "sensors:DateTimeSensor": "DateTimeSensor", "sensors:TimeDeltaSensor": "TimeDeltaSensor",
    "sensors:TimeSensor": "TimeSensor", "zones:timezone": "timezone", "zones:days_ago": "days_ago",
    "zones:TaskInstanceState": "TaskInstanceState", "zones:DagRunState": "DagRunState", "zones:State": "State",
    "branches:WeekDay": "WeekDay", "branches:BranchDayOfWeekOperator": "BranchDayOfWeekOperator",
    "branches:BranchDateTimeOperator": "BranchDateTimeOperator", "run_context:TaskInstance": "TaskInstance",
    "branches:LatestOnlyOperator": "LatestOnlyOperator", "sensors:DayOfWeekSensor": "DayOfWeekSensor", "zones:DagRunType": "DagRunType",
    "zones:apply_defaults": "apply_defaults", "zones:LoggingMixin": "LoggingMixin",
}  # fmt: skip
_ERRORS = [
    "AirflowException", "AirflowFailException", "AirflowSkipException", "AirflowSensorTimeout", "AirflowTaskTimeout",
    "AirflowNotFoundException", "XComNotFound", "ParamValidationError", "DuplicateTaskIdFound", "TaskNotFound",
]  # fmt: skip
_BY_NAME = {name: home for home, name in _HOMES.items()} | {name: f"errors:{name}" for name in _ERRORS}
_BY_NAME |= {
    "DummyOperator": "python_tasks:EmptyOperator", "EdgeModifier": "nodes:Label", "Dataset": "assets:Asset", "BaseSensor": "sensors:BaseSensorOperator",
    "utcnow": "zones:utcnow", "parse": "zones:parse", "make_aware": "zones:make_aware", "utc": "zones:utc", "datetime": "zones:aware_datetime",
    "context": "run_context:Context",
}  # fmt: skip

_PYTHON = (
    "PythonOperator BranchPythonOperator ShortCircuitOperator PythonVirtualenvOperator ExternalPythonOperator "
    "get_current_context BranchPythonVirtualenvOperator BranchExternalPythonOperator"
)
_SDK = (
    "Asset DAG dag task task_group setup teardown BaseOperator BaseBranchOperator BaseHook BaseSensorOperator Connection Context "
    "Label Param ParamsDict PokeReturnValue TaskGroup TriggerRule Variable XComArg chain chain_linear cross_downstream "
    "get_current_context literal TaskInstanceState DagRunState timezone SkipMixin " + " ".join(_ERRORS)
)
_TIMEZONE = "utcnow parse make_aware utc datetime"

MODULES: dict[str, frozenset[str]] = {
    name: frozenset(names.split())
    for name, names in {
        "airflow": "DAG XComArg",
        "airflow.sdk": _SDK,
        "airflow.sdk.definitions.dag": "DAG dag",
        "airflow.sdk.definitions.param": "Param ParamsDict",
        "airflow.sdk.definitions.taskgroup": "TaskGroup",
        "airflow.sdk.definitions.edges": "Label EdgeModifier",
        "airflow.sdk.definitions.xcom_arg": "XComArg",
        "airflow.sdk.definitions.context": "Context get_current_context",
        "airflow.sdk.bases.operator": "BaseOperator chain chain_linear cross_downstream",
        "airflow.sdk.bases.sensor": "BaseSensorOperator PokeReturnValue",
        "airflow.sdk.bases.hook": "BaseHook",
        "airflow.sdk.exceptions": " ".join(_ERRORS),
        "airflow.sdk.timezone": _TIMEZONE,
        "airflow.sdk.types": "",
        "airflow.exceptions": " ".join(_ERRORS),
        "airflow.models": "DAG BaseOperator Variable Connection Param XComArg TaskInstance",
        "airflow.models.dag": "DAG dag",
        "airflow.models.baseoperator": "BaseOperator chain chain_linear cross_downstream",
        "airflow.models.param": "Param ParamsDict",
        "airflow.models.variable": "Variable",
        "airflow.models.connection": "Connection",
        "airflow.models.xcom_arg": "XComArg",
        "airflow.models.taskinstance": "TaskInstance",
        "airflow.decorators": "dag task task_group setup teardown",
        "airflow.hooks.base": "BaseHook",
        "airflow.datasets": "Dataset",
        "airflow.sensors.base": "BaseSensorOperator PokeReturnValue",
        "airflow.sensors.python": "PythonSensor",
        "airflow.sensors.bash": "BashSensor",
        "airflow.sensors.filesystem": "FileSensor",
        "airflow.sensors.date_time": "DateTimeSensor",
        "airflow.sensors.time_delta": "TimeDeltaSensor",
        "airflow.operators.python": _PYTHON,
        "airflow.operators.bash": "BashOperator",
        "airflow.operators.empty": "EmptyOperator",
        "airflow.operators.dummy": "DummyOperator",
        "airflow.operators.branch": "BaseBranchOperator",
        "airflow.operators.datetime": "BranchDateTimeOperator",
        "airflow.operators.latest_only": "LatestOnlyOperator",
        "airflow.sensors.weekday": "DayOfWeekSensor",
        "airflow.utils.types": "DagRunType",
        "airflow.operators.weekday": "BranchDayOfWeekOperator",
        "airflow.providers.common.compat.sdk": _SDK,
        "airflow.providers.standard.operators.python": _PYTHON,
        "airflow.providers.standard.operators.bash": "BashOperator",
        "airflow.providers.standard.operators.empty": "EmptyOperator",
        "airflow.providers.standard.operators.branch": "BaseBranchOperator",
        "airflow.providers.standard.operators.datetime": "BranchDateTimeOperator",
        "airflow.providers.standard.operators.weekday": "BranchDayOfWeekOperator",
        "airflow.providers.standard.operators.latest_only": "LatestOnlyOperator",
        "airflow.providers.standard.sensors.weekday": "DayOfWeekSensor",
        "airflow.providers.standard.sensors.python": "PythonSensor",
        "airflow.providers.standard.sensors.bash": "BashSensor",
        "airflow.providers.standard.sensors.filesystem": "FileSensor",
        "airflow.providers.standard.sensors.date_time": "DateTimeSensor",
        "airflow.providers.standard.sensors.time_delta": "TimeDeltaSensor",
        "airflow.providers.standard.sensors.time": "TimeSensor",
        "airflow.providers.standard.utils.weekday": "WeekDay",
        "airflow.providers.standard.utils.skipmixin": "SkipMixin",
        "airflow.utils.context": "Context",
        "airflow.utils.dates": "days_ago",
        "airflow.utils.decorators": "apply_defaults",
        "airflow.utils.edgemodifier": "Label EdgeModifier",
        "airflow.utils.helpers": "chain cross_downstream",
        "airflow.utils.log.logging_mixin": "LoggingMixin",
        "airflow.utils.state": "State TaskInstanceState DagRunState",
        "airflow.utils.task_group": "TaskGroup",
        "airflow.utils.template": "literal",
        "airflow.utils.timezone": _TIMEZONE,
        "airflow.utils.trigger_rule": "TriggerRule",
        "airflow.utils.weekday": "WeekDay",
    }.items()
}
"""Names by module."""

PACKAGES = frozenset(
    name.rsplit(".", count)[0] for name in MODULES for count in range(1, name.count(".") + 1)
)  # fmt: skip
"""What only holds modules."""


def home_of(name: str) -> str:
    """ "module:attribute" here of a name of Airflow's."""
    return _BY_NAME[name]
