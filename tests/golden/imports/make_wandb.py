"""Writes wandb/: a run of the real client, offline. Run in an environment with wandb 0.31 and numpy:

python make_wandb.py FOLDER
"""

import os
import sys
from pathlib import Path

root = Path(sys.argv[1])
root.mkdir(parents=True, exist_ok=True)
os.chdir(root)
os.environ.update(
    WANDB_MODE="offline",
    WANDB_SILENT="true",
    WANDB_DIR=str(root),
    WANDB_DISABLE_GIT="true",
    WANDB_DATA_DIR=str(root / "staging"),
)

import numpy as np  # noqa: E402
import wandb  # noqa: E402

run = wandb.init(
    project="churn", name="wandb one", id="golden01", group="g1", job_type="train", notes="first try",
    tags=["baseline", "small"], config={"lr": 0.1, "net": {"layers": [64, 32]}, "opt": "adam"},
)  # fmt: skip
print("hello from wandb")  # noqa: T201
for step in range(5):
    run.log({"loss": 1 / (step + 1), "val": {"acc": step / 5}, "name": "text"}, step=step)
run.log({"nan": float("nan"), "inf": float("inf")}, step=5)
run.log({"hist": wandb.Histogram([1, 2, 3, 4])}, step=6)
picture = wandb.Image(np.zeros((2, 2, 3), dtype=np.uint8))
run.log({"img": picture, "tab": wandb.Table(columns=["a", "b"], data=[[1, "x"]])}, step=7)
run.config.update({"late": 5})
run.summary["best"] = 0.25
Path("model.txt").write_text("weights")
artifact = wandb.Artifact("m", "model")
artifact.add_file("model.txt")
run.log_artifact(artifact)
run.define_metric("val.acc", summary="max")
run.finish()

made = next(Path("wandb").glob("offline-run-*"))
pins = made / "files" / "requirements.txt"  # trimmed: the rest says only what else this environment held
pins.write_text("".join(line for line in pins.open() if line.startswith(("numpy==", "wandb=="))))
