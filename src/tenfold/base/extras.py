"""Optional libraries, imported where they are used, with an error that names what to install."""

from __future__ import annotations

import importlib
from typing import Any

from tenfold.base.errors import MissingExtra


def require(module: str, *, extra: str, why: str) -> Any:
    """The imported module, or MissingExtra naming the extra.

    Args:
        module: Dotted name to import.
        extra: Name of the extra in pyproject.toml that brings it.
        why: What it is needed for, as the end of "… is needed to".
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or module.split(".")[0] != error.name.split(".")[0]:
            raise  # the library is there but broken: its own message says more than ours could
        raise MissingExtra(f"{module} is needed to {why}. Install it with: pip install 'tenfold[{extra}]'") from error
