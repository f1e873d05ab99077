# ruff: noqa: SIM115, B006, E712, UP006, UP035, UP045 - as KFP users write
# mypy: ignore-errors
"""Pipelines as KFP's users write them; `python kfp_samples.py FOLDER` compiles each, in an environment that has kfp."""

import sys
from collections import namedtuple
from typing import Dict, List, NamedTuple, Optional

from kfp import compiler, dsl
from kfp.dsl import HTML, ClassificationMetrics, Dataset, Input, Markdown, Metrics, Model, Output, OutputPath


def named(a, b, c=None):
    given = {"a": a, "b": b, "c": c} if c is not None else {"a": a, "b": b}
    return namedtuple("O", given)(**given)


@dsl.component
def clean(count: int, rows: Output[Dataset], name: str = "x"):
    open(rows.path, "w").write(name + str(count))
    rows.metadata["n"] = count


@dsl.component
def size(rows: Input[Dataset], m: Output[Metrics]) -> int:
    t = open(rows.path).read()
    m.log_metric("len", len(t))
    return len(t) + int(rows.metadata["n"])


@dsl.component
def items(n: int) -> List[int]:
    return list(range(n))


@dsl.component
def double(x: int) -> int:
    return 2 * x


@dsl.component
def total(xs: List[int]) -> int:
    return int(sum(x for x in xs if x is not None))


@dsl.component
def say(t: str) -> str:
    return t.upper()


@dsl.component
def spelled(xs: list) -> str:
    return repr(xs)


@dsl.component
def told(d: dict) -> str:
    return repr(sorted(d.items()))


@dsl.component
def join(rows: Input[List[Dataset]]) -> str:
    return ",".join(open(one.path).read() for one in rows)


@dsl.component
def content(rows: Input[Dataset]) -> str:
    return open(rows.path).read()


@dsl.component
def either(x: Optional[int] = None, y: str = "a", z: bool = True, w: float = 1.5) -> str:
    return f"{x} {y} {z} {w}"


@dsl.component
def perhaps(rows: Optional[Input[Dataset]] = None) -> str:
    return "none" if rows is None else open(rows.path).read()


@dsl.component
def flip(n: int) -> str:
    return "heads" if n % 2 else "tails"


@dsl.component
def fail(x: int) -> int:
    if x > 1:
        raise ValueError("too much")
    return x


@dsl.component
def ended(file: str, status: dsl.PipelineTaskFinalStatus):
    open(file, "w").write(status.state)


@dsl.component
def both(x: int) -> NamedTuple("Both", [("a", int), ("b", str)]):
    return (x + 1, str(x))


@dsl.component
def train(
    rows: Input[Dataset],
    model: Output[Model],
    scores: Output[ClassificationMetrics],
    page: Output[HTML],
    text: Output[Markdown],
):
    model.metadata["framework"] = "none"
    open(model.path, "w").write("model of " + open(rows.path).read())
    scores.log_confusion_matrix(["a", "b"], [[1, 2], [3, 4]])
    open(page.path, "w").write("<b>x</b>")
    open(text.path, "w").write("# x")


@dsl.component
def describe(model: Input[Model], scores: Input[ClassificationMetrics], page: Input[HTML]) -> str:
    said = [model.metadata["framework"], type(model).__name__, type(page).__name__, str(sorted(scores.metadata))]
    return open(model.path).read() + open(page.path).read() + " ".join(said)


@dsl.component
def write(text: str, out: OutputPath(str)):
    open(out, "w").write(text)


@dsl.component
def nested_rows(n: int) -> List[List[int]]:
    return [list(range(one)) for one in range(n)]


@dsl.component
def write_all(
    n: int,
    i: OutputPath(int),
    b: OutputPath(bool),
    f: OutputPath(float),
    d: OutputPath(dict),
    rows: OutputPath("Dataset"),
):
    texts = {i: str(n), b: "True", f: "2.50", d: f'{{"a": [{n}]}}', rows: "row\n" * n}
    for path, text in texts.items():
        open(path, "w").write(text)


@dsl.component
def shaky(file: str, fails: int) -> int:
    from pathlib import Path

    kept = Path(file)
    tries = int(kept.read_text()) if kept.exists() else 0
    if tries < fails:
        kept.write_text(str(tries + 1))
        raise RuntimeError("not yet")
    kept.unlink(missing_ok=True)
    return tries


@dsl.component(packages_to_install=["six==1.16.0"])
def versions() -> str:
    import six

    return six.__version__


@dsl.pipeline
def plain(count: int = 3, name: str = "ab") -> int:
    return (
        size(rows=clean(count=count, name=name).outputs["rows"])
        .set_retry(2)
        .set_caching_options(False)
        .outputs["Output"]
    )


@dsl.pipeline
def named_outputs(x: int = 4) -> NamedTuple("O", [("a", int), ("b", str), ("c", str)]):
    made = both(x=x)
    return named(double(x=made.outputs["a"]).output, made.outputs["b"], write(text="out").output)


@dsl.pipeline
def texts(who: str = "me", n: int = 2) -> str:
    made = double(x=n)
    return say(t=f"{who} has {made.output} of {n}").output


@dsl.pipeline
def defaults(y: str = "b", w: float = 2) -> NamedTuple("O", [("a", str), ("b", str), ("c", str)]):
    return named(either(x=3, z=False).output, either(y=y, w=w).output, perhaps().output)


@dsl.pipeline
def structures(d: Dict[str, int] = {"a": 1}, xs: list = [1, "b", 2.5, [True]]) -> NamedTuple(
    "O", [("a", str), ("b", str)]
):
    return named(told(d=d).output, spelled(xs=xs).output)


@dsl.pipeline
def inner(n: int) -> int:
    return double(x=double(x=n).output).output


