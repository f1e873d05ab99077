"""One fit being logged: the run it goes to, and the rule that only the outermost of nested fits is logged.

Nothing here or in the libraries' files may stop a training: what cannot be logged is warned of once.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Literal
from weakref import WeakKeyDictionary, WeakSet

from tenfold.records import Version
from tenfold.tracking import stack
from tenfold.tracking.media import Media
from tenfold.tracking.run import ActiveRun
from tenfold.tracking.warn import WarnOnce

LONGEST_VALUE = 500
"""Characters of a parameter that is neither number nor text."""


@dataclass(frozen=True, slots=True)
class Options:
    """How fits are logged. The functions are given by whoever turns it on.

    `start(name=…, params=…, kind=…, capture=…[, parent=""])` starts a run inside the current one, or inside none; `save_model(run, model, example)` keeps a model, or raises.
    """

    start: Callable[..., ActiveRun]
    save_model: Callable[[ActiveRun, Any, Any], Version] | None = None
    most_rows: int = 10_000
    """Rows of the training data that metrics are computed on and models are checked with."""
    most_trials: int = 100
    """Candidates of a search that become runs, the best."""


options_of: dict[str, Options] = {}
"""Of each library that is on."""

_warn = WarnOnce()
_inside: ContextVar[Fit | Literal["hidden"] | None] = ContextVar("tenfold_autolog", default=None)
_going: set[object] = set()
_own: WeakSet[ActiveRun] = WeakSet()
"""Runs started here, each for one fit."""
_fits: WeakKeyDictionary[ActiveRun, int] = WeakKeyDictionary()
_things: WeakKeyDictionary[ActiveRun, dict[str, int]] = WeakKeyDictionary()


@dataclass(eq=False, slots=True)
class Fit:
    """A fit that goes on. `subject` is the estimator or model whose fit it is, where there is one."""

    framework: str
    subject: Any
    title: str
    run: ActiveRun
    options: Options
    prefix: str = ""

    def params(self, values: Mapping[str, Any]) -> None:
        """Set parameters: flat for the first fit of a run, under the fit's own name for later ones."""
        given = {str(key): short(value) for key, value in values.items()}
        self.run.set_params({self.prefix: given} if self.prefix else given)

    def log(self, metrics: Mapping[str, Any], step: int | None = None) -> None:
        """Log metrics."""
        self.run.log({self.key(name): value for name, value in metrics.items()}, step=step)

    def key(self, name: str) -> str:
        """A metric's or artifact's key in the run."""
        return f"{self.prefix}/{name}" if self.prefix else name

    def keep(self, name: str, make: Callable[[], Media]) -> None:
        """Keep an artifact."""
        self.run._keep(self.key(name), None, make)

    def quietly(self, about: str) -> quietly:
        """A block that may fail: then that is said once, and the training goes on."""
        return quietly(self.framework, f"{about} of {self.title}")


class quietly:  # noqa: N801 - reads as a block
    """A block that may fail: then that is said once for each matter, and the training goes on."""

    def __init__(self, framework: str, about: str) -> None:
        self._framework, self._about = framework, about

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> bool:
        if not isinstance(error, Exception):
            return False
        about = self._about
        _warn(f"{self._framework} {about}", f"autolog did not log {about}: {type(error).__name__}: {error}")
        return True


def current() -> Fit | None:
    """The logged fit that this one is part of, or None."""
    fit = _inside.get()
    return fit if isinstance(fit, Fit) else None


def is_part() -> bool:
    """True inside another fit, also in a thread that joblib runs a part of one in."""
    return _inside.get() is not None or bool(_going and _in_joblib())


@contextmanager
def logged(framework: str, subject: Any, title: str) -> Iterator[Fit | None]:
    """Around a fit. Gives None when it shall not be logged: the library is off, it is part of another fit, or no run
    can be started. Without an active run one is started, and ends with the fit."""
    options = options_of.get(framework)
    if options is None or is_part():
        yield None
        return
    run, own = stack.current(), None
    if run is None or run in _own:  # that of a fit in another thread, which ends it when it likes
        run = None
        with quietly(framework, title):
            run = own = options.start(name="", params={}, kind="training", capture=None, parent="")
            _own.add(own)
    if run is None:
        yield None
        return
    number = _fits[run] = _fits.get(run, 0) + 1
    fit = Fit(framework, subject, title, run, options, f"{title}_{number}" if number > 1 else "")
    with _entered(fit):
        if own is None:
            yield fit
        else:
            with own:
                yield fit


@contextmanager
def hidden() -> Iterator[None]:
    """Around a fit that is not logged and whose inner fits are not either."""
    if is_part():
        yield
        return
    with _entered("hidden"):
        yield


def numbered(run: ActiveRun, title: str) -> str:
    """A key for one more thing of a kind in a run: `optimizer`, then `optimizer_2`."""
    counts = _things.setdefault(run, {})
    number = counts[title] = counts.get(title, 0) + 1
    return f"{title}_{number}" if number > 1 else title


def short(value: Any) -> Any:
    """A parameter as it is shown: numbers, texts and small lists as they are, else what it prints, cut."""
    if isinstance(value, str):
        return value[:LONGEST_VALUE]
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else str(float(value))  # JSON has no nan
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, Mapping) and len(value) <= 50:
        return {str(key): short(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)) and len(value) <= 50:
        return [short(inner) for inner in value]
    if getattr(value, "ndim", None) == 0 and hasattr(value, "item"):
        return short(value.item())
    if isinstance(value, type) or callable(value):
        return getattr(value, "__qualname__", None) or type(value).__name__
    if getattr(value, "shape", None):
        return f"{type(value).__name__} {tuple(value.shape)}"
    text = " ".join(repr(value).split())
    return text if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE - 1] + "…"


@contextmanager
def _entered(fit: Fit | Literal["hidden"]) -> Iterator[None]:
    token, mark = _inside.set(fit), object()
    _going.add(mark)
    try:
        yield
    finally:
        _going.discard(mark)
        _inside.reset(token)


def _in_joblib() -> bool:
    parallel = sys.modules.get("joblib.parallel")
    if parallel is None:
        return False
    backend, _ = parallel.get_active_backend()
    return bool(getattr(backend, "nesting_level", 0))
