"""Writes comet.zip: an archive of the real client, offline. Run in an environment with comet-ml 3.58 and numpy:

python make_comet.py FOLDER
"""

import json
import os
import sys
import zipfile
from pathlib import Path

root = Path(sys.argv[1])
root.mkdir(parents=True, exist_ok=True)
os.chdir(root)
os.environ["COMET_LOGGING_CONSOLE"] = "ERROR"

import comet_ml  # noqa: E402

experiment = comet_ml.OfflineExperiment(
    project_name="churn", workspace="team", offline_directory=str(root / "archives"), auto_output_logging="simple"
)
experiment.set_name("comet one")
experiment.add_tag("baseline")
experiment.log_parameters({"lr": 0.1, "opt": "adam", "net": {"depth": 3}})
print("hello from comet")  # noqa: T201
for step in range(5):
    experiment.log_metric("loss", 1 / (step + 1), step=step, epoch=0)
experiment.log_metric("bad", float("nan"), step=0)
experiment.log_other("note", "kept")
experiment.log_text("a text sample", step=2)
experiment.log_histogram_3d([1, 2, 3, 4, 5], name="w", step=1)
Path("report.txt").write_text("all well\n")
experiment.log_asset("report.txt")
experiment.log_confusion_matrix([0, 1, 1, 0], [0, 1, 0, 0])
experiment.end()

made = next((root / "archives").glob("*.zip"))
with zipfile.ZipFile(made) as archive, zipfile.ZipFile(root / "comet.zip", "w", zipfile.ZIP_DEFLATED) as trimmed:
    for name in sorted(archive.namelist()):
        data = archive.read(name)
        if name == "messages.json":  # trimmed: the packages say only what else this environment and system held
            lines = [json.loads(line) for line in data.splitlines()]
            for line in lines:
                if line["type"] == "installed_packages":
                    pins = line["payload"]["installed_packages"]
                    line["payload"]["installed_packages"] = [
                        pin for pin in pins if pin.startswith(("numpy", "comet_ml"))
                    ]
                elif line["type"] == "os_packages":
                    line["payload"]["os_packages"] = []
            data = "".join(json.dumps(line) + "\n" for line in lines).encode()
        trimmed.writestr(name, data)
