"""`@step`: a plain function that, called inside a pipeline's body, becomes a node of the graph."""

from __future__ import annotations

import copy
import functools
import inspect
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Generic, ParamSpec, TypeVar, Unpack, cast, overload

from tenfold.base.addresses import check_name
from tenfold.base.errors import Invalid
from tenfold.pipelines.authoring.building import Fixed, Handle, Node, building, nodes_in
from tenfold.pipelines.authoring.options import ONLY_OUTPUT, StepOptions, options_of

P = ParamSpec("P")
R = TypeVar("R")


class Parts(tuple[Any, ...]):
    """The values of a step with several outputs: unpacks like a tuple, and takes their names: `parts["train"]`."""

    names: tuple[str, ...]

    @classmethod
    def of(cls, names: Sequence[str], values: Sequence[Any]) -> Parts:
        made = cls(values)
        made.names = tuple(names)
        return made

    def __getitem__(self, key: Any) -> Any:
        return super().__getitem__(self.names.index(key) if isinstance(key, str) else key)


class PartsList(list[Parts]):
    """What mapping a step with several outputs gives: a list, and `results["train"]` is the list of that output."""

    def __getitem__(self, key: Any) -> Any:
        return [parts[key] for parts in self] if isinstance(key, str) else super().__getitem__(key)


