"""`@pipeline`: a function whose body composes steps. Calling it is plain Python; `run` runs it step by step."""

from __future__ import annotations

import copy
import functools
import inspect
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Generic, ParamSpec, TypeVar, overload

from tenfold.base.addresses import check_name
from tenfold.base.errors import Invalid
from tenfold.pipelines.authoring.building import Graph, building, new_graph
from tenfold.pipelines.authoring.executor_names import check_executor
from tenfold.pipelines.authoring.hooks import add_hooks
from tenfold.pipelines.authoring.params import hints_of, json_schema, typed
from tenfold.pipelines.driving.progress import OnEvent
from tenfold.pipelines.host import Host, current_host

if TYPE_CHECKING:
    from tenfold.pipelines.runs import PipelineRun

P = ParamSpec("P")
R = TypeVar("R")


class Pipeline(Generic[P, R]):
    """A function that composes steps, and how its runs are hosted."""

    def __init__(
        self,
        function: Callable[P, R],
        *,
        name: str | None = None,
        on_success: Callable[..., Any] | None = None,
        on_failure: Callable[..., Any] | None = None,
        max_parallel: int | None = None,
        max_active: int | None = None,
        notify: str | Sequence[str] = (),
    ) -> None:
        functools.update_wrapper(self, function)
        self.function = function
        self.name = check_name(name or function.__name__, what="pipeline name")
        self.hooks = {"on_success": on_success, "on_failure": on_failure}
        for what, hook in self.hooks.items():
            if hook is not None and (not callable(hook) or "<lambda>" in getattr(hook, "__qualname__", "")):
                raise Invalid(
                    f"Pipeline {self.name!r}: {what} is a function with a name, at the top of a module, not {hook!r}",
                    field=what,
                )
        for what, most in (("max_parallel", max_parallel), ("max_active", max_active)):
            if most is not None and most < 1:
                raise Invalid(f"Pipeline {self.name!r}: {what} is 1 or more, not {most}", field=what)
        self.max_parallel, self.max_active = max_parallel, max_active
        self.notify = (notify,) if isinstance(notify, str) else tuple(notify)
        self.host: Host | None = None
        self.executor: str | None = None
        self.on_event: OnEvent | None = None
        self.raises = True

    @functools.cached_property
    def signature(self) -> inspect.Signature:
        return inspect.signature(self.function)

    def with_options(
        self,
        *,
        host: Host | None = None,
        executor: str | None = None,
        on_event: OnEvent | None = None,
        raises: bool | None = None,
    ) -> Pipeline[P, R]:
        """The same pipeline, run otherwise.

        Args:
            host: Stores to run with; those of the workspace when not given.
            executor: 'local' (warm processes), 'inline' (this process) or an engine, see docs/executors.md. Steps that
                name their own run there, except with 'inline'. Not given: the setting `executor`, else local where
                the steps can be imported by another process and the stores opened by it, else inline.
            on_event: Called with each `Progress`, in the thread that runs the pipeline.
            raises: False gives back a run that failed instead of raising StepFailed.
        """
        if executor is not None:
            check_executor(executor)
        changed = copy.copy(self)
        changed.host, changed.executor = host or self.host, executor or self.executor
        changed.on_event = on_event or self.on_event
        changed.raises = self.raises if raises is None else raises
        return changed

    def run(self, *args: P.args, **kwargs: P.kwargs) -> PipelineRun:
        """Run it to its end, with all state in the store.

        Finished steps whose code, inputs, params and environment are the same are taken from the cache. Ctrl-C stops
        the running steps with everything they started, and the run is 'killed'; `resume` goes on with it.

        Raises:
            StepFailed: A step failed for good; the others that could run have run.
            Invalid: A param that does not exist, or a value that cannot be kept.
        """
        from tenfold.pipelines.control import run_pipeline

        return run_pipeline(self, self.bind(args, kwargs))

    @functools.cached_property
    def hints(self) -> dict[str, Any]:
        """The annotations that its params are checked by."""
        return hints_of(self.function)

    @property
    def schema(self) -> dict[str, Any]:
        """JSON schema of its params."""
        return json_schema(self.signature, self.hints)

    def bind(self, args: tuple[Any, ...], kwargs: dict[str, Any], *, lax: bool = False) -> dict[str, Any]:
        """Params by name, as their annotations want them, defaults filled in.

        Args:
            lax: The values were typed or come from a file: "5" is a number where one is wanted.

        Raises:
            Invalid: A param that there is not or that is missing, or a value that does not fit; it says what would.
        """
        given = self.bind_names(args, kwargs)
        made: dict[str, Any] = typed(f"Pipeline {self.name!r}", self.signature, self.hints, given, lax=lax)
        return made

    def bind_names(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
        """The same without a look at the values: some may not be known yet."""
        try:
            bound = self.signature.bind(*args, **kwargs)
        except TypeError as error:
            takes = ", ".join(self.signature.parameters) or "none"
            raise Invalid(f"Pipeline {self.name!r}: {error}. Its params: {takes}", field="params") from None
        bound.apply_defaults()
        return dict(bound.arguments)

    def build(self, params: dict[str, Any]) -> Graph:
        """The graph for these params; nothing runs."""
        with new_graph() as graph:
            bound = inspect.BoundArguments(self.signature, params)
            graph.returned = self(*bound.args, **bound.kwargs)
        return graph

    def effective_host(self) -> Host:
        """The host given, or the workspace's."""
        return self.host or current_host()

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """The body as plain Python: steps are plain calls. Inside another pipeline's body its steps join that graph."""
        graph = building()
        if graph is None:
            return self.function(*args, **kwargs)
        outer, graph.start = graph.start, len(graph.nodes)
        try:
            given = self.function(*args, **kwargs)
            add_hooks(graph, self.hooks, graph.nodes[graph.start :])
        finally:
            graph.start = outer
        return given

    def __repr__(self) -> str:
        return f"<pipeline {self.name}>"


@overload
def pipeline(function: Callable[P, R]) -> Pipeline[P, R]: ...
@overload
def pipeline(
    *,
    name: str | None = None,
    on_success: Callable[..., Any] | None = None,
    on_failure: Callable[..., Any] | None = None,
    max_parallel: int | None = None,
    max_active: int | None = None,
    notify: str | Sequence[str] = (),
) -> Callable[[Callable[P, R]], Pipeline[P, R]]: ...
def pipeline(function: Any = None, **options: Any) -> Any:
    """Mark a function as a pipeline. Its parameters, with their defaults, are the pipeline's params.

    Args:
        on_success: A function, or step, that runs when all steps have ended well. It is given a `RunSummary`, when it
            takes something. It runs as a step of its own, with its own log; how it ends does not count for the run.
        on_failure: The same, when a step has failed. Neither runs when the run is cancelled.
        max_parallel: Steps of one run at a time.
        max_active: Runs of it at a time, whoever started them, in all processes that share the store; others wait.
        notify: Names of notifiers that are told of its runs, see docs/notifications.md.
    """
    return Pipeline(function, **options) if function is not None else lambda target: Pipeline(target, **options)
