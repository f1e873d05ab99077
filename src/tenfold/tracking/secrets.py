"""Secrets that look like tokens, made unreadable before anything captured is kept."""

from __future__ import annotations

import re

MASK = "••••••"

_TOKENS = re.compile(
    r"""
    \b(?:AKIA|ASIA)[0-9A-Z]{16}\b                         # AWS key ids
  | \bgh[pousr]_[A-Za-z0-9]{30,}\b | \bgithub_pat_\w{30,}\b
  | \bglpat-[\w-]{20,}
  | \bsk-[A-Za-z0-9_-]{20,}                               # OpenAI, Anthropic, Stripe
  | \bhf_[A-Za-z0-9]{30,}\b
  | \bxox[abprs]-[A-Za-z0-9-]{10,}                        # Slack
  | \bAIza[\w-]{35}\b                                     # Google
  | \bpypi-[\w-]{40,}
  | \beyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]{5,}                # JSON web tokens
  | (?<=PRIVATE\ KEY-----)[^-]{40,}(?=-----END)            # PEM
    """,
    re.VERBOSE,
)
_NAMED = re.compile(
    r"""((?:api[_-]?key|secret|token|passw(?:or)?d|passwd|access[_-]?key)["']?\s*(?:=|:|\s)\s*["']?)([^\s"',;&]{6,})""",
    re.IGNORECASE,
)
_PASSWORD_IN_SOURCE = re.compile(
    r"""((?:secret|passw(?:or)?d|passwd)["']?[ \t]*(?::[ \t]*str[ \t]*)?[=:][ \t]*["'])([^"'\s{}•]{6,})(["'])""",
    re.IGNORECASE,
)
_KEY = r"(?=[\w+/=.-]*[0-9])(?=[\w+/=.-]*[A-Za-z])[\w+/=.-]{8,}"
_KEY_IN_SOURCE = re.compile(
    rf"""((?:api[_-]?key|token|access[_-]?key)["']?[ \t]*(?::[ \t]*str[ \t]*)?[=:][ \t]*["'])({_KEY})(["'])""",
    re.IGNORECASE,
)
_UNQUOTED = re.compile(
    rf"""((?:api[_-]?key|token|access[_-]?key|secret|passw(?:or)?d|passwd)[ \t]*[=:][ \t]*)({_KEY})(?![\w(])""",
    re.IGNORECASE,
)
_IN_URL = re.compile(r"(\b[a-z][a-z0-9+.-]*://[^\s/:@]*:)([^\s/@]+)(@)")
_SECRET_NAME = re.compile(r"(?:api[_-]?key|secret|token|passw(?:or)?d|passwd|access[_-]?key)$", re.IGNORECASE)


def masked(text: str) -> str:
    """The text with what looks like a secret replaced.

    >>> masked("curl https://me:hunter22@host --token=abcdef123456")
    'curl https://me:••••••@host --token=••••••'
    """
    text = _TOKENS.sub(MASK, text)
    text = _IN_URL.sub(rf"\g<1>{MASK}\g<3>", text)
    return _NAMED.sub(_mask_value, text)


def masked_source(text: str, *, expressions: bool) -> str:
    """Source or configuration with secrets replaced, and as many lines as before.

    More careful than `masked`, for what is changed here does not run any more: a password is a text in quotes, and a
    token one of letters and digits.

    >>> masked_source('token = tokenizer.encode(x); mask_token = "[MASK]"; api_key = "q1w2e3r4"', expressions=True)
    'token = tokenizer.encode(x); mask_token = "[MASK]"; api_key = "••••••"'

    Args:
        expressions: What stands without quotes is no value, as in Python; unlike in YAML or a shell script.
    """
    text = _TOKENS.sub(lambda found: "\n".join(MASK for _ in found[0].split("\n")), text)
    text = _IN_URL.sub(rf"\g<1>{MASK}\g<3>", text)
    text = _PASSWORD_IN_SOURCE.sub(rf"\g<1>{MASK}\g<3>", text)
    text = _KEY_IN_SOURCE.sub(rf"\g<1>{MASK}\g<3>", text)
    return text if expressions else _UNQUOTED.sub(rf"\g<1>{MASK}", text)


def is_secret_name(name: str) -> bool:
    """True when a variable or option of this name holds a secret."""
    return bool(_SECRET_NAME.search(name))


def masked_arguments(arguments: list[str]) -> list[str]:
    """A command's arguments with secrets replaced, also where `--token` and its value are two arguments."""
    given, hide = [], False
    for argument in arguments:
        given.append(MASK if hide else masked(argument))
        hide = argument.startswith("-") and "=" not in argument and is_secret_name(argument)
    return given


def _mask_value(found: re.Match[str]) -> str:
    # "token: 12.5 loss" and "tokens = 1024" are words of training, not secrets: a secret has letters and digits
    value = found[2]
    plain = value.isalpha() or re.fullmatch(r"[-+0-9.,eE_%/()s\[\]]*", value) is not None
    separator = found[1].rstrip("\"' ")[-1:]
    return found[0] if plain and not (separator == "=" and value.isalpha()) else found[1] + MASK
