"""Pinned addresses: what a process shall find under an address, whatever it names now.

A run that is done again must get the data it had then, also where its script asks for `data:flights@main`. Who starts
that process names the versions in TENFOLD_PINS; its own children inherit them.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from functools import cache

from tenfold.base.addresses import Address

VARIABLE = "TENFOLD_PINS"


def pins_variable(pins: Mapping[str, str]) -> str:
    """The value of TENFOLD_PINS for {address without a number: version id}."""
    return json.dumps(dict(pins), sort_keys=True)


def pinned(wanted: Address) -> str | None:
    """The id of the version this process is to find under an address, None when it is not pinned.

    An address with a number means the same for ever; `data:x@*` pins every other ref of x.
    """
    pins = _pins(os.environ.get(VARIABLE, ""))
    if not pins or wanted.number is not None:
        return None
    name = f"{wanted.kind}:{wanted.name}"
    return pins.get(f"{name}@{wanted.ref}" if wanted.ref else name) or pins.get(f"{name}@*")


@cache
def _pins(text: str) -> dict[str, str]:
    return dict(json.loads(text)) if text else {}
