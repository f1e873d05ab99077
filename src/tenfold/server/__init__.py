"""The server: API, live events and pages over the stores of one place. It computes nothing that an engine could."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tenfold.server.access import check_listen
    from tenfold.server.app import create_app
    from tenfold.server.listen import run_server, serving
    from tenfold.server.place import Place, place_of, place_of_stores

__all__ = ["Place", "check_listen", "create_app", "place_of", "place_of_stores", "run_server", "serving"]

_HOMES = {
    "Place": "place",
    "place_of": "place",
    "place_of_stores": "place",
    "check_listen": "access",
    "create_app": "app",
    "run_server": "listen",
    "serving": "listen",
}


def __getattr__(name: str) -> Any:
    """Names are loaded at first use, so that the Structs of the wire cost no web server."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
