"""`tenfold run --metaflow`: a Metaflow flow, from its file as it is, with the words that `python flow.py` takes."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click

from tenfold.base.errors import Invalid, NotFound, StepFailed
from tenfold.cli.output import emit_json

COMMANDS = ("run", "resume", "show", "dump", "check")
FLAGS = ("allow-pickle", "no-pylint", "pylint", "quiet")
OPTIONS = (
    "max-workers", "max-num-splits", "tag", "run-id-file", "with", "environment", "config-value", "origin-run-id",
)  # fmt: skip


@dataclass
class Words:
    """What stood behind the flow's file."""

    command: str = "run"
    rest: list[str] = field(default_factory=list)
    options: dict[str, list[str]] = field(default_factory=dict)
    flags: set[str] = field(default_factory=set)
    params: dict[str, Any] = field(default_factory=dict)

    def last(self, name: str) -> str | None:
        """An option's value, the last one given."""
        given = self.options.get(name)
        return given[-1] if given else None

    def number(self, name: str) -> int | None:
        """The same as a number from 1 on."""
        text = self.last(name)
        if text is not None and (not text.isdecimal() or int(text) < 1):
            raise Invalid(f"--{name} takes a number from 1 on, not {text!r}", field=name)
        return None if text is None else int(text)


def run_flow(
    place: Any,
    file: str,
    arguments: tuple[str, ...],
    params: tuple[str, ...],
    configs: tuple[Path, ...],
    *,
    executor: str | None,
    project: str | None,
    as_json: bool,
) -> None:
    """Do what `python flow.py WORDS` would do; its parameters come as --NAME VALUE or as --param NAME=VALUE."""
    from tenfold.doors.metaflow.arguments import declared_in, is_flag
    from tenfold.doors.metaflow.stand_in import load_flow

    texts = _configs(configs, arguments)
    flow = load_flow(file, texts)
    words = read_words(arguments, {one.name for one in declared_in(flow).values() if is_flag(one)})
    words.params |= dict(_pair(one, "param") for one in params)
    if words.command in ("show", "check"):
        _show(flow, as_json=as_json)
    elif words.command == "dump":
        _dump(place, file, words, as_json=as_json)
    else:
        _run(place, file, words, texts, executor=executor, project=project, as_json=as_json)


def read_words(arguments: tuple[str, ...], flags: set[str]) -> Words:
    """The command, its options, and parameters by name.

    Args:
        flags: Parameters that take no value.
    """
    made, left = Words(), list(arguments)
    for at, word in enumerate(arguments):
        if word in COMMANDS and (at == 0 or not arguments[at - 1].startswith("--") or "=" in arguments[at - 1]):
            made.command = left.pop(at)
            break
    while left:
        word = left.pop(0)
        name, equals, value = word.removeprefix("--").partition("=")
        if not word.startswith("--"):
            made.rest.append(word)
        elif name in FLAGS:
            made.flags.add(name)
        elif name in flags and not equals:
            made.params[name] = True
        elif not equals and not left:
            raise Invalid(f"{word!r} has no value. Write {word} VALUE", field="arguments")
        elif name in OPTIONS:
            made.options.setdefault(name, []).append(value if equals else left.pop(0))
            if name == "config-value" and "=" not in made.options[name][-1] and left:
                made.options[name][-1] += f"={left.pop(0)}"
        else:
            made.params[name] = value if equals else left.pop(0)
    if made.rest and made.command not in ("resume", "dump"):
        raise Invalid(f"{made.rest[0]!r} is no parameter. Write --NAME VALUE", field="arguments")
    return made


def _configs(files: tuple[Path, ...], arguments: tuple[str, ...]) -> dict[str, str]:
    """Contents of the flow's configs, by name."""
    found = {}
    for one in files:
        name, path = _pair(str(one), "config")
        try:
            found[name] = Path(path).read_text()
        except OSError as error:
            raise Invalid(f"--config {name}: {path} cannot be read: {error.strerror}", field="config") from error
    for text in read_words(arguments, set()).options.get("config-value", []):
        name, value = _pair(text, "config-value")
        found[name] = value
    return found


