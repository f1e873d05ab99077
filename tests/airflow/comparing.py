"""What differs between two tellings of a DAG's run."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

RUN_ID = re.compile(r"manual__[0-9T:.+-]+")
"""It has the time of the run."""
OWN = {"skipmixin_key"}
"""Keys by which an engine talks to itself."""


def differences(real: dict[str, Any], mine: dict[str, Any]) -> Iterator[str]:
    """A line for each; none when both ended alike, with the same states and XComs."""
    for name, theirs in real["dags"].items():
        ours = mine.get("dags", {}).get(name)
        if ours is None:
            yield f"{name}: {mine}"
            continue
        if theirs["state"] != ours["state"]:
            yield f"{name}: {theirs['state']} there, {ours['state']} here"
        theirs, ours = (json.loads(RUN_ID.sub("manual__", json.dumps(one, default=repr))) for one in (theirs, ours))
        for key in sorted(theirs["states"].keys() | ours["states"].keys()):
            there, here = theirs["states"].get(key), ours["states"].get(key)
            if there != here:
                yield f"{name}.{key}: {there} there, {here} here"
            kept = [
                {
                    one: value
                    for one, value in told["xcoms"].get(key, {}).items()
                    if one not in OWN and value is not None
                }
                for told in (theirs, ours)
            ]
            if kept[0] != kept[1]:
                yield f"{name}.{key}: XComs {kept[0]} there, {kept[1]} here"
