"""What a task will give, as other tasks take it: `XComArg`, its `.map`, `.zip` and `.concat`, and what `expand` goes over."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tenfold.base.errors import Invalid
from tenfold.doors.airflow.dags.errors import XComNotFound
from tenfold.doors.airflow.dags.nodes import Related

if TYPE_CHECKING:
    from tenfold.doors.airflow.dags.dag import DagParam
    from tenfold.doors.airflow.dags.operators import Task

RETURN_VALUE = "return_value"
NOTHING = object()


class Given(Related):
    """Something known only once tasks have run."""

    def iter_references(self) -> Iterator[Task]:
        """The tasks it comes from."""
        raise NotImplementedError

    def resolve(self, context: Mapping[str, Any]) -> Any:
        """Its value, in a task that runs."""
        raise NotImplementedError

    def map(self, function: Callable[[Any], Any]) -> Given:
        """The function over its items, one by one."""
        return MappedItems(self, function)

    def zip(self, *others: Any, fillvalue: Any = NOTHING) -> Given:
        """Its items side by side with those of others."""
        return Zipped([self, *others], fillvalue)

    def concat(self, *others: Any) -> Given:
        """Its items, then those of others."""
        return Joined([self, *others])

    def tasks_first(self) -> list[Task]:
        return list(self.iter_references())

    tasks_last = tasks_first

    def __iter__(self) -> Iterator[Any]:
        raise TypeError(f"{type(self).__name__!r} object is not iterable")

    def __bool__(self) -> bool:
        return True


class XComArg(Given):
    """What a task returns, or pushes under a key."""

    def __new__(cls, operator: Any = None, key: str = RETURN_VALUE) -> Any:
        return super().__new__(cls)

    def __init__(self, operator: Task, key: str = RETURN_VALUE) -> None:
        self.operator, self.key = operator, key

    def iter_references(self) -> Iterator[Task]:
        yield self.operator

    def __getitem__(self, key: str) -> XComArg:
        if not isinstance(key, str):
            raise ValueError(f"XComArg only supports str lookup, received {type(key).__name__}")
        return XComArg(self.operator, key)

    def resolve(self, context: Mapping[str, Any]) -> Any:
        found = context["ti"].pull(self.operator, self.key, default=NOTHING)
        if found is not NOTHING:
            return found
        if self.key == RETURN_VALUE:
            return None
        raise XComNotFound(f"Task {self.operator.task_id!r} has not pushed {self.key!r}")

    def as_setup(self) -> XComArg:
        self.operator.as_setup()
        return self

    def as_teardown(self, **options: Any) -> XComArg:
        self.operator.as_teardown(**options)
        return self

    def __enter__(self) -> XComArg:
        self.operator.__enter__()
        return self

    def __exit__(self, *said: Any) -> None:
        self.operator.__exit__(*said)

    def __str__(self) -> str:
        return f"{{{{ task_instance.xcom_pull(task_ids='{self.operator.task_id}', dag_id='{self.operator.dag.dag_id}', key='{self.key}') }}}}"


class MappedItems(Given):
    """A function over items, called in the task that takes the item."""

    def __init__(self, source: Given, function: Callable[[Any], Any]) -> None:
        if not callable(function) or hasattr(function, "operator_class"):
            raise TypeError("map() argument must be a plain function, not a @task operator")
        self.source, self.function = source, function

    def iter_references(self) -> Iterator[Task]:
        return self.source.iter_references()

    def resolve(self, context: Mapping[str, Any]) -> Any:
        return Lazy(self.source.resolve(context), self.function)


class Lazy(Sequence[Any]):
    """Items with a function that is called when one is taken."""

    def __init__(self, items: Sequence[Any], function: Callable[[Any], Any]) -> None:
        self._items, self._function = items, function

    def __len__(self) -> int:
        return len(self._items)

    def __getitem__(self, index: Any) -> Any:
        return self._function(self._items[index])


class Zipped(Given):
    """Items side by side."""

    def __init__(self, sources: list[Any], fill: Any) -> None:
        self.sources, self.fill = sources, fill

    def iter_references(self) -> Iterator[Task]:
        for one in self.sources:
            yield from references_in(one)

    def resolve(self, context: Mapping[str, Any]) -> Any:
        items = [resolved(one, context) for one in self.sources]
        if self.fill is NOTHING:
            return list(zip(*items, strict=False))
        return list(itertools.zip_longest(*items, fillvalue=self.fill))


class Joined(Given):
    """Items of several, one after the other."""

    def __init__(self, sources: list[Any]) -> None:
        self.sources = sources

    def iter_references(self) -> Iterator[Task]:
        for one in self.sources:
            yield from references_in(one)

    def resolve(self, context: Mapping[str, Any]) -> Any:
        return [item for one in self.sources for item in resolved(one, context)]


class ItemArgument(Given):
    """An argument of a task group that expands: in each of its tasks, the item of their round."""

    def __init__(self, expansion: ExpandInput, name: str) -> None:
        self.expansion, self.name = expansion, name

    def iter_references(self) -> Iterator[Task]:
        return iter(self.expansion.references())

    def resolve(self, context: Mapping[str, Any]) -> Any:
        return self.expansion.item(context, context["ti"].map_index).get(self.name)


class ExpandInput:
    """What is expanded over: lists by argument, each with each; or a list of dicts."""

    def __init__(self, lists: dict[str, Any] | None, dicts: Any) -> None:
        self.lists, self.dicts = lists, dicts

    @classmethod
    def by_keys(cls, lists: dict[str, Any]) -> ExpandInput:
        """Raises Invalid for what no task can be expanded over."""
        if not lists:
            raise Invalid("expand() takes one argument at least. Name what to go over")
        for name, one in lists.items():
            if not isinstance(one, (Given, list, tuple, dict, set)):
                raise ValueError(
                    f"expand() got an unexpected type {type(one).__name__!r} for keyword argument {name!r}"
                )
        return cls(lists, None)

    @classmethod
    def by_dicts(cls, dicts: Any) -> ExpandInput:
        if not isinstance(dicts, (Given, list, tuple)):
            raise TypeError(f"expected XComArg or list[dict], not {type(dicts).__name__}")
        return cls(None, dicts)

    def references(self) -> list[Task]:
        """The tasks it needs values of."""
        given = list(self.lists.values()) if self.lists is not None else [self.dicts]
        return list(dict.fromkeys(task for one in given for task in references_in(one)))

    def length(self, context: Mapping[str, Any]) -> int:
        """How many items there are."""
        if self.lists is None:
            return len(_items(resolved(self.dicts, context)))
        count = 1
        for one in self.lists.values():
            count *= len(_items(_whole(one, context)))
        return count

    def item(self, context: Mapping[str, Any], index: int) -> dict[str, Any]:
        """The arguments of one item; of several lists the last one's changes fastest."""
        if self.lists is None:
            found = _items(resolved(self.dicts, context))[index]
            return dict(resolved(found, context))
        made: dict[str, Any] = {}
        for name, one in reversed(self.lists.items()):
            items = _items(_whole(one, context))
            index, place = divmod(index, len(items))
            made[name] = resolved(items[place], context)
        return dict(reversed(made.items()))


