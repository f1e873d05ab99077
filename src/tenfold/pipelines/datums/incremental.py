"""`@incremental`: a function, or a program, that is run for each datum of its inputs that is new or changed."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypedDict, Unpack, overload

import msgspec

from tenfold.base.addresses import Address, check_ref, parse
from tenfold.base.errors import Invalid
from tenfold.base.hashing import json_digest
from tenfold.pipelines.authoring.building import Graph, building, new_graph
from tenfold.pipelines.authoring.definition import Pipeline
from tenfold.pipelines.authoring.steps import Step
from tenfold.pipelines.caching.code import code_digest
from tenfold.pipelines.caching.keys import environment
from tenfold.pipelines.datums.definition import Definition
from tenfold.pipelines.datums.egress import check_egress
from tenfold.pipelines.datums.functions import check_function
from tenfold.pipelines.datums.inputs import Input, checked, leaves
from tenfold.pipelines.datums.merging import merge_datums
from tenfold.pipelines.datums.planning import match_datums
from tenfold.pipelines.datums.program import Program
from tenfold.pipelines.datums.running import PerDatum, run_program
from tenfold.pipelines.values.skeleton import module_name


class Incremental(Pipeline[..., Any]):
    """A pipeline over datums. Its params are its inputs' addresses, so a run can be given other versions.

    A run's places are `match`, one of its own name mapped over batches, and `merge`.
    """

    def __init__(self, definition: Definition, function: Callable[..., Any] | None, packages: Sequence[str]) -> None:
        self.given, self.packages = definition, tuple(packages)
        secrets, resources = definition.secrets, definition.resources
        if function is not None:
            check_function(function, definition.input)
            self.datum_step: Step[..., Any] = PerDatum(
                function, name=definition.name, cache=False, packages=packages, secrets=secrets, resources=resources
            )
        else:
            program = run_program
            self.datum_step = Step(
                program.function, name=program.name, cache=False, secrets=secrets, resources=resources
            )
        super().__init__(self.datum_step.function, name=definition.name)
        self.__signature__ = self.signature = _signature_of(definition.input)
        self.hints = dict.fromkeys(self.signature.parameters, str)  # addresses; the function's own are of a datum

    @property
    def reads(self) -> list[str]:
        """Addresses of the branches it reads."""
        return list(dict.fromkeys(one.address for one in leaves(self.given.input)))

    @property
    def writes(self) -> str:
        """Address of the branch its output goes to."""
        return str(Address("data", self.given.into, ref=self.given.branch))

    @property
    def as_data(self) -> dict[str, Any] | None:
        """All of it as plain data when it is a program; None when a function of a file belongs to it."""
        return msgspec.to_builtins(self.given) if self.given.program is not None else None

    def definition(self) -> Definition:
        """The definition with the salt that its code, program and environment make, unless a salt was given."""
        if self.given.salt:
            return self.given
        if self.given.program is not None:
            return msgspec.structs.replace(self.given, salt=json_digest(msgspec.to_builtins(self.given.program)))
        salt = json_digest([code_digest(self.datum_step), environment(self.packages)])
        return msgspec.structs.replace(self.given, salt=salt)

    def build(self, params: dict[str, Any]) -> Graph:
        merge = Step(merge_datums.function, name=merge_datums.name, cache=False, secrets=self.given.secrets)
        named = [module_name(self.datum_step.function.__module__), self.datum_step.function.__qualname__]
        with new_graph() as graph:
            batches, plan = match_datums(msgspec.to_builtins(self.definition()), list(params.values()))
            graph.returned = merge(plan, self.datum_step.map(batches), named)
        return graph

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if building() is not None:
            raise Invalid(
                f"{self.name!r} runs by itself and is no step of another pipeline. Let it follow its inputs: "
                f"tenfold.schedule({self.name!r}, {self.name})"
            )
        return super().__call__(*args, **kwargs)

    def __repr__(self) -> str:
        return f"<incremental pipeline {self.name}>"


def _signature_of(given: Input) -> inspect.Signature:
    parameters: dict[str, inspect.Parameter] = {}
    for one in leaves(given):
        name = re.sub(r"\W|^(?=\d)", "_", one.name)
        while name in parameters:
            name += "_"
        parameters[name] = inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD, default=one.address)
    return inspect.Signature(list(parameters.values()))


class Options(TypedDict, total=False):
    """The options of `incremental`."""

    into: str | None
    name: str | None
    retries: int
    retry_delay_s: float
    timeout_s: float | None
    job_timeout_s: float | None
    packages: Sequence[str]
    salt: str
    every_job: bool
    batch: int | None
    egress: str
    secrets: Sequence[str]
    resources: Mapping[str, float | str] | None


@overload
def incremental(over: Input, *, program: Program, **options: Unpack[Options]) -> Incremental: ...
@overload
def incremental(
    over: Input, *, program: None = None, **options: Unpack[Options]
) -> Callable[[Callable[..., Any]], Incremental]: ...
def incremental(
    over: Input,
    *,
    into: str | None = None,
    program: Program | None = None,
    name: str | None = None,
    retries: int = 0,
    retry_delay_s: float = 0.0,
    timeout_s: float | None = None,
    job_timeout_s: float | None = None,
    packages: Sequence[str] = (),
    salt: str = "",
    every_job: bool = False,
    batch: int | None = None,
    egress: str = "",
    secrets: Sequence[str] = (),
    resources: Mapping[str, float | str] | None = None,
) -> Any:
    """Make an incremental pipeline: a decorator for a function, or the pipeline itself when a program is given.

    The function gets a parameter for each input (by its name; a single one by any name): a path of a file or folder, a
    list of them below `group`, `LazyFiles` for a lazy input; and `out`, a folder for what it gives. A parameter `datum`
    gets the paths and keys. What all datums gave is the output: a new version when anything of it changed.

    Args:
        over: `files(…)`, or such combined with cross, union, join, group.
        into: The dataset that takes the output, with a branch or without: 'thumbs', 'data:thumbs@main'; the name when not given.
        name: The function's name when not given.
        retries: How often a datum that failed is tried again at once.
        timeout_s: Of one try of one datum.
        job_timeout_s: Of a run.
        packages: Distributions whose versions count as its environment.
        salt: Given, results stay when the code changes, and another salt runs all datums again.
        every_job: Run all datums in each run.
        batch: Datums that a worker takes at once.
        egress: A folder or s3://bucket/prefix that takes a copy of each new output.
        secrets: Names of secrets that it is given as variables, see docs/secrets.md.
        resources: What a batch asks of an engine, as with `step`.

    Raises:
        Invalid: Inputs and parameters do not fit, or neither a name nor a function was given.
    """
    if retries < 0 or (batch is not None and batch < 1) or (timeout_s is not None and timeout_s <= 0):
        raise Invalid("retries is 0 or more, batch 1 or more, timeout_s more than 0", field="retries")

    def make(function: Callable[..., Any] | None) -> Incremental:
        called = name or (function.__name__ if function is not None else "")
        if not called:
            raise Invalid("A program needs a name: incremental(files(…), program=…, name='thumbs')", field="name")
        output = parse(into or called, default_kind="data")
        if output.kind != "data" or output.number is not None or output.path is not None:
            raise Invalid(f"{into} is no branch of a dataset. Name one like data:thumbs@main", field="into")
        definition = Definition(
            name=called, into=output.name, branch=check_ref(output.ref or "main"), input=checked(over), salt=salt,
            program=program, retries=retries, retry_delay_s=retry_delay_s, timeout_s=timeout_s,
            job_timeout_s=job_timeout_s, every_job=every_job, batch=batch, egress=check_egress(egress),
            secrets=sorted({*secrets, *(program.secrets.values() if program is not None else ())}),
            resources=dict(resources or {}),
        )  # fmt: skip
        return Incremental(definition, function, packages)

    return make if program is None else make(None)


def from_definition(data: dict[str, Any]) -> Incremental:
    """The pipeline that `Incremental.as_data` gave. Raises Invalid when it cannot be read."""
    try:
        return Incremental(msgspec.convert(data, Definition), None, ())
    except msgspec.ValidationError as error:
        raise Invalid(f"The incremental pipeline cannot be read: {error}") from error
