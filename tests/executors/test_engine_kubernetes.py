"""Kubernetes through the official client, against the tests' own cluster."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import engine_samples as samples
import kube_flows
import pytest
from engine_conformance import EngineConformance, HoldingConformance, ManyNodesConformance, wait_for
from kube_server import FakeCluster

from tenfold.pipelines import abandoned, read_log, resume
from tenfold.pipelines.executors.kubernetes import pods

IMAGE, TOOLS = "registry.example/train:3", "registry.example/tools:1"
NOBODY = 65534


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    hidden = [tmp_path_factory.getbasetemp(), Path(__file__).parent]
    with tempfile.TemporaryDirectory(prefix="tenfold-cluster-") as folder:
        made = FakeCluster(Path(folder), images={IMAGE, TOOLS}, hidden=hidden)
        made.users[TOOLS] = NOBODY
        yield made
        made.close()


def write_settings(cluster, tmp_path, **more):
    lines = {"image": IMAGE, "python": sys.executable, "kubeconfig": str(cluster.kubeconfig()), **more}
    lines["environ"] = ["TENFOLD_*", "SSL_*", "UV_*", "PIP_*"]  # where uv finds packages
    text = "\n".join(f"{name} = {toml(value)}" for name, value in lines.items())
    volume = f'[[executors.kubernetes.volumes]]\npath = "{tmp_path}"\nhost_path = "{tmp_path}"\n'
    (tmp_path / "tenfold.toml").write_text(f"[executors.kubernetes]\n{text}\n{volume}")


@pytest.fixture
def kube_settings(cluster, tmp_path, monkeypatch):
    write_settings(cluster, tmp_path)
    monkeypatch.chdir(tmp_path)
    yield
    wait_for(lambda: not [pod for pod in cluster.all("pods") if pod["status"].get("phase") == "Running"])


@pytest.mark.usefixtures("kube_settings")
class TestKubernetes(EngineConformance, HoldingConformance, ManyNodesConformance):
    executor = "kubernetes"

    def test_a_pod_that_cannot_start_fails_with_kubernetes_own_words(self, cluster, host, tmp_path):
        write_settings(cluster, tmp_path, image="registry.example/no:1", start_s=0.2)
        run = self.run(samples.speaking, host)
        assert "ImagePullBackOff" in run.steps["speaks"].error and "kubectl" in run.steps["speaks"].error
        write_settings(cluster, tmp_path, node_selector={"gpu": "a100"}, pending_s=0.2)
        run = self.run(samples.speaking, host)
        assert "Unschedulable" in run.steps["speaks"].error and "pending_s" in run.steps["speaks"].error
        wait_for(lambda: not cluster.all("pods") or all(pods_over(cluster)))

    def test_a_pod_deleted_by_hand_is_a_lost_attempt(self, cluster, host, tmp_path):
        runs = in_background(samples.counting, host, str(tmp_path), 600.0)
        wait_for((tmp_path / "lines").exists)
        (pod,) = [one for one in cluster.all("pods") if one["status"].get("phase") == "Running"]
        cluster.delete("pods", pod["metadata"]["name"], "Background")
        (run,) = wait_for(lambda: runs)
        assert run.state == "failed" and "BackoffLimitExceeded" in run.steps["counted"].error

    def test_a_job_whose_creation_was_not_heard_of_is_taken_on(self, cluster, host, tmp_path):
        cluster.deaf = 1
        runs = in_background(samples.counting, host, str(tmp_path), 0.1)
        (run,) = wait_for(lambda: runs)
        assert run.outputs() == "one" and not cluster.deaf
        assert (tmp_path / "lines").read_text().count("start") == 1

    def test_a_job_goes_on_when_the_scheduler_was_killed(self, cluster, host, tmp_path):
        for seconds, folder in ((6.0, tmp_path / "going"), (0.5, tmp_path / "over")):
            folder.mkdir()
            made = len(cluster.made)
            kill_driver(folder, seconds, tmp_path)
            if seconds < 1:
                wait_for(lambda made=made: pods.how_the_job_ended(cluster.get("jobs", job_since(cluster, made)))[0])
            (root_id,) = abandoned(host.stores)
            run = resume(root_id, host=host)
            assert run.state == "finished" and run.outputs() == "one" and run.steps["counted"].attempts == 1
            assert [line.split()[0] for line in (folder / "lines").read_text().splitlines()] == ["start", "end"]
            assert sum(one["kind"] == "Job" for one in cluster.made[made:]) == 1
            assert read_log(host.stores, run.steps["counted"].run_id, host.folder) == "counting one\n"

    def test_a_container_beside_the_step_fails_and_ends_with_it(self, cluster, host, tmp_path):
        def error(which):
            return self.run(kube_flows.failing, host, which).steps[which].error

        assert "ended with exit code 4: went wrong" in error("wrong")
        assert "exit code 137: all of it" in error("ended")
        assert "longer than 3 s" in error("stuck")
        wait_for(lambda: all(pods_over(cluster)))
        assert "exit code 137" in error("hungry")
        write_settings(cluster, tmp_path, start_s=0.2)
        assert "ImagePullBackOff" in error("absent")

    def test_what_was_cancelled_leaves_nothing_in_the_cluster(self, cluster, host, tmp_path):
        self.test_cancelling_ends_the_whole_tree(host, tmp_path)
        name = cluster.made[-1]["metadata"]["labels"]["tenfold.dev/job"]
        kinds = ("jobs", "pods", "secrets")
        wait_for(lambda: not [one for kind in kinds for one in cluster.all(kind) if name in one["metadata"]["name"]])


def job_since(cluster, made):
    return next(one["metadata"]["name"] for one in cluster.made[made:] if one["kind"] == "Job")


def kill_driver(folder, seconds, home):
    """Begins `counting` in a process of its own, and kills that once the step runs."""
    script = home / "drive.py"
    script.write_text(
        "import sys\nfrom pathlib import Path\nimport engine_samples as samples\nif __name__ == '__main__':\n"
        "    host = samples.host_at(Path(sys.argv[1]) / 'store')\n"
        "    chosen = samples.counting.with_options(host=host, executor='kubernetes')\n"
        "    chosen.run(sys.argv[2], float(sys.argv[3]))\n"
    )
    environ = {**os.environ, "PYTHONPATH": str(Path(samples.__file__).parent)}
    words = [sys.executable, str(script), str(home), str(folder), str(seconds)]
    with subprocess.Popen(words, env=environ, cwd=home) as process:
        wait_for((folder / "lines").exists)
        process.kill()


def in_background(pipeline, host, *args):
    """Runs a pipeline in a thread; gives a list that will have the run."""
    runs = []
    options = {"host": host, "executor": "kubernetes", "raises": False}
    threading.Thread(target=lambda: runs.append(pipeline.with_options(**options).run(*args)), daemon=True).start()
    return runs


def pods_over(cluster):
    return [one["status"].get("phase") in ("Succeeded", "Failed") for one in cluster.all("pods")]


def test_the_store_of_a_server_needs_no_shared_disk_and_no_code_in_the_image(cluster, tmp_path, monkeypatch):
    shutil.copy(Path(__file__).with_name("kube_flows.py"), tmp_path / "flows.py")
    words = [sys.executable, "-m", "tenfold", "up", "--port", "0"]
    environ = {**os.environ, "TENFOLD_STORE": str(tmp_path / "server")}
    with subprocess.Popen(
        words, cwd=tmp_path, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as server:
        try:
            address = next(word for line in server.stdout for word in line.split() if word.startswith("http://"))
            settings = {"image": IMAGE, "python": sys.executable, "kubeconfig": str(cluster.kubeconfig())}
            settings |= {"gpu": "example.com/gpu", "limits": {"ephemeral-storage": "1Gi"}, "service_account": "trainer"}
            text = "\n".join(f"{name} = {toml(value)}" for name, value in settings.items())
            (tmp_path / "tenfold.toml").write_text(f"[executors.kubernetes]\n{text}\n")
            words = [sys.executable, "-m", "tenfold", "run", "flows.py:counted", "--executor", "kubernetes", "--json"]
            environ["TENFOLD_STORE"] = address
            done = subprocess.run(words, cwd=tmp_path, env=environ, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stdout + done.stderr
            assert json.loads(done.stdout)["outputs"] == list(range(5000))  # too long for a pod's message
            (tmp_path / "text.txt").write_text("three words here\n")
            words[4:5] = ["flows.py:words", "--param", "file=text.txt"]
            done = subprocess.run(words, cwd=tmp_path, env=environ, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stdout + done.stderr
            assert json.loads(done.stdout)["outputs"] == [3, "went", ["you", str(NOBODY)]]
        finally:
            server.terminate()
    check_beside([one for one in cluster.made if one["kind"] == "Job"][-2])
    job = [one for one in cluster.made if one["kind"] == "Job"][-3]
    spec = job["spec"]["template"]["spec"]
    (container,) = spec["containers"]
    assert container["resources"]["limits"] == {"cpu": "500m", "memory": "300Mi", "ephemeral-storage": "1Gi"}
    assert container["resources"]["requests"] == {"cpu": "500m", "memory": "300Mi"}
    assert (spec["serviceAccountName"], spec["restartPolicy"], job["spec"]["backoffLimit"]) == ("trainer", "Never", 0)
    assert job["spec"]["activeDeadlineSeconds"] > 60 and job["metadata"]["labels"]["tenfold.dev/step"] == "numbers"
    assert "TENFOLD_STORE" not in json.dumps(job)  # variables go by the Secret


def check_beside(job):
    """A step that is a container has it beside its own, with the step's resources, and nothing of the store's."""
    step, program = job["spec"]["template"]["spec"]["containers"]
    assert (step["image"], program["image"]) == (IMAGE, TOOLS)
    assert program["resources"]["limits"] == {"memory": "64Mi", "ephemeral-storage": "1Gi"}
    assert not {"env", "envFrom"} & set(program)
    assert [one["mountPath"] for one in program["volumeMounts"]] == ["/run/tenfold-beside"]


def toml(value):
    inner = (f'"{key}" = {json.dumps(one)}' for key, one in value.items()) if isinstance(value, dict) else ()
    return f"{{ {', '.join(inner)} }}" if isinstance(value, dict) else json.dumps(value)


def test_a_store_in_a_folder_that_pods_do_not_see_is_refused_before_a_job_is_made(cluster, tmp_path, monkeypatch):
    (tmp_path / "tenfold.toml").write_text(
        f'[executors.kubernetes]\nimage = "{IMAGE}"\nkubeconfig = "{cluster.kubeconfig()}"\n'
    )
    monkeypatch.chdir(tmp_path)
    made = len(cluster.made)
    options = {"host": samples.host_at(tmp_path / "store"), "executor": "kubernetes", "raises": False}
    run = samples.speaking.with_options(**options).run()
    assert "which pods do not see" in run.steps["speaks"].error and len(cluster.made) == made
