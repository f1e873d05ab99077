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
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from functools import cached_property
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

    @cached_property
    def users(self) -> dict[str, int]:
        """The user an image runs as, where that is not root."""
        return {}

    @cached_property
    def beside(self) -> dict[str, list[subprocess.Popen]]:
        """By pod: the processes of its containers but the first."""
        return defaultdict(list)

    def remove_groups(self) -> None:
        """Forget the memory groups of pods that have ended."""
        for group in (CGROUPS / "tenfold").glob("*/"):
            group.rmdir()

    def _kubelet(self, name: str) -> None:
        try:
            self._run_pod(name)
        except Refused:
            return  # deleted meanwhile

    def _status(self, name: str, phase: str, *states: dict, **more) -> None:
        containers = self.get("pods", name)["spec"]["containers"]
        found = [
            {"name": one["name"], "state": state}
            for one, state in zip(containers, (states * len(containers))[: len(containers)], strict=True)
        ]

        def change(pod):
            pod["status"].update({"phase": phase, "containerStatuses": found, **more})

        self.change("pods", name, change)

    def _run_pod(self, name: str) -> None:
        spec = self.get("pods", name)["spec"]
        if spec.get("nodeSelector", {}).items() - {("kubernetes.io/os", "linux")}:
            condition = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable"}
            condition["message"] = "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector."
            self.change("pods", name, lambda pod: pod["status"].update({"phase": "Pending", "conditions": [condition]}))
            return
        self.change("pods", name, lambda pod: pod["spec"].update({"nodeName": NODE}))
        for container in spec["containers"]:
            if container["image"] not in self.images:
                for reason in ("ErrImagePull", "ImagePullBackOff"):
                    waiting = {"reason": reason, "message": f'Back-off pulling image "{container["image"]}"'}
                    self._status(name, "Pending", {"waiting": waiting})
                return
        self._status(name, "Pending", {"waiting": {"reason": "ContainerCreating"}})
        while None in (scripts := [self._script(name, spec, one) for one in spec["containers"]]):
            time.sleep(0.02)
        started = [
            self._started(name, container, script)
            for container, script in zip(spec["containers"], scripts, strict=True)
        ]
        self.processes[name], *self.beside[name] = started
        running = {"running": {"startedAt": now()}}
        self._status(name, "Running", running, startTime=now(), podIP="127.0.0.1")
        states = [running] * len(started)
        left = set(range(len(started)))
        while left:
            for index in sorted(left):
                if started[index].poll() is not None:
                    states[index] = self._ended(name, spec["containers"][index], started[index].returncode)
                    left.discard(index)
                    if left:
                        self._status(name, "Running", *states)
            time.sleep(0.02)
        good = all(state["terminated"]["exitCode"] == 0 for state in states)
        self._status(name, "Succeeded" if good else "Failed", *states)

    def _started(self, name: str, container: dict, script: str) -> subprocess.Popen:
        environ = self._environ(self.get("pods", name), container)
        words = ["unshare", "--mount", "--uts", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-c", script]
        with (self._place(name, container) / "log").open("ab") as log:
            return subprocess.Popen(words, env=environ, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/")

    def _ended(self, name: str, container: dict, code: int) -> dict:
        place = self._place(name, container)
        state = {"exitCode": code if code >= 0 else 128 - code, "reason": "Completed" if code == 0 else "Error"}
        message = (place / "message").read_text()[:4096]
        if not message and code and container.get("terminationMessagePolicy") == "FallbackToLogsOnError":
            message = (place / "log").read_text("utf-8", "replace")[-2048:]
        return {"terminated": state | ({"message": message} if message else {})}

    def _place(self, name: str, container: dict) -> Path:
        """The first container's is the pod's own folder."""
        first = self.get("pods", name)["spec"]["containers"][0]["name"] == container["name"]
        return self.folder / name if first else self.folder / name / container["name"]

    def _script(self, name: str, spec: dict, container: dict) -> str | None:
        """A container's set-up and command as a shell script; None while a Secret is missing."""
        place = self._place(name, container)
        place.mkdir(exist_ok=True)
        (place / "message").touch()
        (place / "log").touch()
        lines = [f"hostname {shlex.quote(spec.get('hostname', name))}"]
        if memory := container["resources"].get("limits", {}).get("memory"):
            group = CGROUPS / "tenfold" / f"{name}-{container['name']}"
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
            elif "emptyDir" in volume:
                folder = self.folder / name / volume["name"]
                folder.mkdir(exist_ok=True)
                folder.chmod(0o777)
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
        lines += [f"mount --bind {keep}/m/message {container.get('terminationMessagePath', '/dev/termination-log')}"]
        if container["image"] in self.users:  # it runs as somebody else
            user = self.users[container["image"]]
            lines += [f"exec setpriv --reuid={user} --regid={user} --clear-groups {shlex.join(container['command'])}"]
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
        for process in [self.processes.get(name), *self.beside.get(name, ())]:
            if process is None or process.poll() is not None:
                continue
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
