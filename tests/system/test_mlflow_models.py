"""A model that the unmodified mlflow client registered through the door is loaded and served by its Tenfold address."""

from __future__ import annotations

import re
import subprocess
import sys

import httpx
import numpy as np
import pandas as pd
import pytest
import xgboost

import tenfold

pytestmark = pytest.mark.filterwarnings("ignore")  # mlflow's own, of its deprecations
TABLE = pd.DataFrame(np.random.default_rng(0).random((60, 2)), columns=["a", "b"])
LATE = (TABLE.a > 0.5).astype(int)


@pytest.fixture
def url(tmp_path, monkeypatch):
    command = [sys.executable, "-m", "tenfold", "up", "--port", "0", "--store", str(tmp_path / "store")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=tmp_path)
    try:
        found = re.search(r"http://\S+", process.stdout.readline())
        assert found
        monkeypatch.setenv("MLFLOW_TRACKING_URI", found[0])
        monkeypatch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
        monkeypatch.setenv("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        yield found[0]
    finally:
        process.terminate()
        process.wait(20)
        process.stdout.close()


def test_a_model_logged_by_mlflows_client_is_served_by_tenfold(url, tmp_path, monkeypatch):
    import mlflow
    import mlflow.xgboost
    from mlflow.models import infer_signature

    mlflow.set_tracking_uri(url)
    fitted = xgboost.XGBClassifier(n_estimators=3).fit(TABLE, LATE)
    said = {"signature": infer_signature(TABLE, LATE), "pip_requirements": []}
    mlflow.set_experiment("boosting")  # another test of this process may have named one of another server
    with mlflow.start_run():
        mlflow.xgboost.log_model(fitted, name="m", registered_model_name="boosted", **said)
    mlflow.MlflowClient().set_registered_model_alias("boosted", "champion", 1)

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("tenfold.workspace.workspace._current", None)
    tenfold.use(url)
    assert np.array_equal(tenfold.load_model("model:boosted@champion").predict(TABLE), fitted.predict(TABLE))
    with tenfold.serve("model:boosted@champion") as server:
        rows = {"dataframe_records": TABLE[:4].to_dict("records")}
        assert (
            httpx.post(f"{server.url}/invocations", json=rows).json()["predictions"]
            == fitted.predict(TABLE[:4]).tolist()
        )
