"""Writes mlflow.sql and artifacts/, what an MLflow server keeps in SQLite. Run in an environment with mlflow 3.17:

python make_mlflow.py FOLDER

With `files` as second argument it writes an mlruns folder instead, by the same calls.
"""

import os
import sqlite3
import sys
import warnings
from pathlib import Path

root = Path(sys.argv[1])
root.mkdir(parents=True, exist_ok=True)
os.environ["MLFLOW_ALLOW_FILE_STORE"] = "true"
os.chdir(root)
warnings.simplefilter("ignore")

import mlflow  # noqa: E402
import mlflow.data  # noqa: E402
import mlflow.pyfunc  # noqa: E402
import pandas as pd  # noqa: E402

FILES = "files" in sys.argv[2:]
mlflow.set_tracking_uri(f"file:{root}/mlruns" if FILES else f"sqlite:///{root}/mlflow.db")
if not FILES:
    mlflow.create_experiment("churn", artifact_location=str(root / "artifacts"))
mlflow.set_experiment("churn")


class Same(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input: list[float], params=None):
        return model_input


with mlflow.start_run(run_name="one", description="first **try**", tags={"team": "core"}) as run:
    mlflow.log_params({"lr": 0.1, "opt": "adam"})
    for step in range(5):
        mlflow.log_metric("loss", 1 / (step + 1), step=step, timestamp=1_700_000_000_000 + step)
    mlflow.log_metric("bad", float("nan"), step=0)
    mlflow.log_metric("inf", float("inf"), step=0)
    mlflow.log_metric("val/acc", 0.5)
    mlflow.log_text("all well\n", "reports/report.txt")
    with mlflow.start_run(run_name="child", nested=True):
        mlflow.log_metric("loss", 0.5)
    mlflow.log_input(mlflow.data.from_pandas(pd.DataFrame({"a": [1.0]}), name="rows"), context="training")
    mlflow.pyfunc.log_model(
        name="model", python_model=Same(), registered_model_name="delay", pip_requirements=["mlflow"]
    )

client = mlflow.MlflowClient()
client.set_registered_model_alias("delay", "champion", "1")
client.transition_model_version_stage("delay", "1", "Production")
client.set_model_version_tag("delay", "1", "ok", "yes")
client.update_registered_model("delay", "predicts delays")
try:
    with mlflow.start_run(run_name="broken"):
        raise RuntimeError("on purpose")
except RuntimeError:
    pass
gone = client.create_run(run.info.experiment_id, run_name="gone")
client.delete_run(gone.info.run_id)

KEPT = (
    "experiments", "runs", "metrics", "params", "tags", "datasets", "inputs", "input_tags", "logged_models", "trace_info",
    "registered_models", "registered_model_tags", "registered_model_aliases", "model_versions", "model_version_tags",
)  # fmt: skip
if not FILES:
    with sqlite3.connect("mlflow.db") as database, open("mlflow.sql", "w", encoding="utf-8") as dump:
        dump.write("-- the tables an import reads, as mlflow made them\n")
        for line in database.iterdump():
            words = line.replace('"', "").split(maxsplit=3)
            if words[:2] in (["CREATE", "TABLE"], ["INSERT", "INTO"]) and words[2] in KEPT:
                dump.write(line + "\n")