def _whole(given: Any, context: Mapping[str, Any]) -> Any:
    """A list to expand over: handles in it are left for the item that takes them."""
    return given.resolve(context) if isinstance(given, Given) else given


def _items(given: Any) -> Sequence[Any]:
    if isinstance(given, Mapping):
        return list(given.items())
    if given is None or isinstance(given, (str, bytes)) or not hasattr(given, "__len__"):
        raise Invalid(f"expand() goes over a list or dict, not {type(given).__name__}. Have the task return one")
    return given if isinstance(given, Sequence) else list(given)


def references_in(value: Any) -> Iterator[Task]:
    """The tasks whose values are somewhere in this one."""
    if isinstance(value, Given):
        yield from value.iter_references()
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from references_in(one)
    elif isinstance(value, (list, tuple, set, frozenset)):
        for one in value:
            yield from references_in(one)


def resolved(value: Any, context: Mapping[str, Any]) -> Any:
    """A value with all that was only promised in it."""
    from tenfold.doors.airflow.dags.dag import DagParam as Declared

    if isinstance(value, (Given, Declared)):
        return value.resolve(context)
    if isinstance(value, dict):
        return {key: resolved(one, context) for key, one in value.items()}
    if type(value) in (list, tuple, set):
        return type(value)(resolved(one, context) for one in value)
    return value


if TYPE_CHECKING:
    _ = DagParam