class Step(Generic[P, R]):
    """A function and how it is to be run. Outside a pipeline's body, calling it calls the function."""

    def __init__(
        self,
        function: Callable[P, R],
        *,
        name: str | None = None,
        outputs: Sequence[str] = (ONLY_OUTPUT,),
        **options: Unpack[StepOptions],
    ) -> None:
        functools.update_wrapper(self, function)
        self.function = function
        self.imported = file_stamp(function)
        """The source file's time and size when it was imported; None without a file."""
        self.name = check_name(name or function.__name__.lstrip("_"), what="step name")
        self.outputs = tuple(outputs)
        self.waits_for: tuple[Node, ...] = ()
        self.packages = tuple(options.get("packages", ()))
        self.options = options_of(options, what=f"Step {self.name!r}")
        if not self.outputs or len(set(self.outputs)) != len(self.outputs):
            raise Invalid(f"Step {self.name!r} needs outputs with different names, not {self.outputs}", field="outputs")
        for output in self.outputs:
            check_name(output, what=f"output of step {self.name!r}")

    @property
    def program(self) -> dict[str, Any]:
        """What runs in place of the function, as its task says it; empty for a function."""
        return {}

    @functools.cached_property
    def signature(self) -> inspect.Signature:
        return inspect.signature(self.function)

    def bind(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
        """Arguments by parameter, defaults filled in. Raises TypeError, as the call itself would."""
        bound = self.signature.bind(*args, **kwargs)
        bound.apply_defaults()
        return dict(bound.arguments)

    def call(self, arguments: dict[str, Any]) -> Any:
        """Call the function with what `bind` gave."""
        bound = inspect.BoundArguments(self.signature, arguments)
        return self.function(*bound.args, **bound.kwargs)

    def split_outputs(self, value: Any) -> list[Any]:
        """A returned value as one value an output.

        Raises:
            Invalid: The step declares several outputs and gave something else.
        """
        if len(self.outputs) == 1:
            return [value]
        if isinstance(value, dict) and set(value) == set(self.outputs):
            return [value[name] for name in self.outputs]
        if isinstance(value, (tuple, list)) and len(value) == len(self.outputs):
            return list(value)
        raise Invalid(
            f"Step {self.name!r} declares outputs {', '.join(self.outputs)} but returned {type(value).__name__}. "
            f"Return a tuple of {len(self.outputs)} values, or a dict with these keys"
        )

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        graph = building()
        if graph is not None:
            return cast("R", graph.add(self, self.bind(args, kwargs), after=self.waits_for))
        value = self.function(*args, **kwargs)
        return cast("R", self._named(value)) if len(self.outputs) > 1 else value

    def after(self, *others: Any) -> Step[P, R]:
        """This step, begun only once others have ended well, whose values it does not take: `load.after(made)(x)`.

        In plain Python the others have run already, so this is the step as it is.
        """
        changed = copy.copy(self)
        changed.waits_for = (*self.waits_for, *nodes_in(others))
        return changed

    def map(self, *args: Any, **kwargs: Any) -> Any:
        """Run the step once for each item of its list arguments, taken together in order.

        A list, tuple, range or handle is mapped over; anything else, and what `fixed(…)` wraps, goes to every call as
        it is. All mapped arguments have the same length, which may be zero and may be known only at run time. Gives
        a handle of the list of results, in order.
        """
        arguments = self.bind(args, kwargs)
        given = set(self.signature.bind(*args, **kwargs).arguments)
        mapped = [name for name, value in arguments.items() if name in given and is_mapped(value)]
        if not mapped:
            raise Invalid(f"{self.name}.map(…) needs at least one list or handle to map over")
        graph = building()
        if graph is not None:
            return graph.add(self, arguments, mapped=mapped, after=self.waits_for)
        plain = {name: value.value if isinstance(value, Fixed) else value for name, value in arguments.items()}
        length = same_length(self.name, {name: len(plain[name]) for name in mapped})
        calls = ({**plain, **{name: plain[name][index] for name in mapped}} for index in range(length))
        values = [self.call(call) for call in calls]
        return PartsList(self._named(value) for value in values) if len(self.outputs) > 1 else values

    def _named(self, value: Any) -> Parts:
        return Parts.of(self.outputs, self.split_outputs(value))

    def __repr__(self) -> str:
        return f"<step {self.name}>"

    def __iter__(self) -> Iterator[Any]:
        raise TypeError(f"step {self.name!r} was not called. Write {self.name}(…)")


def file_stamp(function: Callable[..., Any]) -> tuple[int, int] | None:
    """Modification time (ns) and size of the file a function is defined in, or None when there is none."""
    code = getattr(function, "__code__", None)
    try:
        found = Path(code.co_filename).stat() if code is not None else None
    except OSError:
        return None
    return None if found is None else (found.st_mtime_ns, found.st_size)


def is_mapped(value: Any) -> bool:
    """True for what `.map` goes through item by item."""
    return isinstance(value, (list, tuple, range, Handle))


def same_length(step: str, lengths: dict[str, int]) -> int:
    """The common length of mapped arguments; Invalid naming them when they differ."""
    if len(set(lengths.values())) > 1:
        said = ", ".join(f"{name} has {length}" for name, length in lengths.items())
        raise Invalid(f"{step}.map(…) takes lists of the same length: {said}. Wrap what is not mapped in fixed(…)")
    return next(iter(lengths.values()))


def fixed(value: Any) -> Any:
    """Mark an argument of `.map` that goes to every call whole, though it is a list or a handle."""
    return Fixed(value)


@overload
def step(function: Callable[P, R]) -> Step[P, R]: ...
@overload
def step(
    *, name: str | None = None, outputs: Sequence[str] = (ONLY_OUTPUT,), **options: Unpack[StepOptions]
) -> Callable[[Callable[P, R]], Step[P, R]]: ...
def step(function: Any = None, **options: Any) -> Any:
    """Mark a function as a step of pipelines.

    Args:
        name: Shown in graphs and in the names of its outputs; the function's name when not given.
        outputs: Names of what it returns, when that is several values: a tuple in this order, or a dict.
        retries: How often to try again after a failure.
        retry_delay_s: The first wait; each one after it is `backoff` times as long, up to `max_delay_s`. With `jitter`
            a wait is between half and all of that, told by the attempt's id.
        retry_on: Only errors of these classes are tried again, those in `retry_unless` never: ConnectionError, or names
            like "requests.exceptions.Timeout". A timeout is a TimeoutError; a process that died is always tried again.
        timeout_s: Kill it, with every process it started, after this long.
        cache: Take outputs made before from the same code, inputs, params and environment. The text of a version
            ("2024-06") counts in place of the code: only another text makes the code count as changed.
        packages: Distributions whose versions count as its environment, besides Python's minor version.
        env: Packages of its own, {"packages": ["polars==1.2"], "python": "3.11"}: it runs in a virtual environment with
            these, made with uv once. Modules that its file imports at the top must be there too.
        image: Container image to run it in, on the executors docker and kubernetes.
        environ: Variables it is given. They count for the cache.
        cwd: Working folder; where the pipeline was started when not given.
        secrets: Names of secrets it is given as variables. See docs/secrets.md.
        allow_pickle: Keep values of types without a codec by pickle, and take such values as arguments: loading them
            runs code of whoever could write to the store.
        allow_failures: Of the items of its `.map`, how many may fail (True: any number; below 1: a share): the steps
            that take the list get None in their places.
        executor: Where it runs, when not where the pipeline's other steps do: see docs/executors.md.
        resources: What it asks of an engine: {"cpu": 2, "memory": "4GiB", "gpu": 1}. Warm processes hold it to the memory.
        resources_growth: Multiplies memory and cpu with each attempt that failed: 2.0, or factors by attempt [1, 2, 8],
            or {"memory": 2.0}.
        nodes: Machines that run it together, one process each, told apart by RANK and WORLD_SIZE as torch.distributed
            wants them; what rank 0 returns is its value. See docs/executors.md.
        pool: Runs only while the pool of this name has a free slot.
        priority: Ready steps with more of it start first.
    """
    return Step(function) if function is not None else lambda target: Step(target, **options)
