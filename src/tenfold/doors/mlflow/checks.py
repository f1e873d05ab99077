"""What MLflow takes as a name, key and value, refused with its words."""

from __future__ import annotations

import json
import posixpath
import re
from urllib.parse import unquote_plus, urlsplit

from tenfold.doors.mlflow.errors import MlflowError, invalid

KEY_CHARACTERS = 250
PARAM_CHARACTERS = 6000
TAG_CHARACTERS = 8000
EXPERIMENT_CHARACTERS = 500
STAGES = ("None", "Staging", "Production", "Archived")

_KEY = re.compile(r"[/\w.\- :]*")
_ALIAS = re.compile(r"[\w\-]*")
_CHARACTERS = "Names may only contain alphanumerics, underscores (_), dashes (-), periods (.), spaces ( ), colon(:) and slashes (/)."
_ALIAS_CHARACTERS = "Names may only contain alphanumerics, underscores (_), and dashes (-)."


def check_key(key: object, path: str, what: str) -> str:
    """The key of a metric, param or tag."""
    if not isinstance(key, str) or not key:
        raise invalid(
            f"Invalid value {json.dumps(key)} for parameter '{path}' supplied: {what} cannot be None. A key name must be provided."
        )
    if not _KEY.fullmatch(key):
        raise invalid(f"{_supplied(path, key)}: {_CHARACTERS}")
    if _resolves_elsewhere(key):
        raise invalid(f"{_supplied(path, key)}: {_bad_path(key)}")
    return check_length(f"{what}", key, KEY_CHARACTERS)


def check_length(what: str, value: str, limit: int) -> str:
    """A text that is not too long."""
    if len(value) > limit:
        raise invalid(f"'{what}' exceeds the maximum length of {limit} characters")
    return value


def check_experiment_name(name: str) -> str:
    """The name of an experiment, which a project bears too."""
    if not name.strip():
        raise invalid(f"Invalid experiment name: '{name}'")
    if len(name) > EXPERIMENT_CHARACTERS:
        raise invalid(f"'name' exceeds the maximum length of {EXPERIMENT_CHARACTERS} characters")
    return name


def check_model_name(name: str) -> str:
    """The name of a registered model."""
    if not name.strip():
        raise invalid("Missing value for required parameter 'name'.")
    if "/" in name or ":" in name:
        raise invalid(f"Invalid model name '{name}'. Names cannot contain '/' or ':'.")
    if _resolves_elsewhere(name):
        raise invalid(f"{_supplied('name', name)}: {_bad_path(name)}")
    return check_length("name", name, KEY_CHARACTERS)


def check_logged_model_name(name: str) -> str:
    """The name of a logged model."""
    bad = ("/", ":", ".", "%", '"', "'")
    if not name or any(char in name for char in bad):
        raise invalid(
            f"Invalid model name ({name!r}) provided. Model name must be a non-empty string "
            f"and cannot contain the following characters: {bad}"
        )
    return name


def check_alias(alias: str) -> str:
    """An alias that a model may be given."""
    if not _ALIAS.fullmatch(alias):
        raise invalid(f"Invalid alias name: '{alias}'. {_ALIAS_CHARACTERS}")
    check_length("Registered model alias name", alias, 255)
    if alias.lower() == "latest":
        raise invalid("'latest' alias name (case insensitive) is reserved.")
    if re.fullmatch(r"[vV]\d+", alias):
        raise invalid(f"Version alias name '{alias}' is reserved.")
    return alias


def check_source(source: str, run_id: str, model_id: str) -> None:
    """Where a version's files are said to lie: no path of this machine, and none that leaves where it begins."""
    parts = urlsplit(source)
    if parts.scheme in ("", "file") and parts.netloc in ("", "localhost"):
        who = "model_id" if model_id and not run_id else "run_id"
        raise invalid(
            f"Invalid model version source: '{source}'. To use a local path as a model version source, the {who} request "
            "parameter has to be specified and the local path has to be contained within the artifact directory of the "
            f"run specified by the {who}."
        )
    if parts.scheme == "file":
        raise MlflowError("INTERNAL_ERROR", f"{source} is not a valid remote uri. For remote access, use an http uri.")
    plain = source
    while (further := unquote_plus(plain)) != plain:
        plain = further
    if "\0" in plain or ".." in plain.split("/"):
        raise invalid(
            f"Invalid model version source: '{source}'. If supplying a source as an http, https, local file path, ftp, "
            "objectstore, or mlflow-artifacts uri, an absolute path must be provided without relative path references "
            "present. Please provide an absolute path."
        )


def stage_of(text: str) -> str:
    """A stage in its own spelling."""
    for stage in STAGES:
        if stage.lower() == text.lower():
            return stage
    raise invalid(f"Invalid Model Version stage: {text}. Value must be one of {', '.join(STAGES)}.")


def version_number(text: str) -> int:
    """The number of a model version."""
    if not (text.isascii() and text.isdecimal() and len(text) < 18):
        raise invalid(f"Parameter 'version' must be an integer, got '{text}'.")
    return int(text)


def safe_path(path: str) -> str:
    """The path of an artifact, which never leaves its run; '' for the whole."""
    from tenfold.base.addresses import check_path
    from tenfold.base.errors import InvalidAddress

    stripped = path.rstrip("/")
    try:
        return check_path(stripped) if stripped else ""
    except InvalidAddress:
        raise MlflowError("INVALID_PARAMETER_VALUE", "Invalid path") from None


def _supplied(path: str, value: str) -> str:
    return f"Invalid value {json.dumps(value)} for parameter '{path}' supplied"


def _bad_path(name: str) -> str:
    return (
        "Names may be treated as files in certain cases, and must not resolve to other names when treated as such. "
        f"This name would resolve to {posixpath.normpath(name)!r}"
    )


def _resolves_elsewhere(name: str) -> bool:
    normal = posixpath.normpath(name)
    return normal != name or normal == "." or normal.startswith(("..", "/"))
