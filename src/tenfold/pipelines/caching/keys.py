"""The cache key of a step: its code, inputs, params and environment; and the outputs made under that key before."""

from __future__ import annotations

import functools
import importlib.metadata
import sys

import msgspec

from tenfold.base.hashing import digest, json_digest
from tenfold.contracts import Stores
from tenfold.pipelines.authoring.options import Options
from tenfold.pipelines.authoring.templates import Template, content_digest, dependencies, exact_versions
from tenfold.pipelines.environments import declared
from tenfold.pipelines.values import Value, value_of
from tenfold.pipelines.values.keeping import VALUE_FILE
from tenfold.pipelines.work import Spec
from tenfold.records import Ref, Version


class KeyParts(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a key is made of, each as a short digest by name: to say later which of them changed."""

    code: str
    environment: dict[str, str] = {}
    inputs: dict[str, str] = {}
    params: dict[str, str] = {}

    @property
    def key(self) -> str:
        """32 hex characters."""
        return json_digest([self.code, self.environment, self.inputs, self.params])[:32]


class Found(msgspec.Struct, frozen=True):
    """One output: the version that holds it and its value."""

    version_id: str
    value: Value


def key_parts(spec: Spec, filled: dict[str, Template]) -> KeyParts:
    """The parts of a step's key. An argument that came from another step or an address is an input, else a param."""
    inputs = {
        name: content_digest(value)
        for name, value in filled.items()
        if any(True for _ in dependencies(spec.arguments[name])) or any(True for _ in exact_versions(value))
    }
    params = {name: content_digest(value) for name, value in filled.items() if name not in inputs}
    code = f"version {spec.cache_version}" if spec.cache_version else spec.code[:32]
    return KeyParts(code=f"{code}/{','.join(spec.outputs)}", environment=spec.environment, inputs=inputs, params=params)


def environment(packages: tuple[str, ...], options: Options | None = None) -> dict[str, str]:
    """What counts as a step's environment: Python's minor version, the versions of declared packages ('' for one that is
    not installed), and what its options declare."""
    found = {"python": f"{sys.version_info.major}.{sys.version_info.minor}"}
    found |= {name: _installed(name) for name in packages}
    if options is None:
        return found
    found |= declared(options.env) if options.env is not None else {}
    found |= {f"${name}": value for name, value in options.environ.items()}
    found |= {"cwd": options.cwd} if options.cwd else {}
    return found | ({"image": options.image} if options.image else {})


@functools.lru_cache(512)
def _installed(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return ""


def cache_ref(key: str) -> str:
    """The ref that names the output made under a key."""
    return f"key-{key}"


def output_name(spec: Spec, output: str) -> str:
    """The artifact a step's output is a version of."""
    return f"{spec.pipeline}.{spec.step}.{output}"


def find_cached(stores: Stores, spec: Spec, key: str) -> tuple[dict[str, Found], Version] | None:
    """The outputs made under a key by a step of any pipeline, when all of them are stored and every byte of them is what
    it was; and the first one's version. This step's own come first, then the newest."""
    own = output_name(spec, "")
    made: dict[str, dict[str, Ref]] = {}
    for ref in stores.refs.named("output", cache_ref(key)):
        for output in spec.outputs:
            if ref.name.endswith(f".{output}"):
                made.setdefault(ref.name.removesuffix(output), {})[output] = ref
    whole = [(step, by) for step, by in made.items() if by.keys() >= set(spec.outputs)]
    whole.sort(key=lambda one: (one[0] != own, -max(ref.moved_at_ms for ref in one[1].values())))
    for _, by in whole:
        versions = stores.versions.get([by[output].version_id for output in spec.outputs])
        if all(version.deleted_at_ms is None and is_whole(stores, version) for version in versions):
            found = zip(spec.outputs, versions, strict=True)
            return {name: Found(v.id, value_of(v, lambda: stores.blobs)) for name, v in found}, versions[0]
    return None


def is_whole(stores: Stores, version: Version) -> bool:
    """True when every byte of an output is stored and matches its hash."""
    if version.inline is not None:
        return digest(version.inline) == version.digest
    if version.is_purged or not stores.blobs.sound([version.digest]):
        return False
    if "value" not in version.metadata:
        return True
    entry = stores.blobs.find_entry(version.digest, VALUE_FILE)
    return entry is not None and entry.digest == digest(msgspec.json.encode(version.metadata["value"]))
