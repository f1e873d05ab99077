"""The `tenfold` command: its list of commands, loaded one at a time, and the edge where errors become one line."""

from __future__ import annotations

import atexit
import gc
import importlib
import os
import sys
from typing import Any

import click

from tenfold.base.errors import NotFound, TenfoldError

EXIT_CODES = "Exit codes: 0 done, 1 failed, 2 wrong use, 3 a check did not pass, 4 not found."

COMMANDS: dict[str, tuple[str, str]] = {
    "init": ("tenfold.cli.init", "Make a new project in this folder"),
    "demo": ("tenfold.cli.demo", "Run the whole story on real flights, from raw data to a monitored model"),
    "up": ("tenfold.cli.up", "Start the server: API, pages and live events on one port"),
    "run": ("tenfold.cli.run", "Run a pipeline, or a script as one tracked run"),
    "runs": ("tenfold.cli.runs", "List, search, export, tag, star, archive, delete runs"),
    "reports": ("tenfold.cli.reports", "Write, list and export reports with live charts"),
    "data": ("tenfold.cli.data", "Commit, list, compare and check out datasets"),
    "dvc": ("tenfold.cli.dvc", "Work on a DVC repository: pull, status, repro, add, push"),
    "models": ("tenfold.cli.models", "List models, their versions and aliases; move an alias"),
    "plan": ("tenfold.cli.plan", "Say what a pipeline would do: which steps are in the cache, why the others are not"),
    "why-ran": ("tenfold.cli.why_ran", "Say why a step ran: what changed, with the code's diff"),
    "pipelines": ("tenfold.cli.pipelines", "List pipelines and show, resume or cancel their runs"),
    "step": ("tenfold.cli.step", "Run a pipeline's steps one by one, as another engine starts them"),
    "export": ("tenfold.cli.export", "Write a pipeline as an Airflow DAG, a Kubeflow pipeline or an Argo workflow"),
    "logs": ("tenfold.cli.logs", "Print what a run's steps print; --follow while they run"),
    "datums": ("tenfold.cli.datums", "List what an incremental pipeline knows of each file it read"),
    "schedules": ("tenfold.cli.schedules", "Start pipelines at times, or when a dataset or model moves"),
    "notify": ("tenfold.cli.notify", "Tell somebody of failures, late runs and alarms: webhook, Slack, e-mail"),
    "pools": ("tenfold.cli.pools", "Limit how many steps run at once that share one thing"),
    "secrets": ("tenfold.cli.secrets", "Keep passwords and tokens for steps, encrypted and masked in logs"),
    "serve": ("tenfold.cli.serve", "Serve a model over HTTP"),
    "schema": ("tenfold.cli.schema", "Infer, review, change and keep what the columns of a table should look like"),
    "validate": ("tenfold.cli.validate", "Hold data to a schema; show what breaks it, and the rows"),
    "evaluate": ("tenfold.cli.evaluate", "Judge a model or its predictions over slices, and bless it"),
    "monitor": ("tenfold.cli.monitor", "Compare two tables for drift; list monitors and their checks"),
    "reproduce": ("tenfold.cli.reproduce", "Do a run again and compare its metrics then and now"),
    "import": ("tenfold.cli.import_", "Import from MLflow, W&B, Comet, TensorBoard, Neptune or DVC"),
    "why": ("tenfold.cli.why", "Trace a thing back to the data, code and files behind it"),
    "impact": ("tenfold.cli.impact", "List everything that was built on a thing"),
    "sync": ("tenfold.cli.sync", "Ship what dead or offline processes logged"),
    "gc": ("tenfold.cli.gc", "Free the bytes that nothing refers to"),
    "doctor": ("tenfold.cli.doctor", "Check the store and this installation"),
    "completion": ("tenfold.cli.completion", "Print the shell completion script"),
}


class LazyGroup(click.Group):
    """A group that knows its commands by name and loads the one that is called, so that `--help` stays quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(COMMANDS[cmd_name][0])
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            import difflib

            near = difflib.get_close_matches(args[0], COMMANDS, n=1)
            hint = f" Did you mean: tenfold {near[0]}" if near else " List the commands with: tenfold --help"
            raise click.UsageError(f"There is no command {args[0]!r}.{hint}")
        return super().resolve_command(ctx, args)


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    epilog=f"Example: tenfold demo\n\n{EXIT_CODES}",
)
@click.option("--store", metavar="PLACE", help="A folder, postgresql://… or http://server [TENFOLD_STORE]")
@click.option("--blobs", metavar="PLACE", help="Where bytes live beside PostgreSQL: a folder or s3://… [TENFOLD_BLOBS]")
@click.option("--debug", is_flag=True, help="Show the whole trace of an error")
@click.version_option(package_name="tenfold", message="tenfold %(version)s")
@click.pass_context
def cli(ctx: click.Context, store: str | None, blobs: str | None, debug: bool) -> None:
    """Experiments, data versions, pipelines, models, serving and monitoring in one graph."""
    ctx.obj = {"store": store, "blobs": blobs, "debug": debug}


def workspace(ctx: click.Context | None = None, *, create: bool = False) -> Any:
    """The workspace the command's flags name, made the current one of this process.

    Raises:
        NotFound: A folder was named that holds no store, and the command is not one that makes stores: a mistyped name
            would else look like a store with nothing in it.
    """
    from tenfold.workspace import open_workspace, use

    given = (ctx or click.get_current_context()).find_root().obj or {}
    place = open_workspace(given.get("store"), blobs=given.get("blobs"))
    named = given.get("store") or os.environ.get("TENFOLD_STORE")
    if named and not create and place.location.kind == "folder" and not (place.folder / "tenfold.db").exists():
        raise NotFound(
            f"There is no store in {place.folder}. Name another with --store, or make this one: tenfold init"
        )
    return use(place)


def main(args: list[str] | None = None) -> None:
    """Run the command line and end the process with its exit code."""
    atexit.register(gc.freeze)  # all that is left goes with the process: looking through it for cycles takes 40 ms
    debug = "--debug" in (sys.argv[1:] if args is None else args)
    try:
        code = cli.main(args=args, prog_name="tenfold", standalone_mode=False)
        sys.exit(code if isinstance(code, int) else 0)
    except click.exceptions.Abort:
        _fail("Stopped", 130)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except TenfoldError as error:
        if debug:
            raise
        _fail(str(error), error.exit_code)
    except KeyboardInterrupt:
        _fail("Stopped", 130)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
    except Exception as error:
        if debug:
            raise
        _fail(f"{type(error).__name__}: {error}. See the whole trace with: tenfold --debug …", 1)


def _fail(message: str, code: int) -> None:
    click.echo(f"Error: {message}" if code != 130 else message, err=True)
    sys.exit(code)
