"""A cluster of one node for tests: an API server that speaks the endpoints a Job needs, and its Job controller.

What is created is checked against Kubernetes' own schema, strictly. Its node is in `kube_node`.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import threading
import time
import urllib.parse
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import kubernetes_validate
from kube_node import Node, Refused, now

INDEX = "batch.kubernetes.io/job-completion-index"
PATHS = re.compile(
    r"/(?:api/v1|apis/batch/v1)/namespaces/(?P<ns>[^/]+)/(?P<kind>pods|secrets|services|jobs)(?:/(?P<name>[^/]+)(?P<log>/log)?)?"
)
KINDS = {"pods": "Pod", "secrets": "Secret", "services": "Service", "jobs": "Job"}


class FakeCluster(Node):
    """Objects of one namespace, and what runs for them."""

    def __init__(self, folder: Path, *, images: set[str], hidden: list[Path]):
        self.folder, self.images, self.hidden = folder, images, hidden
        self.lock = threading.Condition(threading.RLock())
        self.objects: dict[tuple[str, str], dict] = {}
        self.events: list[tuple[str, str, dict]] = []
        self.version = 0
        self.processes: dict[str, subprocess.Popen] = {}
        self.deaf = 0
        """So many more creations of Jobs are done and not answered."""
        self.made: list[dict] = []
        """All that was created, for tests to look at."""
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def kubeconfig(self) -> Path:
        place = self.folder / "kubeconfig"
        address = f"http://127.0.0.1:{self.server.server_address[1]}"
        place.write_text(
            json.dumps(
                {
                    "apiVersion": "v1", "kind": "Config", "current-context": "here",
                    "clusters": [{"name": "here", "cluster": {"server": address}}],
                    "users": [{"name": "me", "user": {}}],
                    "contexts": [{"name": "here", "context": {"cluster": "here", "user": "me", "namespace": "work"}}],
                }
            )
        )  # fmt: skip
        return place

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        for process in [*self.processes.values(), *(one for some in self.beside.values() for one in some)]:
            process.kill()
            process.wait()
        self.remove_groups()

    def all(self, kind: str) -> list[dict]:
        with self.lock:
            return [one for (found, _), one in self.objects.items() if found == kind]

    # Objects

    def put(self, kind: str, one: dict, event: str) -> None:
        with self.lock:
            self.version += 1
            one["metadata"]["resourceVersion"] = str(self.version)
            name = one["metadata"]["name"]
            if event == "DELETED":
                self.objects.pop((kind, name), None)
            else:
                self.objects[kind, name] = one
            self.events.append((event, kind, json.loads(json.dumps(one))))
            self.lock.notify_all()

    def change(self, kind: str, name: str, change) -> None:
        with self.lock:
            if (kind, name) in self.objects:
                one = json.loads(json.dumps(self.objects[kind, name]))
                change(one)
                self.put(kind, one, "MODIFIED")

    def get(self, kind: str, name: str) -> dict:
        with self.lock:
            if (kind, name) not in self.objects:
                raise Refused(404, "NotFound", f'{kind} "{name}" not found')
            return self.objects[kind, name]

    def create(self, kind: str, ns: str, one: dict) -> dict:
        try:
            kubernetes_validate.validate(one, kubernetes_validate.latest_version(), strict=True)
        except kubernetes_validate.ValidationError as error:
            raise Refused(422, "Invalid", f"{error.message} at {list(error.path)}") from error
        name = one["metadata"]["name"]
        if not re.fullmatch(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", name):
            raise Refused(422, "Invalid", f"metadata.name: Invalid value: {name!r}")
        for value in one["metadata"].get("labels", {}).values():
            if value and not re.fullmatch(r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?", value):
                raise Refused(422, "Invalid", f"metadata.labels: Invalid value: {value!r}")
        with self.lock:
            if (kind, name) in self.objects:
                raise Refused(409, "AlreadyExists", f'{kind}.batch "{name}" already exists')
            one["metadata"] |= {"uid": str(uuid.uuid4()), "namespace": ns, "creationTimestamp": now()}
            one["status"] = {}
            self.made.append(json.loads(json.dumps(one)))
            self.put(kind, one, "ADDED")
        if kind == "jobs":
            threading.Thread(target=self._control, args=(name,), daemon=True).start()
        return one

    def delete(self, kind: str, name: str, how: str, grace_s: int | None = None) -> dict:
        one = self.get(kind, name)
        if kind == "pods":
            grace = grace_s if grace_s is not None else one["spec"].get("terminationGracePeriodSeconds", 30)
            self.change(kind, name, lambda pod: pod["metadata"].setdefault("deletionTimestamp", now(grace)))
            threading.Thread(target=self._end_pod, args=(name, grace), daemon=True).start()
        elif kind == "jobs":
            if how == "Foreground":
                self.change(kind, name, lambda job: job["metadata"].setdefault("deletionTimestamp", now()))
            else:
                self.put(kind, one, "DELETED")
            threading.Thread(target=self._collect, args=(one, how), daemon=True).start()
        else:
            self.put(kind, one, "DELETED")
        return one

    def _owned(self, uid: str) -> list[tuple[str, str]]:
        with self.lock:
            return [
                key
                for key, one in self.objects.items()
                if any(owner["uid"] == uid for owner in one["metadata"].get("ownerReferences", ()))
            ]

    def _collect(self, job: dict, how: str) -> None:
        """The garbage collector: what a deleted Job owns goes too, and in the foreground before it."""
        while left := self._owned(job["metadata"]["uid"]):
            for kind, name in left:
                if "deletionTimestamp" not in self.objects.get((kind, name), job)["metadata"]:
                    self.delete(kind, name, "Background")
            time.sleep(0.02)
        if how == "Foreground":
            self.put("jobs", job, "DELETED")

    # The Job controller

    def _control(self, name: str) -> None:
        job = self.get("jobs", name)
        spec, started = job["spec"], time.monotonic()
        assert spec["backoffLimit"] == 0 and spec["template"]["spec"]["restartPolicy"] == "Never"
        self.change("jobs", name, lambda one: one["status"].update({"startTime": now(), "active": 1}))
        pods = []
        for index in range(spec.get("completions", 1)):
            many = spec.get("completionMode") == "Indexed"
            meta = json.loads(json.dumps(spec["template"]["metadata"]))
            meta["labels"] |= {"job-name": name, "batch.kubernetes.io/job-name": name}
            if many:
                meta["annotations"][INDEX] = str(index)
            owner = {"kind": "Job", "name": name, "uid": job["metadata"]["uid"], "apiVersion": "batch/v1"}
            meta["ownerReferences"] = [{**owner, "controller": True, "blockOwnerDeletion": True}]
            pods.append(f"{name}-{index}-{os.urandom(3).hex()}" if many else f"{name}-{os.urandom(3).hex()}")
            pod_spec = {**spec["template"]["spec"], **({"hostname": f"{name}-{index}"} if many else {})}
            self.create(
                "pods",
                job["metadata"]["namespace"],
                {"apiVersion": "v1", "kind": "Pod", "metadata": {**meta, "name": pods[-1]}, "spec": pod_spec},
            )
            threading.Thread(target=self._kubelet, args=(pods[-1],), daemon=True).start()
        reason = self._wait_for_pods(name, pods, started + spec.get("activeDeadlineSeconds", 1e9))
        if reason is None:
            return
        if reason != "Complete":
            for pod in pods:
                one = self.objects.get(("pods", pod))
                if one is not None and one["status"].get("phase") not in ("Succeeded", "Failed"):
                    self.delete("pods", pod, "Background")
        kind = "Complete" if reason == "Complete" else "Failed"
        condition = {"type": kind, "status": "True", "reason": reason, "message": f"Job has ended: {reason}"}
        self.change("jobs", name, lambda one: one["status"].update({"active": 0, "conditions": [condition]}))
        time.sleep(spec.get("ttlSecondsAfterFinished", 1e6))
        if ("jobs", name) in self.objects:
            self.delete("jobs", name, "Background")

    def _wait_for_pods(self, name: str, pods: list[str], deadline: float) -> str | None:
        while True:
            job = self.objects.get(("jobs", name))
            if job is None or "deletionTimestamp" in job["metadata"]:
                return None
            found = [self.objects.get(("pods", pod)) for pod in pods]
            phases = [None if pod is None else pod["status"].get("phase") for pod in found]
            if any(
                p is None or p == "Failed" or "deletionTimestamp" in pod["metadata"]
                for p, pod in zip(phases, found, strict=True)
                if pod is None or p
            ):
                return "BackoffLimitExceeded"
            if all(phase == "Succeeded" for phase in phases):
                return "Complete"
            if time.monotonic() > deadline:
                return "DeadlineExceeded"
            time.sleep(0.02)

    # HTTP

    def _handler(cluster):  # noqa: N805
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *args):
                pass

            def do_GET(self):
                self._answer(self._get)

            def do_POST(self):
                self._answer(self._post)

            def do_DELETE(self):
                self._answer(self._delete)

            def _answer(self, how):
                url = urllib.parse.urlsplit(self.path)
                self.query = dict(urllib.parse.parse_qsl(url.query))
                size = int(self.headers.get("Content-Length") or 0)
                self.body = json.loads(self.rfile.read(size)) if size else {}
                found = PATHS.fullmatch(url.path)
                try:
                    if found is None:
                        raise Refused(404, "NotFound", "the server could not find the requested resource")
                    if found["ns"] != "work":
                        raise Refused(403, "Forbidden", f'User "me" cannot work in the namespace "{found["ns"]}"')
                    answer = how(found["kind"], found["ns"], found["name"], found["log"])
                    code = 201 if self.command == "POST" else 200
                except Refused as error:
                    code = error.code
                    answer = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code}
                    answer |= {"reason": error.reason, "message": str(error)}
                if answer is not None:
                    data = json.dumps(answer).encode()
                    self.send_response(code)
                    self.send_header("Content-Type", "application/json")
                    self.send_header("Content-Length", str(len(data)))
                    self.end_headers()
                    self.wfile.write(data)

            def _get(self, kind, ns, name, log):
                if log:
                    return self._log(name)
                if name:
                    return cluster.get(kind, name)
                with cluster.lock:
                    items = [one for one in cluster.all(kind) if self._chosen(one)]
                    meta = {"resourceVersion": str(cluster.version)}
                    return {
                        "kind": f"{KINDS[kind]}List",
                        "apiVersion": "v1",
                        "metadata": meta,
                        "items": json.loads(json.dumps(items)),
                    }

            def _chosen(self, one):
                labels = one["metadata"].get("labels", {})
                for part in re.split(r",(?![^(]*\))", self.query.get("labelSelector", "")):
                    if found := re.fullmatch(r"(\S+) in \((.*)\)", part):
                        if labels.get(found[1]) not in found[2].split(","):
                            return False
                    elif "!=" in part:
                        if labels.get(part.split("!=")[0]) == part.split("!=")[1]:
                            return False
                    elif part and labels.get(part.split("=")[0]) != part.split("=")[1]:
                        return False
                return True

            def _post(self, kind, ns, name, log):
                made = cluster.create(kind, ns, self.body)
                if kind == "jobs" and cluster.deaf:
                    cluster.deaf -= 1
                    raise Refused(504, "Timeout", "the request did not complete within the time allotted")
                return made

            def _delete(self, kind, ns, name, log):
                how = self.body.get("propagationPolicy") or self.query.get("propagationPolicy") or "Background"
                return cluster.delete(kind, name, how, self.body.get("gracePeriodSeconds"))

            def _log(self, name):
                pod = cluster.get("pods", name)
                if "waiting" in pod["status"].get("containerStatuses", [{"state": {"waiting": {}}}])[0]["state"]:
                    raise Refused(400, "BadRequest", f'container in pod "{name}" is waiting to start')
                self.send_response(200)
                self.send_header("Content-Type", "text/plain")
                self.send_header("Transfer-Encoding", "chunked")
                self.end_headers()
                with (cluster.folder / name / "log").open("rb") as file:
                    while True:
                        over = cluster.processes[name].poll() is not None
                        if data := file.read(1 << 16):
                            self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
                        elif over or self.query.get("follow") != "true":
                            break
                        else:
                            time.sleep(0.05)
                self.wfile.write(b"0\r\n\r\n")

        return Handler
