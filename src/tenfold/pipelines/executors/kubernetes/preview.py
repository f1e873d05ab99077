"""What a run would create in a cluster, shown before it is run: for review, and to try what a cluster admits."""

from __future__ import annotations

from typing import Any

import msgspec

from tenfold.base import ids
from tenfold.base.clock import now_ms
from tenfold.base.errors import Invalid
from tenfold.pipelines.authoring.addresses import fix_addresses
from tenfold.pipelines.authoring.definition import Pipeline
from tenfold.pipelines.authoring.loading import target_of
from tenfold.pipelines.driving.board import Board
from tenfold.pipelines.driving.handing import work_of
from tenfold.pipelines.driving.places import in_graph_order
from tenfold.pipelines.driving.specs import specs_of
from tenfold.pipelines.executors.engines import options_of
from tenfold.pipelines.executors.job import JOB_FILE, Job
from tenfold.pipelines.executors.kubernetes.manifests import Manifest, job_manifest, secret_manifest, service_manifest
from tenfold.pipelines.executors.kubernetes.options import KubernetesOptions
from tenfold.pipelines.executors.wire import Setup
from tenfold.pipelines.host import Host
from tenfold.pipelines.work import Target
from tenfold.records import Run

NAME = "kubernetes"


def manifests_of(pipeline: Pipeline[..., Any], params: dict[str, Any], host: Host) -> list[Manifest]:
    """Job, Secret and Service of each step that would run on Kubernetes, in the graph's order; creates and stores nothing.

    A step that is mapped is shown once; each of its items becomes a Job like it. Ids are of this preview alone, and Secrets
    are shown empty: what they hold is known when the step starts, and is nobody else's to read.

    Raises:
        Invalid: No step runs on Kubernetes, or one has no image.
    """
    stores = host.stores
    graph = pipeline.build(fix_addresses(stores, params))
    root = Run(id=ids.new_id(), project=host.project, kind="pipeline", name=pipeline.name, created_at_ms=now_ms())
    board = Board(stores, root, pipeline.name)
    for key, spec in specs_of(stores, pipeline.name, graph).items():
        board.add(key, spec)
    options = options_of(NAME, KubernetesOptions)
    target = target_of(pipeline.function.__module__, pipeline.function.__qualname__)
    setup = Setup(target or Target(pipeline.function.__module__), None, None, [])
    found: list[Manifest] = []
    for place in (board.places[key] for key in in_graph_order(board.places)):
        if (place.spec.executor or pipeline.executor or "") != NAME:
            continue
        work = work_of(board, place, host.folder, arguments={})
        work = msgspec.structs.replace(work, token=1, attempt=1)
        found += _of(Job(setup=setup, work=work, place=""), options)
    if not found:
        raise Invalid(f"No step of {pipeline.name} runs on Kubernetes. Add --executor kubernetes", field="executor")
    return found


def _of(job: Job, options: KubernetesOptions) -> list[Manifest]:
    made = [job_manifest(job, options), secret_manifest(job, options, "")]
    made[1]["data"] = {JOB_FILE: ""}
    made += [service_manifest(job, options, "")] if job.work.resources.nodes > 1 else []
    for one in made[1:]:
        del one["metadata"]["ownerReferences"]  # the Job's uid, which the cluster gives
    if options.namespace:
        for one in made:
            one["metadata"]["namespace"] = options.namespace
    return made
