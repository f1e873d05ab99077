"""Secrets are masked in what a step prints and says, in every spelling that programs commonly give them.

Spellings: as it is, line by line, as Python's repr, as JSON (also JSON in JSON), percent-encoded, for HTML and for a
shell, in hex, and in base64 at each of the three offsets that a secret may begin at inside something longer.
"""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

MASK = "[secret]"
SHORTEST = 4
"""Characters of the shortest secret that can be masked: to mask less would blot out half of a log."""
_LINE_SHORTEST = 8
_NOT_PLAIN = re.compile(r"([^\w@%+=:,./-])", re.ASCII)


class Masker:
    """Masks these values. Safe to use from several threads."""

    def __init__(self, values: Iterable[str]) -> None:
        self.spellings = sorted({one for value in values for one in spellings(value)}, key=len, reverse=True)
        self._pattern = re.compile(b"|".join(re.escape(one) for one in self.spellings) or b"(?!)")

    def mask(self, data: bytes) -> bytes:
        """The bytes with every spelling replaced."""
        return self._pattern.sub(MASK.encode(), data)

    def mask_text(self, text: str) -> str:
        """The text with every spelling replaced."""
        return self.mask(text.encode("utf-8", "surrogatepass")).decode("utf-8", "surrogatepass")

    def finds(self, data: bytes) -> bool:
        """True when a spelling is in it."""
        return self._pattern.search(data) is not None

    def split(self, data: bytes) -> tuple[bytes, bytes]:
        """What may be shown of a stream so far, masked; and its end that may be the beginning of a secret."""
        hold = self._held_from(data)
        shown, at = [], 0
        for found in self._pattern.finditer(data):
            if found.start() >= hold:
                break
            shown += [data[at : found.start()], MASK.encode()]
            at = found.end()
        return b"".join([*shown, data[at:hold]]), data[max(at, hold) :]

    def _held_from(self, data: bytes) -> int:
        """Where the longest end begins that a spelling could go on from."""
        hold = len(data)
        for one in self.spellings:
            at = data.find(one[:1], max(0, len(data) - len(one) + 1))
            while at != -1 and at < hold:
                if one.startswith(data[at:]):
                    hold = at
                    break
                at = data.find(one[:1], at + 1)
        return hold


class MaskedStream:
    """Masks a stream that comes in pieces, also where a secret is cut in two."""

    def __init__(self, masker: Masker) -> None:
        self._masker, self._held = masker, b""

    def feed(self, data: bytes) -> bytes:
        """What may be shown now."""
        shown, self._held = self._masker.split(self._held + data)
        return shown

    def finish(self) -> bytes:
        """The rest: nothing more comes."""
        rest, self._held = self._masker.mask(self._held), b""
        return rest


def spellings(value: str) -> set[bytes]:
    """All spellings of a secret, without those too short to be told from other text."""
    whole = value.strip()
    lines = [line.strip() for line in whole.splitlines()]
    found: set[bytes] = set()
    for text in {value, whole, *(line for line in lines if len(line) >= _LINE_SHORTEST)}:
        found |= {spelt.encode("utf-8", "surrogatepass") for spelt in _as_text(text)} | _as_base64(text)
    return {one for one in found if len(one) >= SHORTEST}


def _as_text(text: str) -> set[str]:
    raw = text.encode("utf-8", "surrogatepass")
    in_json = {json.dumps(text, ensure_ascii=ascii_only)[1:-1] for ascii_only in (True, False)}
    in_json |= {one.replace("/", "\\/") for one in in_json}
    in_python = {repr(text)[1:-1], ascii(text)[1:-1], repr(raw)[2:-1], text.replace("\\", "\\\\").replace("'", "\\'")}
    percent = {
        quote(raw),
        quote(raw, safe=""),
        quote(raw, safe="!~*'()"),
        quote_plus(raw),
        quote(raw, safe="/:@!$&'()*+,;=~"),
    }
    percent |= {re.sub("%[0-9A-F]{2}", lambda one: one[0].lower(), spelt) for spelt in percent}
    in_html = {html.escape(text), html.escape(text, quote=False), html.escape(text).replace("&#x27;", "&#39;")}
    in_shell = {text.replace("'", "'\"'\"'"), text.replace("'", "'\\''"), _NOT_PLAIN.sub(r"\\\1", text)}
    twice = {json.dumps(one)[1:-1] for one in in_json | in_python} | {repr(one)[1:-1] for one in in_json | in_python}
    hexed = {raw.hex(), raw.hex().upper()}
    return {text, text.replace("\n", "\r\n"), *in_json, *in_python, *percent, *in_html, *in_shell, *twice, *hexed}


def _as_base64(text: str) -> set[bytes]:
    raw = text.encode("utf-8", "surrogatepass")
    found = {line for line in base64.encodebytes(raw).split(b"\n") if len(line) >= _LINE_SHORTEST}
    for offset in range(3):
        spelt = base64.b64encode(b"\0" * offset + raw)
        # Characters that hold bits of its neighbours too are left: they differ with what stands beside it.
        inside = spelt[-(-offset * 8 // 6) : (offset + len(raw)) * 8 // 6]
        found |= {inside, inside.replace(b"+", b"-").replace(b"/", b"_")}
    return found
