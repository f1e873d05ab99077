"""What is created in the cluster for an attempt, as the API has it: plain dicts, made of the job and the options alone."""

from __future__ import annotations

import base64
import math
import re
from collections.abc import Mapping
from typing import Any

from tenfold.base.errors import Invalid
from tenfold.pipelines.authoring.resources import Resources
from tenfold.pipelines.executors.job import (
    JOB_FILE,
    MASTER_VARIABLE,
    RANK_VARIABLE,
    Job,
    encode_job,
)
from tenfold.pipelines.executors.kubernetes.options import KubernetesOptions, Volume
from tenfold.pipelines.executors.ranks import PORT
from tenfold.pipelines.programs.beside import FOLDER_VARIABLE, waiting_script
from tenfold.pipelines.work import Work

CONTAINER, PROGRAM = "step", "program"
BESIDE, BESIDE_FOLDER = "tenfold-beside", "/run/tenfold-beside"
"""What the two containers of a step that is a container share."""
OWN_REQUESTS = {"cpu": "100m", "memory": "256Mi"}
"""Of Tenfold's own container, where the step's is another."""
JOB_FOLDER = "/run/tenfold"
MESSAGE = "/dev/termination-log"
DOMAIN = "tenfold.dev"
TOKEN_LABEL, STEP_RUN_LABEL, JOB_LABEL = f"{DOMAIN}/token", f"{DOMAIN}/step-run", f"{DOMAIN}/job"
CODE = f"{DOMAIN}/code"
INDEX = "batch.kubernetes.io/job-completion-index"
GRACE_S = 15
"""From SIGTERM to SIGKILL; the attempt ends everything at once."""
DEADLINE_SPARE_S = 60

Manifest = dict[str, Any]


def job_manifest(job: Job, options: KubernetesOptions) -> Manifest:
    """The Job: one pod, or an index a node."""
    nodes, timeout_s = job.work.resources.nodes, job.work.timeout_s
    spec: Manifest = {"backoffLimit": 0, "ttlSecondsAfterFinished": max(options.keep_s, 1)}
    if timeout_s is not None:  # the attempt keeps its time by itself: this is for the day it cannot
        waits_s = options.start_s + options.pending_s
        spec["activeDeadlineSeconds"] = math.ceil(timeout_s + waits_s) + DEADLINE_SPARE_S
    if nodes > 1:
        spec |= {"completions": nodes, "parallelism": nodes, "completionMode": "Indexed"}
    spec["template"] = {
        "metadata": {"labels": labels(job, options), "annotations": _annotations(job, options)},
        "spec": merged(_pod_spec(job, options), options.pod),
    }
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": _metadata(job, options), "spec": spec}


def secret_manifest(job: Job, options: KubernetesOptions, owner: str) -> Manifest:
    """The Secret that holds what the attempt must know; `owner` is the Job's uid."""
    data = base64.b64encode(encode_job(job)).decode()
    return {
        "apiVersion": "v1", "kind": "Secret", "metadata": {**_metadata(job, options), **_owned(job, owner)},
        "type": "Opaque", "immutable": True, "data": {JOB_FILE: data},
    }  # fmt: skip


def service_manifest(job: Job, options: KubernetesOptions, owner: str) -> Manifest:
    """The headless Service that gives the pods of a step on several nodes their names."""
    return {
        "apiVersion": "v1", "kind": "Service", "metadata": {**_metadata(job, options), **_owned(job, owner)},
        "spec": {
            "clusterIP": "None", "publishNotReadyAddresses": True, "selector": {JOB_LABEL: job.name},
            "ports": [{"name": "master", "port": PORT}],
        },
    }  # fmt: skip


def image_of(job: Job, options: KubernetesOptions) -> str:
    """The step's own, else that of the settings. Raises Invalid when there is none."""
    if image := job.work.image or options.image:
        return image
    raise Invalid('No image is named. Write image = "…" under [executors.kubernetes] in tenfold.toml', field="image")


