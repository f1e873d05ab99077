"""The pipeline of the golden files of exports: one of each thing that other engines are told."""

from pathlib import Path

import tenfold


@tenfold.step(resources={"cpu": 0.5, "memory": "512MiB"})
def numbers(count: int) -> list[int]:
    return list(range(count))


@tenfold.step(
    retries=2, retry_delay_s=0.5, backoff=3, max_delay_s=20, timeout_s=90, pool="db", pool_slots=2, cache=False
)
def fetch(count: int, tries: str) -> int:
    path = Path(tries)
    done = int(path.read_text()) + 1 if path.exists() else 1
    path.write_text(str(done))
    if done == 1:
        raise ConnectionError("the line is busy")
    return count


@tenfold.step(resources={"gpu": 1}, image="team/gpu:1", environ={"MODE": "fast"})
def square(value: int, power: int) -> int:
    import os

    assert os.environ["MODE"] == "fast"
    return value**power


@tenfold.step(priority=3)
def total(values: list[int]) -> int:
    return sum(values)


@tenfold.step(allow_failures=0.5)
def check(value: int) -> int:
    if value == 1:
        raise ValueError("one is not checked")
    return value


@tenfold.step
def deploy(score: int, parts: list[int]) -> str:
    return f"deployed {score} of {parts}"


@tenfold.step
def alarm(score: int) -> str:
    return f"alarm {score}"


@tenfold.step
def said(text: str) -> str:
    return text.upper()


@tenfold.step
def clean(what: str) -> str:
    return f"cleaned {what}"


def tell(run: tenfold.RunSummary) -> None:
    assert run.says


@tenfold.pipeline(on_success=tell, max_parallel=4, max_active=1)
def nightly(count: int = 3, limit: float = 4.5, day: str = 'it\'s {{ a }} "day" %s\nor two', tries: str = "tries.txt"):
    found = numbers(count)
    score = total(square.map(found, tenfold.fixed(2)))
    steady = fetch(count, tries)
    told = said(tenfold.when(score > limit, lambda: deploy(score, check.map(found)), lambda: alarm(score)))
    tenfold.always(clean, day)
    tenfold.on_failure(said, "it broke")
    return told, steady
