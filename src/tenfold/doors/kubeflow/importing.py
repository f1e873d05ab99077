"""A compiled KFP pipeline as a pipeline of Tenfold: each task a step, in the same order, under the same conditions."""

from __future__ import annotations

import inspect
from typing import Any

from tenfold.base.errors import Invalid
from tenfold.doors.kubeflow.drawing import Scope, draw
from tenfold.doors.kubeflow.loading import read_ir
from tenfold.doors.kubeflow.recipes import native
from tenfold.pipelines.authoring.definition import Pipeline

_TYPES: dict[str, type] = {
    "NUMBER_INTEGER": int, "NUMBER_DOUBLE": float, "STRING": str, "BOOLEAN": bool, "LIST": list, "STRUCT": dict,
}  # fmt: skip


def pipeline_of(path: str) -> Pipeline[..., Any]:
    """The pipeline in a file of IR YAML, to be run like any other.

    What it gives are the outputs of the pipeline by name; an artifact as a folder with `data` and `artifact.json`.

    Raises:
        NotFound: There is no such file.
        Invalid: It has something that is not supported; names the task and what it is.
    """
    spec = read_ir(path)
    given = spec["root"].get("inputDefinitions", {})
    if artifacts := given.get("artifacts"):
        raise Invalid(
            f"The pipeline takes the artifact {next(iter(artifacts))!r}, which is not supported", field="target"
        )

    def body(**values: Any) -> dict[str, Any]:
        return {key: native(f"output-{key}", one) for key, one in draw(spec, spec["root"], Scope(values)).items()}

    parameters, hints = [], {}
    for name, one in given.get("parameters", {}).items():
        default = one.get("defaultValue", None if one.get("isOptional") else inspect.Parameter.empty)
        kind: Any = _TYPES.get(one["parameterType"], object)
        if kind is int and isinstance(default, float):
            default = int(default)
        hints[name] = kind if default is not None else kind | None
        parameters.append(inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default))
    body.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    body.__annotations__ = hints
    made = Pipeline(body, name=spec["pipelineInfo"]["name"])
    made.build({one.name: [] if one.default is one.empty else one.default for one in parameters})
    return made
