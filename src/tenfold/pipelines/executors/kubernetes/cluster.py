"""The few calls of the Kubernetes API that attempts need, through the official client, with answers as plain dicts."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tenfold.base.errors import Conflict, Invalid, NotFound, TenfoldError, Unavailable
from tenfold.base.extras import require
from tenfold.pipelines.executors.kubernetes.options import KubernetesOptions
from tenfold.pipelines.executors.kubernetes.pods import Seen
from tenfold.pipelines.executors.remote import refused

_TIMES_S = (10, 60)
"""To connect, and between two bytes."""
_NAMESPACE_FILE = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")


class Cluster:
    """A namespace of a cluster, by the kubeconfig's context or, inside a pod, its service account."""

    def __init__(self, options: KubernetesOptions) -> None:
        library = require("kubernetes", extra="kubernetes", why="run steps on Kubernetes")
        self._errors: Any = require("kubernetes.client.exceptions", extra="kubernetes", why="run steps on Kubernetes")
        self._http: Any = require("urllib3.exceptions", extra="kubernetes", why="run steps on Kubernetes")
        configuration = library.client.Configuration()
        own = _configure(library, configuration, options)
        self.namespace = options.namespace or own
        if not configuration.verify_ssl:  # the kubeconfig says so; it need not be said again at each call
            warnings.filterwarnings("ignore", category=self._http.InsecureRequestWarning)
        configuration.connection_pool_maxsize = options.jobs + 4  # a pod's log takes a connection while it runs
        self._client = library.client.ApiClient(configuration)
        self._batch, self._core = library.client.BatchV1Api(self._client), library.client.CoreV1Api(self._client)

    def create(self, manifest: Seen) -> Seen:
        """Create a Job, Secret or Service; gives it as the cluster has it. Raises Conflict when there is one of its name."""
        calls = {
            "Job": self._batch.create_namespaced_job, "Secret": self._core.create_namespaced_secret,
            "Service": self._core.create_namespaced_service,
        }  # fmt: skip
        made: Seen = self._asked(calls[manifest["kind"]], self.namespace, manifest)
        return made

    def job(self, name: str) -> Seen:
        """Raises NotFound."""
        found: Seen = self._asked(self._batch.read_namespaced_job, name, self.namespace)
        return found

    def jobs(self, selector: str) -> list[Seen]:
        """Jobs with these labels."""
        found: list[Seen] = self._asked(self._batch.list_namespaced_job, self.namespace, label_selector=selector)[
            "items"
        ]
        return found

    def pods(self, selector: str) -> list[Seen]:
        """Pods with these labels."""
        found: list[Seen] = self._asked(self._core.list_namespaced_pod, self.namespace, label_selector=selector)[
            "items"
        ]
        return found

    def warning(self, name: str) -> str:
        """What Kubernetes last warned of about an object; '' when it did not, or does not let events be read."""
        selector = f"involvedObject.name={name},type=Warning"
        try:
            found = self._asked(self._core.list_namespaced_event, self.namespace, field_selector=selector)["items"]
        except TenfoldError:
            return ""
        found.sort(key=lambda one: one.get("lastTimestamp") or one.get("eventTime") or "")
        return f"{found[-1].get('reason', '')}: {found[-1].get('message', '')}" if found else ""

    def delete_job(self, name: str, *, wait: bool) -> None:
        """Delete a Job with its pods; one that is not there is passed over. `wait`: it stays to be seen until they are gone."""
        self._delete(self._batch.delete_namespaced_job, name, "Foreground" if wait else "Background")

    def delete_extras(self, name: str, *, service: bool) -> None:
        """Delete a Job's Secret and Service before it."""
        self._delete(self._core.delete_namespaced_secret, name, "Background")
        if service:
            self._delete(self._core.delete_namespaced_service, name, "Background")

    def log(self, pod: str, container: str) -> Iterator[bytes]:
        """What a pod prints, as it comes, from the beginning to its end. Raises Unavailable when that breaks off."""
        try:
            answer = self._core.read_namespaced_pod_log(
                pod,
                self.namespace,
                container=container,
                follow=True,
                _preload_content=False,
                _request_timeout=(10, 3600),
            )
            try:
                yield from answer.stream(1 << 16)
            finally:
                answer.close()
                answer.release_conn()
        except (self._errors.ApiException, self._http.HTTPError, OSError) as error:
            raise Unavailable(f"The log of pod {pod} broke off: {error}. See it with: kubectl logs {pod}") from error

    def close(self) -> None:
        self._client.close()

    def _delete(self, call: Any, name: str, how: str) -> None:
        try:
            self._asked(call, name, self.namespace, propagation_policy=how)
        except NotFound:
            return

    def _asked(self, call: Any, *words: Any, **more: Any) -> Any:
        try:
            answer = call(*words, _preload_content=False, _request_timeout=_TIMES_S, **more)
            return json.loads(answer.data)
        except self._errors.ApiException as error:
            raise _said(error) from error
        except (self._http.HTTPError, OSError) as error:
            raise Unavailable(f"Kubernetes does not answer: {error}. See: kubectl cluster-info") from error


def _configure(library: Any, configuration: Any, options: KubernetesOptions) -> str:
    """Fill in where the cluster is; gives the namespace that goes with it."""
    config = library.config
    try:
        if not (options.context or options.kubeconfig):
            try:
                config.load_incluster_config(client_configuration=configuration)
                return _NAMESPACE_FILE.read_text().strip() if _NAMESPACE_FILE.exists() else "default"
            except config.ConfigException:
                pass
        file = options.kubeconfig or None
        config.load_kube_config(file, options.context or None, client_configuration=configuration)
        contexts, active = config.list_kube_config_contexts(file)
        chosen = next((one for one in contexts if one["name"] == options.context), active)
        return str(chosen["context"].get("namespace") or "default")
    except config.ConfigException as error:
        said = f"No Kubernetes cluster is configured here: {error}. Name one by kubeconfig = and context = under"
        raise Invalid(f"{said} [executors.kubernetes] in tenfold.toml", field="executor") from error


def _said(error: Any) -> TenfoldError:
    """An answer that refuses, as one of our errors with the API's own words."""
    try:
        status = json.loads(error.body)
        said = str(status.get("message") or error.reason)
    except (TypeError, ValueError):
        said = str(error.reason)
    if error.status == 404:
        return NotFound(f"{said}. See: kubectl get all")
    if error.status == 409:
        return Conflict(f"{said}. See: kubectl get jobs")
    if error.status == 403 and "exceeded quota" in said:
        return Unavailable(f"{said}. See: kubectl describe quota")
    if error.status == 429 or error.status >= 500:
        return Unavailable(f"Kubernetes answers {error.status}: {said}. See: kubectl cluster-info")
    return refused("Kubernetes", said)
