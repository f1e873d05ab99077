"""Lines of [executors.kubernetes]."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec


class Volume(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A volume of the pod and where it is seen; one of `claim`, `host_path`, `secret`, `config_map`, `empty`, or `source` as
    the API has it."""

    path: str
    claim: str = ""
    host_path: str = ""
    secret: str = ""
    config_map: str = ""
    empty: str = ""
    """A size, such as "10Gi"; in memory when it begins with "memory:"."""
    source: dict[str, Any] = {}
    sub_path: str = ""
    read_only: bool = False


class KubernetesOptions(msgspec.Struct, frozen=True, kw_only=True):
    """Every line may be left out but `image`."""

    image: str = ""
    """With Python, Tenfold and the packages that the steps import."""
    python: str = "python"
    namespace: str = ""
    """The context's, or the pod's own, when empty."""
    context: str = ""
    kubeconfig: str = ""
    pull_policy: str = ""
    pull_secrets: list[str] = []
    service_account: str = ""
    node_selector: dict[str, str] = {}
    tolerations: list[dict[str, Any]] = []
    secrets: list[str] = []
    """Secrets whose keys become variables of the step."""
    secret_environ: dict[str, str] = {}
    """One variable each: {DB_PASSWORD = "database/password"}."""
    config_maps: list[str] = []
    environ: tuple[str, ...] = ("TENFOLD_*", "AWS_*")
    """Variables of this process that go along, in the Job's own Secret."""
    volumes: list[Volume] = []
    gpu: str = "nvidia.com/gpu"
    """The resource that `gpu` asks for."""
    cpu_limit: bool = True
    """False: a step may use more cores than it asks for, while the node has some."""
    limits: dict[str, str] = {}
    """More of the container's limits, for every step: {"ephemeral-storage" = "20Gi"}."""
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}
    pod: dict[str, Any] = {}
    """More of the pod's spec, as the API has it: {priorityClassName = "low", affinity = {…}}."""
    container: dict[str, Any] = {}
    """More of the container: {securityContext = {…}}."""
    ship_code: bool = True
    """The project's sources go along; False: the image has them under the same path."""
    start_s: float = 600.0
    """How long an image may be pulled and a container be set up in vain, before the step fails."""
    pending_s: float = 3600.0
    """How long a pod may wait for a node."""
    keep_s: int = 600
    """How long Jobs that have ended are kept to be looked at; 0: not at all."""
    unattended_s: float = 600.0
    """How long a step goes on after the process that started it is gone: one that goes on with the run takes it over."""
    jobs: int = 100
    """Jobs at once."""

    def sees(self, folder: Path) -> bool:
        """True when a volume shows this folder under its own path."""
        return any(Path(volume.path) in (folder, *folder.parents) for volume in self.volumes)