def labels(job: Job, options: KubernetesOptions) -> dict[str, str]:
    """What a Job and its pods are found by."""
    work = job.work
    own = {
        "app.kubernetes.io/name": "tenfold", "app.kubernetes.io/managed-by": "tenfold",
        JOB_LABEL: job.name, STEP_RUN_LABEL: work.task_id, TOKEN_LABEL: str(work.token),
        f"{DOMAIN}/attempt": str(work.attempt), f"{DOMAIN}/run": work.root_id, f"{DOMAIN}/pipeline": work.pipeline,
        f"{DOMAIN}/step": work.step,
    }  # fmt: skip
    return {**options.labels, **{key: label_value(value) for key, value in own.items()}}


def is_of(metadata: Manifest, work: Work) -> bool:
    """Whether an object in the cluster is of this attempt."""
    found = metadata.get("labels", {})
    return (found.get(STEP_RUN_LABEL), found.get(TOKEN_LABEL)) == (label_value(work.task_id), str(work.token))


def label_value(text: str) -> str:
    """Text as the value of a label: at most 63 letters, digits, dots, hyphens; a letter or digit at both ends.

    >>> label_value("train[3]"), label_value("Grüße")
    ('train-3', 'Gr--e')
    """
    return re.sub(r"[^A-Za-z0-9._-]", "-", text)[:63].strip("._-")


def _annotations(job: Job, options: KubernetesOptions) -> dict[str, str]:
    own = {
        f"{DOMAIN}/step": job.work.step, f"{DOMAIN}/run": job.work.root_id,
        CODE: job.work.code, f"{DOMAIN}/function": f"{job.work.module}:{job.work.qualname}",
        "cluster-autoscaler.kubernetes.io/safe-to-evict": "false",
    }  # fmt: skip
    return {**own, **options.annotations}


def _metadata(job: Job, options: KubernetesOptions) -> Manifest:
    return {"name": job.name, "labels": labels(job, options), "annotations": _annotations(job, options)}


def _owned(job: Job, owner: str) -> Manifest:
    reference = {"apiVersion": "batch/v1", "kind": "Job", "name": job.name, "uid": owner}
    return {"ownerReferences": [reference]}


def _pod_spec(job: Job, options: KubernetesOptions) -> Manifest:
    own = {"name": "tenfold-job", "secret": {"secretName": job.name, "defaultMode": 0o444}}
    shared: list[Manifest] = [{"name": BESIDE, "emptyDir": {}}] if program_image(job) else []
    spec: Manifest = {
        "restartPolicy": "Never",
        "terminationGracePeriodSeconds": GRACE_S,
        "enableServiceLinks": False,
        "containers": [merged(one, options.container) for one in _containers(job, options)],
        "volumes": [own, *(_volume(index, one) for index, one in enumerate(options.volumes)), *shared],
    }
    given = {
        "serviceAccountName": options.service_account,
        "nodeSelector": options.node_selector,
        "tolerations": options.tolerations,
        "imagePullSecrets": [{"name": name} for name in options.pull_secrets],
        "subdomain": job.name if job.work.resources.nodes > 1 else "",
    }
    return spec | {key: value for key, value in given.items() if value}


def program_image(job: Job) -> str:
    """The image of a step that is a command in a container of its own; '' of all others."""
    program = job.work.program or {}
    return str(program.get("image", "")) if program.get("type") == "command" else ""


def _containers(job: Job, options: KubernetesOptions) -> list[Manifest]:
    """The step's; of a step that is a container, that one beside it: it has the resources, and knows nothing of the store."""
    step, image = _container(job, options), program_image(job)
    if not image:
        return [step]
    shared = {"name": BESIDE, "mountPath": BESIDE_FOLDER}
    program: Manifest = {
        "name": PROGRAM,
        "image": image,
        "command": ["/bin/sh", "-c", waiting_script(BESIDE_FOLDER)],
        "volumeMounts": [*_mounts(options), shared],
        "resources": step["resources"],
    }
    program |= {"imagePullPolicy": options.pull_policy} if options.pull_policy else {}
    step["env"].append({"name": FOLDER_VARIABLE, "value": BESIDE_FOLDER})
    step["volumeMounts"].append(shared)
    return [step | {"resources": {"requests": OWN_REQUESTS}}, program]