@dsl.pipeline
def nested(n: int = 2) -> int:
    return inner(n=inner(n=n).output).output


@dsl.pipeline
def choose(n: int) -> str:
    with dsl.If(n > 4):
        y = say(t=f"yes {n}")
    with dsl.Elif(n == 3):
        x = say(t="three")
    with dsl.Else():
        z = say(t="no")
    return dsl.OneOf(y.output, x.output, z.output)


@dsl.pipeline
def chosen(n: int = 3, flag: bool = True) -> str:
    with dsl.If(flag == True):
        say(t="flag")
    return say(t=choose(n=double(x=n).output).output).output


@dsl.pipeline
def chosen_artifact(n: int = 1) -> str:
    coin = flip(n=n)
    with dsl.If(coin.output == "heads"):
        a = clean(count=1, name="heads")
    with dsl.Else():
        b = clean(count=2, name="tails")
    return content(rows=dsl.OneOf(a.outputs["rows"], b.outputs["rows"])).output


@dsl.pipeline
def loop_known(xs: List[int] = [5, 6]) -> NamedTuple("O", [("a", int), ("b", int)]):
    with dsl.ParallelFor([{"a": 1, "b": 2}, {"a": 3, "b": 4}], parallelism=1) as q:
        one = double(x=q.a)
        double(x=q.b)
    with dsl.ParallelFor(xs) as x:
        two = double(x=x)
        with dsl.If(x > 5):
            double(x=x)
    return named(total(xs=dsl.Collected(one.output)).output, total(xs=dsl.Collected(two.output)).output)


@dsl.pipeline
def loop_given(n: int = 3) -> int:
    with dsl.ParallelFor(items(n=n).output) as x:
        made = double(x=double(x=x).output)
        say(t=f"item {x}")
    return total(xs=dsl.Collected(made.output)).output


@dsl.pipeline
def loop_artifacts(n: int = 3) -> NamedTuple("O", [("a", str), ("b", int)]):
    with dsl.ParallelFor(items(n=n).output) as x:
        made = clean(count=x)
        measured = size(rows=made.outputs["rows"])
    return named(
        join(rows=dsl.Collected(made.outputs["rows"])).output,
        total(xs=dsl.Collected(measured.outputs["Output"])).output,
    )


@dsl.pipeline
def loop_conditions(n: int = 4) -> int:
    with dsl.ParallelFor(items(n=n).output) as x:
        with dsl.If(x > 1):
            made = double(x=x)
            with dsl.If(made.output > 5):
                double(x=made.output)
    return total(xs=dsl.Collected(made.output)).output


@dsl.pipeline
def loop_in_loop(n: int = 3) -> str:
    with dsl.ParallelFor(nested_rows(n=n).output) as row:
        with dsl.ParallelFor(row) as x:
            made = double(x=x)
    return spelled(xs=dsl.Collected(made.output)).output


@dsl.pipeline
def loop_of_constants_in_loop(n: int = 2) -> str:
    with dsl.ParallelFor(items(n=n).output) as x:
        with dsl.ParallelFor([10, 20]) as y:
            made = double(x=y)
        double(x=x)
    return spelled(xs=dsl.Collected(made.output)).output


@dsl.pipeline
def importing() -> str:
    found = dsl.importer(artifact_uri="/etc/hostname", artifact_class=Dataset, metadata={"n": "1"})
    return content(rows=found.output).output


@dsl.pipeline
def models(count: int = 2) -> str:
    made = train(rows=clean(count=count).outputs["rows"])
    return describe(model=made.outputs["model"], scores=made.outputs["scores"], page=made.outputs["page"]).output


@dsl.pipeline
def exit_handler(file: str = "ended.txt", x: int = 1) -> int:
    with dsl.ExitHandler(ended(file=file)):
        fail(x=x)
    return double(x=4).output


@dsl.pipeline
def ignoring(x: int = 1) -> str:
    made = fail(x=x)
    return either(x=made.output, y="z", z=True, w=0.5).ignore_upstream_failure().output


@dsl.pipeline
def ordered(n: int = 2) -> int:
    first = say(t="first")
    second = inner(n=n).after(first)
    return double(x=n).after(second).set_env_variable("A", "b").set_cpu_limit("1").set_memory_limit("2G").output


@dsl.pipeline
def installing() -> str:
    return versions().output


@dsl.pipeline
def written(n: int = 2) -> NamedTuple("O", [("i", int), ("b", bool), ("f", float), ("d", dict), ("rows", str)]):
    made = write_all(n=n).outputs
    given = {"i": made["i"], "b": made["b"], "f": made["f"], "d": made["d"], "rows": content(rows=made["rows"]).output}
    return namedtuple("O", given)(**given)


@dsl.pipeline
def retried(fails: int = 2) -> int:
    return (
        shaky(file=f"tries-{fails}.txt", fails=fails)
        .set_retry(3, backoff_duration="0s")
        .set_caching_options(False)
        .output
    )


@dsl.pipeline
def several(n: int) -> List[Dataset]:
    with dsl.ParallelFor(items(n=n).output, parallelism=1) as x:
        made = clean(count=x)
    return dsl.Collected(made.outputs["rows"])


@dsl.pipeline
def loop_of_a_loop(n: int = 2) -> str:
    with dsl.ParallelFor(several(n=n).output) as rows:
        made = content(rows=rows)
    return spelled(xs=dsl.Collected(made.output)).output


SAMPLES = [one for one in list(globals().values()) if isinstance(one, dsl.graph_component.GraphComponent)]

if __name__ == "__main__":
    for sample in SAMPLES:
        compiler.Compiler().compile(sample, f"{sys.argv[1]}/{sample.name}.yaml")
