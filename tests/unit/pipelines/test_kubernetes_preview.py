"""`tenfold run --dry-run`: manifests of steps before they run."""

from __future__ import annotations

import pytest
import yaml

from tenfold.cli import main
from tenfold.pipelines.executors.kubernetes import pods

FLOW = """
import tenfold

@tenfold.step(resources={"cpu": 2, "memory": "1GiB", "gpu": 1}, image="team/gpu:1", secrets=["db"])
def a_step_whose_name_is_longer_than_a_label_of_kubernetes_may_be_at_all(n: int) -> int:
    return n

@tenfold.step(nodes=2, name="Odd  name + all. -_")
def together(n: int) -> int:
    return n

@tenfold.step(executor="inline")
def here(n: int) -> int:
    return n

@tenfold.pipeline
def both(n: int = 5):
    return here(together(a_step_whose_name_is_longer_than_a_label_of_kubernetes_may_be_at_all(n)))
"""


def said(capsys, *words: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        main(list(words))
    out, err = capsys.readouterr()
    return ended.value.code or 0, out, err


def test_a_dry_run_prints_what_would_be_created_and_creates_nothing(tmp_path, monkeypatch, capsys):
    (tmp_path / "flow.py").write_text(FLOW)
    lines = 'image = "train:3"\nnamespace = "ml"\npull_secrets = ["registry"]\nnode_selector = { pool = "gpu" }'
    (tmp_path / "tenfold.toml").write_text(f"[executors.kubernetes]\n{lines}\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TENFOLD_STORE", str(tmp_path / "store"))
    code, out, err = said(capsys, "run", "flow.py:both", "--executor", "kubernetes", "--dry-run")
    assert code == 0 and "Nothing was created" in err, err
    made = list(yaml.safe_load_all(out))
    assert [one["kind"] for one in made] == ["Job", "Secret", "Job", "Secret", "Service"]
    assert len({one["metadata"]["name"] for one in made}) == 2
    pod = made[0]["spec"]["template"]["spec"]
    assert pod["containers"][0]["image"] == "team/gpu:1" and pod["nodeSelector"] == {"pool": "gpu"}
    assert pod["containers"][0]["resources"]["limits"] == {"cpu": "2000m", "memory": "1024Mi", "nvidia.com/gpu": "1"}
    assert made[2]["spec"]["completionMode"] == "Indexed" and made[2]["spec"]["completions"] == 2
    assert made[4]["spec"]["clusterIP"] == "None" and made[4]["metadata"]["name"] == made[2]["metadata"]["name"]
    assert all(len(value) < 64 for one in made for value in one["metadata"]["labels"].values())
    assert {one["metadata"]["namespace"] for one in made} == {"ml"} and made[1]["data"] == {"job.json": ""}
    code, _, err = said(capsys, "run", "flow.py:both", "--dry-run")
    assert code == 2 and "--executor kubernetes" in err
    assert "both" not in said(capsys, "pipelines", "list", "--json")[1]


def test_what_ends_a_container_beside_the_step_is_told_in_kubernetes_words():
    def pod(**over):
        states = [{"name": "step", "state": {"running": {}}}, {"name": "program", "state": {"terminated": over}}]
        spec = {"containers": [{"name": "step"}, {"name": "program"}]}
        return {"metadata": {"name": "p"}, "spec": spec, "status": {"phase": "Running", "containerStatuses": states}}

    bare = pod(reason="StartError", exitCode=128, message='exec: "/bin/sh": stat /bin/sh: no such file or directory')
    assert "needs /bin/sh" in pods.cannot_start(bare) and "no such file" in pods.cannot_start(bare)
    killed = pod(reason="OOMKilled", exitCode=137)
    assert pods.out_of_memory(killed) and not pods.cannot_start(killed) and not pods.told(killed)
    assert not pods.out_of_memory(pod(reason="Error", exitCode=1))