def _run(
    place: Any,
    file: str,
    words: Words,
    configs: dict[str, str],
    *,
    executor: str | None,
    project: str | None,
    as_json: bool,
) -> None:
    from tenfold.cli.steps import StepPrinter
    from tenfold.doors.metaflow import resume, run
    from tenfold.doors.metaflow.decorators import of_words

    workers = words.number("max-workers")
    with StepPrinter(quiet=as_json) as printer:
        if words.command == "resume":
            if words.params:
                raise Invalid(f"A run goes on with the parameters it has; leave out --{min(words.params)}")
            step = words.rest[0] if words.rest else None
            before = words.last("origin-run-id")
            done = resume(
                place, file, step, run_id=before, max_workers=workers, on_event=printer, raises=False
            )  # fmt: skip
        else:
            done = run(
                place, file, words.params, configs=configs, decorators=dict(map(of_words, words.options.get("with", []))),
                environment=_environment(words), tags=words.options.get("tag", []), executor=executor, project=project,
                allow_pickle="allow-pickle" in words.flags, max_workers=workers,
                max_splits=words.number("max-num-splits") or 100, on_event=printer, raises=False,
            )  # fmt: skip
    if target := words.last("run-id-file"):
        Path(target).write_text(done.id)
    if as_json:
        emit_json({"run_id": done.id, "state": done.state})
    elif done.state == "finished":
        click.echo(f"Flow run {done.id} finished. See what it left: tenfold run --metaflow {file} dump {done.id}")
    if done.state != "finished":
        raise StepFailed(f"{done.record.error}. Go on with it: tenfold run --metaflow {file} resume")


def _environment(words: Words) -> str:
    given = words.last("environment") or "local"
    if given not in ("local", "pypi", "conda"):
        raise Invalid(f"--environment is local, pypi or conda, not {given!r}", field="environment")
    return "" if given == "local" else given


def _show(flow: Any, *, as_json: bool) -> None:
    from tenfold.doors.metaflow.graph import read_graph

    graph = read_graph(flow)
    if as_json:
        emit_json({"flow": flow.__name__, "steps": {node.name: node.next for node in graph.values()}})
        return
    click.secho(flow.__name__, bold=True)
    for node in graph.values():
        how = f" for each of self.{node.foreach}" if node.foreach else " one of" if node.switch else ""
        click.echo(f"  {node.name}{' (joins)' if node.is_join else ''} →{how} {', '.join(node.next) or 'done'}")
    click.echo("Run it with: tenfold run --metaflow FILE", err=True)


def _dump(place: Any, file: str, words: Words, *, as_json: bool) -> None:
    from tenfold.doors.metaflow import artifacts
    from tenfold.doors.metaflow.looking import shown
    from tenfold.doors.metaflow.running import latest
    from tenfold.pipelines import PipelineRun
    from tenfold.workspace import pipeline_host

    run_id, _, step = (words.rest[0] if words.rest else "").partition("/")
    run = PipelineRun(run_id or latest(place, file), pipeline_host(place))
    found = artifacts(run, step or None, allow_pickle="allow-pickle" in words.flags)
    if not found:
        raise NotFound(f"Run {run.id} has no task that ended well. See why: tenfold pipelines show {run.id}")
    if as_json:
        emit_json([{"task": one.key, **{name: shown(value) for name, value in one.artifacts.items()}} for one in found])
        return
    for one in found:
        click.secho(one.key, bold=True)
        for name, value in one.artifacts.items():
            click.echo(f"  {name} = {shown(value)}")


def _pair(text: str, what: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise Invalid(f"--{what} {text!r} has no value. Write it like --{what} NAME=VALUE", field=what)
    return name, value
