"""A message on its way out: as a webhook's JSON, as Slack reads it, as an e-mail. Nothing is kept here."""

from __future__ import annotations

from typing import Any

import msgspec

from tenfold.base.clock import iso
from tenfold.base.errors import Invalid, Unavailable
from tenfold.contracts import Stores
from tenfold.pipelines.notices.notifiers import Notifier, On
from tenfold.pipelines.secrets.keeping import value_of
from tenfold.pipelines.secrets.masking import SHORTEST, Masker

TIMEOUT_S = 10.0


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """What is told. `id` is the same however often it is sent, so that a receiver may pass over a second one."""

    id: str
    on: On
    text: str
    """In a line or two."""
    name: str
    """The pipeline, or the monitor."""
    run_id: str
    state: str
    project: str
    error: str = ""
    trigger: str = ""
    at_ms: int = 0


def send(stores: Stores, notifier: Notifier, message: Message) -> None:
    """Send it once.

    Raises:
        Unavailable: It could not be delivered; the reason, without the address when that is a secret.
    """
    hidden = [value_of(stores, name) for name in (notifier.url_secret, notifier.password_secret) if name]
    try:
        if notifier.way == "email":
            _mail(notifier, message, hidden[0] if notifier.password_secret else "")
        else:
            url = notifier.url or hidden[0]
            _post(url, _slack(message) if notifier.way == "slack" else msgspec.to_builtins(message), message.id)
    except (OSError, ValueError, Unavailable, Invalid) as error:  # smtplib's are OSErrors, bad headers ValueErrors
        said = Masker([one for one in hidden if len(one) >= SHORTEST]).mask_text(f"{type(error).__name__}: {error}")
        raise Unavailable(f"{notifier.says} was not reached: {said}") from None


def _post(url: str, body: dict[str, Any], id_: str) -> None:
    import httpx

    try:
        answer = httpx.post(
            url, content=msgspec.json.encode(body), timeout=TIMEOUT_S,
            headers={"content-type": "application/json", "webhook-id": id_, "user-agent": "tenfold"},
        )  # fmt: skip
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise Unavailable(f"{type(error).__name__}: {error}") from None
    if not answer.is_success:
        raise Unavailable(f"it answered {answer.status_code} {answer.reason_phrase}")


def _slack(message: Message) -> dict[str, Any]:
    mark = {"failure": ":x:", "success": ":white_check_mark:", "late": ":hourglass:", "alarm": ":rotating_light:"}
    quoted = message.text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return {"text": f"{mark[message.on]} {quoted}"}


def _mail(notifier: Notifier, message: Message, password: str) -> None:
    import smtplib  # heavy, like the parts of email below, and rarely needed
    import ssl
    from email.message import EmailMessage
    from email.utils import formatdate

    host, _, port = notifier.smtp.rpartition(":")
    if not host or not port.isdecimal():
        host, port = notifier.smtp, "25"
    mail = EmailMessage()
    mail["Subject"] = " ".join(message.text.split())[:200]
    mail["From"] = notifier.sender or f"tenfold@{host}"
    mail["To"] = ", ".join(notifier.to)
    mail["Date"] = formatdate(message.at_ms / 1000)
    mail["Message-ID"] = f"<{message.id}@tenfold>"
    lines = {"Run": message.run_id, "State": message.state, "Project": message.project, "Started by": message.trigger}
    told = "\n".join(f"{name}: {value}" for name, value in lines.items() if value)
    mail.set_content(f"{message.text}\n\n{told}\nAt: {iso(message.at_ms)}\n\n{message.error}".rstrip() + "\n")
    opened = smtplib.SMTP_SSL if port == "465" else smtplib.SMTP
    with opened(host.strip("[]"), int(port), timeout=TIMEOUT_S) as server:
        if notifier.starttls and port != "465":
            server.starttls(context=ssl.create_default_context())
        if notifier.user:
            server.login(notifier.user, password)
        server.send_message(mail)
