"""`tenfold notify`: tell somebody when a run fails, ends, is late, or a monitor raises an alarm."""

from __future__ import annotations

import click

from tenfold.cli.app import EXIT_CODES, workspace
from tenfold.cli.output import ago, emit_json, json_option, table


@click.group(epilog=f"Example: tenfold notify add team --slack --url-secret SLACK_URL\n\n{EXIT_CODES}")
def command() -> None:
    """Tell somebody when a run fails, ends or is late, or a monitor raises an alarm; `tenfold up` delivers it."""


@command.command(
    epilog=f"Example: tenfold notify add team --slack --url-secret SLACK_URL --on failure,late\n\n{EXIT_CODES}"
)
@click.argument("name")
@click.option("--webhook", "way", flag_value="webhook", help="POST JSON to the URL")
@click.option("--slack", "way", flag_value="slack", help="POST a text as Slack's incoming webhooks take it")
@click.option("--email", "to", multiple=True, metavar="ADDRESS", help="Send mail; may be repeated")
@click.option("--url", default="", help="Where to POST")
@click.option("--url-secret", default="", help="Name of the secret that is the URL, see tenfold secrets")
@click.option("--on", default="failure,late,alarm", help="Some of failure,success,late,alarm")
@click.option(
    "--pipeline", "pipelines", multiple=True, help="Of this pipeline or monitor alone, * allowed; may be repeated"
)
@click.option("--named-only", is_flag=True, help="Only for pipelines that name it: @pipeline(notify=['NAME'])")
@click.option("--smtp", default="", metavar="HOST:PORT", help="Mail server; on port 465 by TLS from the start")
@click.option("--starttls", is_flag=True, help="Turn to TLS before anything is said")
@click.option("--from", "sender", default="", help="Sender of the mail")
@click.option("--user", default="", help="User at the mail server")
@click.option("--password-secret", default="", help="Name of the secret that is the user's password")
@json_option
def add(
    name: str, way: str | None, to: tuple[str, ...], url: str, url_secret: str, on: str, pipelines: tuple[str, ...],
    named_only: bool, smtp: str, starttls: bool, sender: str, user: str, password_secret: str, as_json: bool,
) -> None:  # fmt: skip
    """Save notifier NAME and put it in force."""
    import msgspec

    from tenfold.base.errors import Invalid
    from tenfold.base.user import user_name
    from tenfold.pipelines.notices.notifiers import ALL_ON, Notifier, save_notifier

    told = [word.strip() for word in on.split(",") if word.strip()]
    if unknown := [word for word in told if word not in ALL_ON]:
        raise Invalid(f"{unknown[0]!r} is nothing to be told of. There are: {', '.join(ALL_ON)}", field="on")
    if bool(way) == bool(to):
        raise Invalid("Say one way: --webhook, --slack or --email ADDRESS", field="way")
    made = msgspec.convert(
        {
            "name": name, "way": way or "email", "to": list(to), "url": url, "url_secret": url_secret, "on": told,
            "pipelines": list(pipelines), "named_only": named_only, "smtp": smtp, "starttls": starttls,
            "sender": sender, "user": user, "password_secret": password_secret,
        },
        Notifier,
    )  # fmt: skip
    version = save_notifier(workspace(create=True).stores, made, who=user_name())
    if as_json:
        emit_json({"name": name, "says": made.says, "version": version.number})
        return
    click.echo(f"{name} is in force: {made.says}. Try it with: tenfold notify test {name}")


@command.command("list", epilog=f"Example: tenfold notify list\n\n{EXIT_CODES}")
@json_option
def list_(as_json: bool) -> None:
    """List the notifiers."""
    from tenfold.pipelines.notices.notifiers import notifiers

    found = [notifier for notifier, _ in notifiers(workspace().stores).values()]
    if as_json:
        emit_json(found)
        return
    rows = [(one.name, one.says, ",".join(one.on), ",".join(one.pipelines) or "all") for one in found]
    table(
        rows,
        ("notifier", "by", "on", "of"),
        empty="There is no notifier. Add one with: tenfold notify add NAME --webhook --url https://…",
    )


@command.command(epilog=f"Example: tenfold notify log\n\n{EXIT_CODES}")
@json_option
def log(as_json: bool) -> None:
    """List what was told, newest first: delivered, waiting to be tried again, or given up."""
    from tenfold.pipelines.notices.telling import KIND
    from tenfold.records import RunQuery

    runs = workspace().stores.runs.search(RunQuery(kinds=[KIND], limit=50, count=False)).items
    if as_json:
        emit_json(runs)
        return
    says = {"finished": "delivered", "created": "waits", "failed": "given up", "killed": "dropped"}
    rows = [
        (ago(run.created_at_ms), run.name, says.get(run.state, run.state), run.result["tries"],
         run.result["message"]["text"].partition("\n")[0], (run.error or "").partition("\n")[0])
        for run in runs
    ]  # fmt: skip
    table(
        rows,
        ("when", "notifier", "state", "tries", "told", "error"),
        empty="Nothing was told yet. See: tenfold notify list",
    )


@command.command(epilog=f"Example: tenfold notify test team\n\n{EXIT_CODES}")
@click.argument("name")
@json_option
def test(name: str, as_json: bool) -> None:
    """Send a message by notifier NAME now."""
    from tenfold.base import ids
    from tenfold.base.clock import now_ms
    from tenfold.base.errors import NotFound
    from tenfold.pipelines.notices.notifiers import notifiers
    from tenfold.pipelines.notices.sending import Message, send

    stores = workspace().stores
    known = notifiers(stores).get(name)
    if known is None:
        raise NotFound(f"There is no notifier {name!r}. See them with: tenfold notify list", field="notifier")
    message = Message(
        id=ids.new_id(), on="success", text=f"A try of the notifier {name}", name="", run_id="", state="", project="",
        at_ms=now_ms(),
    )  # fmt: skip
    send(stores, known[0], message)
    if as_json:
        emit_json({"name": name, "delivered": True})
        return
    click.echo(f"Delivered: {known[0].says}. What is told later is seen with: tenfold notify log")


@command.command(epilog=f"Example: tenfold notify remove team\n\n{EXIT_CODES}")
@click.argument("name")
@json_option
def remove(name: str, as_json: bool) -> None:
    """Put notifier NAME into the bin."""
    from tenfold.base.user import user_name
    from tenfold.pipelines.notices.notifiers import remove_notifier

    remove_notifier(workspace().stores, name, who=user_name())
    if as_json:
        emit_json({"name": name, "removed": True})
        return
    click.echo(f"{name} is removed. Those left are seen with: tenfold notify list")
