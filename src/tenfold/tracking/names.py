"""Names for runs that were given none: two words and a number, easy to say and to tell apart."""

from __future__ import annotations

from tenfold.base import ids

_FIRST = (
    "amber bold brisk calm clear coral crisp dapper eager early fair fond gentle glad golden grand "
    "green happy keen kind light lively lucky mellow merry misty neat noble proud quick quiet swift"
)
_SECOND = (
    "aspen badger beech birch brook cedar crane delta dune elm falcon fern finch fjord grove heron "
    "island juniper kestrel lake linden maple marten meadow otter pine raven ridge river sparrow tern willow"
)


def name_of(run_id: str) -> str:
    """The name a run's id gives, always the same."""
    number = 0
    for char in run_id[10:]:
        number = (number * 31 + ord(char)) % 1_000_003
    return f"{_FIRST.split()[number % 32]}-{_SECOND.split()[number // 32 % 32]}-{ids.time_ms(run_id) // 1000 % 100:02d}"