def _mounts(options: KubernetesOptions) -> list[Manifest]:
    mounts: list[Manifest] = []
    for index, one in enumerate(options.volumes):
        more = {"subPath": one.sub_path, "readOnly": one.read_only}
        mounts.append({"name": f"volume-{index}", "mountPath": one.path, **{key: v for key, v in more.items() if v}})
    return mounts


def _container(job: Job, options: KubernetesOptions) -> Manifest:
    mounts = [{"name": "tenfold-job", "mountPath": JOB_FOLDER, "readOnly": True}, *_mounts(options)]
    words = [options.python, "-P", "-m", "tenfold.pipelines.executors.attempt", f"{JOB_FOLDER}/{JOB_FILE}"]
    made: Manifest = {
        "name": CONTAINER,
        "image": image_of(job, options),
        "command": [*words, "--message", MESSAGE],
        "env": _environ(job, options),
        "terminationMessagePath": MESSAGE,
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "volumeMounts": mounts,
        "resources": resources(job.work.resources, options),
    }
    sources = [{"secretRef": {"name": name}} for name in options.secrets]
    sources += [{"configMapRef": {"name": name}} for name in options.config_maps]
    given = {"imagePullPolicy": options.pull_policy, "envFrom": sources}
    return made | {key: value for key, value in given.items() if value}


def _environ(job: Job, options: KubernetesOptions) -> list[Manifest]:
    made: list[Manifest] = [{"name": "PYTHONUNBUFFERED", "value": "1"}]
    for name, place in options.secret_environ.items():
        secret, _, key = place.partition("/")
        made.append({"name": name, "valueFrom": {"secretKeyRef": {"name": secret, "key": key}}})
    if job.work.resources.nodes > 1:
        index = {"fieldRef": {"fieldPath": f"metadata.annotations['{INDEX}']"}}
        made.append({"name": RANK_VARIABLE, "valueFrom": index})
        made.append({"name": MASTER_VARIABLE, "value": f"{job.name}-0.{job.name}:{PORT}"})
    return made


def resources(asked: Resources, options: KubernetesOptions) -> Manifest:
    """Requests and limits. Devices have limits only: the API takes them for requests too.

    >>> resources(Resources(1.5, 2**30, 1), KubernetesOptions())["limits"]
    {'cpu': '1500m', 'memory': '1024Mi', 'nvidia.com/gpu': '1'}
    """
    cores = {"cpu": f"{math.ceil(asked.cpu * 1000)}m"} if asked.cpu else {}
    memory = {"memory": f"{math.ceil(asked.memory_bytes / 2**20)}Mi"} if asked.memory_bytes else {}
    devices = {options.gpu: str(asked.gpu)} if asked.gpu else {}
    limits = {**(cores if options.cpu_limit else {}), **memory, **devices, **options.limits}
    found = {"requests": {**cores, **memory}, "limits": limits}
    return {name: amounts for name, amounts in found.items() if amounts}


def _volume(index: int, one: Volume) -> Manifest:
    medium, _, size = one.empty.rpartition(":")
    kinds: dict[str, Manifest] = {
        "persistentVolumeClaim": {"claimName": one.claim} if one.claim else {},
        "hostPath": {"path": one.host_path} if one.host_path else {},
        "secret": {"secretName": one.secret} if one.secret else {},
        "configMap": {"name": one.config_map} if one.config_map else {},
        "emptyDir": {"sizeLimit": size, **({"medium": "Memory"} if medium else {})} if one.empty else {},
    }
    return {"name": f"volume-{index}", **{kind: what for kind, what in kinds.items() if what}, **one.source}


def merged(made: Manifest, more: Mapping[str, Any]) -> Manifest:
    """One manifest with more of it: dicts are merged, lists put together, all else replaced."""
    found = dict(made)
    for key, value in more.items():
        before = found.get(key)
        if isinstance(before, dict) and isinstance(value, Mapping):
            found[key] = merged(before, value)
        elif isinstance(before, list) and isinstance(value, list):
            found[key] = [*before, *value]
        else:
            found[key] = value
    return found
