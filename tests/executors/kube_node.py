"""The node of the tests' cluster: pods run as processes of this machine, each with mounts, process ids and a host name of
its own. They see the system, their declared volumes, and none of the hidden folders. Needs root."""

from __future__ import annotations

import base64
import os
import re
import shlex
import shutil
import signal
import subprocess
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

NODE = "node-1"
CGROUPS = Path("/sys/fs/cgroup/memory")
"""Version 1; the kernel itself holds pods to their memory there."""


def now(later_s: float = 0) -> str:
    return (datetime.now(UTC) + timedelta(seconds=later_s)).strftime("%Y-%m-%dT%H:%M:%SZ")


class Refused(Exception):
    def __init__(self, code: int, reason: str, message: str):
        super().__init__(message)
        self.code, self.reason = code, reason


class Node:
    """What a kubelet does for the pods among a cluster's objects."""

    def remove_groups(self) -> None:
        """Forget the memory groups of pods that have ended."""
        for group in (CGROUPS / "tenfold").glob("*/"):
            group.rmdir()

    def _kubelet(self, name: str) -> None:
        try:
            self._run_pod(name)
        except Refused:
            return  # deleted meanwhile

    def _status(self, name: str, phase: str, state: dict, **more) -> None:
        container = {"name": self.get("pods", name)["spec"]["containers"][0]["name"], "state": state}

        def change(pod):
            pod["status"].update({"phase": phase, "containerStatuses": [container], **more})

        self.change("pods", name, change)

    def _run_pod(self, name: str) -> None:
        spec = self.get("pods", name)["spec"]
        if spec.get("nodeSelector", {}).items() - {("kubernetes.io/os", "linux")}:
            condition = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable"}
            condition["message"] = "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector."
            self.change("pods", name, lambda pod: pod["status"].update({"phase": "Pending", "conditions": [condition]}))
            return
        self.change("pods", name, lambda pod: pod["spec"].update({"nodeName": NODE}))
        container = spec["containers"][0]
        if container["image"] not in self.images:
            for reason in ("ErrImagePull", "ImagePullBackOff"):
                waiting = {"reason": reason, "message": f'Back-off pulling image "{container["image"]}"'}
                self._status(name, "Pending", {"waiting": waiting})
            return
        self._status(name, "Pending", {"waiting": {"reason": "ContainerCreating"}})
        while not (script := self._script(name, spec)):
            time.sleep(0.02)
        place = self.folder / name
        environ = self._environ(self.get("pods", name), container)
        words = ["unshare", "--mount", "--uts", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-c", script]
        with (place / "log").open("ab") as log:
            process = subprocess.Popen(words, env=environ, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/")
        self.processes[name] = process
        self._status(name, "Running", {"running": {"startedAt": now()}}, startTime=now(), podIP="127.0.0.1")
        code = process.wait()
        state = {"exitCode": code if code >= 0 else 128 - code, "reason": "Completed" if code == 0 else "Error"}
        message = (place / "message").read_text()[:4096]
        if not message and code and container["terminationMessagePolicy"] == "FallbackToLogsOnError":
            message = (place / "log").read_text("utf-8", "replace")[-2048:]
        state |= {"message": message} if message else {}
        self._status(name, "Succeeded" if code == 0 else "Failed", {"terminated": state})

    def _script(self, name: str, spec: dict) -> str | None:
        """The container's set-up and command as a shell script; None while a Secret is missing."""
        place, container = self.folder / name, spec["containers"][0]
        place.mkdir(exist_ok=True)
        (place / "message").touch()
        (place / "log").touch()
        lines = [f"hostname {shlex.quote(spec.get('hostname', name))}"]
        if memory := container["resources"].get("limits", {}).get("memory"):
            group = CGROUPS / "tenfold" / name
            group.mkdir(parents=True, exist_ok=True)
            (group / "memory.limit_in_bytes").write_text(str(int(memory.removesuffix("Mi")) * 2**20))
            lines += [f"echo 0 > {group}/cgroup.procs", f"mount --bind {group} {CGROUPS}"]
        sources = {}
        for volume in spec.get("volumes", ()):
            if "secret" in volume:
                found = self.objects.get(("secrets", volume["secret"]["secretName"]))
                if found is None:
                    return None
                folder = place / volume["name"]
                folder.mkdir(exist_ok=True)
                for key, data in found["data"].items():
                    (folder / key).write_bytes(base64.b64decode(data))
                sources[volume["name"]] = folder
            elif "hostPath" in volume:
                sources[volume["name"]] = Path(volume["hostPath"]["path"])
        keep = place / "keep"
        keep.mkdir(exist_ok=True)
        mounts = container.get("volumeMounts", ())
        for index, mount in enumerate(mounts):
            lines += [f"mkdir -p {keep}/{index}", f"mount --bind {sources[mount['name']]} {keep}/{index}"]
        lines += [f"mkdir -p {keep}/m", f"mount --bind {place} {keep}/m"]
        lines += [f"mount -t tmpfs none {one}" for one in self.hidden]
        for index, mount in enumerate(mounts):
            lines += [f"mkdir -p {mount['mountPath']}", f"mount --bind {keep}/{index} {mount['mountPath']}"]
        (place / "hosts").write_text("127.0.0.1 localhost " + " ".join(self._names(spec)) + "\n")
        lines += [f"mount --bind {keep}/m/hosts /etc/hosts", "touch /dev/termination-log"]
        lines += [f"mount --bind {keep}/m/message {container['terminationMessagePath']}"]
        lines += [f"exec {shlex.join(container['command'])}"]
        return "set -e\n" + "\n".join(lines)

    def _names(self, spec: dict) -> list[str]:
        service = "subdomain" in spec and self.objects.get(("services", spec["subdomain"]))
        return [f"{spec['subdomain']}-{index}.{spec['subdomain']}" for index in range(16)] if service else []

    def _environ(self, pod: dict, container: dict) -> dict[str, str]:
        made = {"PATH": os.environ["PATH"], "HOME": "/root", "KUBERNETES_SERVICE_HOST": "127.0.0.1"}
        for source in container.get("envFrom", ()):
            data = self.get("secrets", source["secretRef"]["name"])["data"]
            made |= {key: base64.b64decode(value).decode() for key, value in data.items()}
        for one in container.get("env", ()):
            where = one.get("valueFrom", {})
            if "fieldRef" in where:
                key = re.search(r"\['(.*)'\]", where["fieldRef"]["fieldPath"])[1]
                made[one["name"]] = pod["metadata"]["annotations"][key]
            elif "secretKeyRef" in where:
                data = self.get("secrets", where["secretKeyRef"]["name"])["data"]
                made[one["name"]] = base64.b64decode(data[where["secretKeyRef"]["key"]]).decode()
            else:
                made[one["name"]] = one["value"]
        return made

    def _end_pod(self, name: str, grace_s: float) -> None:
        process = self.processes.get(name)
        if process is not None and process.poll() is None:
            children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
            for child in children:
                os.kill(int(child), signal.SIGTERM if grace_s else signal.SIGKILL)
            try:
                process.wait(grace_s or 10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if ("pods", name) in self.objects:
            self.put("pods", self.objects["pods", name], "DELETED")
            shutil.rmtree(self.folder / name, ignore_errors=True)
