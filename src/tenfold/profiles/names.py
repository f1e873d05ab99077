"""Names of columns: each one once."""

from __future__ import annotations

from collections.abc import Iterable

from tenfold.base.errors import Invalid


def refuse_doubles(names: Iterable[str], advice: str, *, field: str | None = None) -> None:
    """Raise Invalid, with what to do, when two columns have the same name: which one is meant could not be said."""
    seen: set[str] = set()
    if twice := sorted({name for name in names if name in seen or seen.add(name)}):  # type: ignore[func-returns-value]
        raise Invalid(f"Two columns have the same name: {twice[0]!r}. {advice}", field=field)
