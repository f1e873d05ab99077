"""Parameter types that several routes share."""

from __future__ import annotations

from typing import Annotated

import msgspec

Offset = Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1, description="How many to pass over")]
Limit = Annotated[int, msgspec.Meta(ge=1, le=1000, description="How many to give at most")]
Step = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1, description="A step, inclusive")]
Text = Annotated[str, msgspec.Meta(max_length=4000)]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
Number = Annotated[int, msgspec.Meta(ge=1, le=2**53)]
Id = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]


def next_offset(offset: int, given: int, total: int) -> int | None:
    """The offset that goes on after a page, or None when it was the last."""
    end = offset + given
    return end if given and end < total else None
