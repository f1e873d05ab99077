"""Variables and connections, from the environment: AIRFLOW_VAR_NAME and AIRFLOW_CONN_NAME."""

from __future__ import annotations

import json
import os
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from tenfold.doors.airflow.dags.errors import AirflowNotFoundException

_MISSING = object()


class Variable:
    """`Variable.get`."""

    @staticmethod
    def get(key: str, default: Any = _MISSING, deserialize_json: bool = False, default_var: Any = _MISSING) -> Any:
        """Its value; the default, or KeyError, when there is none."""
        found = os.environ.get(f"AIRFLOW_VAR_{key.upper()}")
        if found is not None:
            return json.loads(found) if deserialize_json else found
        fallback = default if default is not _MISSING else default_var
        if fallback is _MISSING:
            raise KeyError(f"Variable {key} does not exist. Set AIRFLOW_VAR_{key.upper()} in the environment")
        return fallback

    @staticmethod
    def set(key: str, value: Any, description: str | None = None, serialize_json: bool = False) -> None:
        raise NotImplementedError(
            "Variable.set is not taken over: variables come from the environment, AIRFLOW_VAR_NAME"
        )


class Variables:
    """`var.value` and `var.json` of templates."""

    def __init__(self, *, as_json: bool = False) -> None:
        self._as_json = as_json

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return Variable.get(name, deserialize_json=self._as_json)

    def get(self, key: str, default: Any = None) -> Any:
        return Variable.get(key, default, deserialize_json=self._as_json)


class Connection:
    """A connection's parts."""

    def __init__(
        self,
        conn_id: str = "",
        conn_type: str = "",
        host: str | None = None,
        schema: str | None = None,
        login: str | None = None,
        password: str | None = None,
        port: int | None = None,
        extra: Any = None,
        description: str | None = None,
    ) -> None:
        self.conn_id, self.conn_type, self.host, self.schema = conn_id, conn_type, host, schema
        self.login, self.password, self.port, self.description = login, password, port, description
        self.extra = extra if isinstance(extra, (str, type(None))) else json.dumps(extra)

    @property
    def extra_dejson(self) -> dict[str, Any]:
        made: dict[str, Any] = json.loads(self.extra) if self.extra else {}
        return made

    @classmethod
    def get(cls, conn_id: str) -> Connection:
        """That of AIRFLOW_CONN_NAME: a URI, or JSON. Raises AirflowNotFoundException."""
        text = os.environ.get(f"AIRFLOW_CONN_{conn_id.upper()}")
        if text is None:
            raise AirflowNotFoundException(
                f"The conn_id `{conn_id}` isn't defined. Set AIRFLOW_CONN_{conn_id.upper()} in the environment"
            )
        if text.lstrip().startswith("{"):
            given = json.loads(text)
            return cls(conn_id, **{{"type": "conn_type"}.get(name, name): value for name, value in given.items()})
        parts = urlsplit(text)
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        extra = query.pop("__extra__", None) or (query or None)
        return cls(
            conn_id, parts.scheme.replace("-", "_"), unquote(parts.hostname or ""), unquote(parts.path.lstrip("/")),
            unquote(parts.username) if parts.username else None, unquote(parts.password) if parts.password else None,
            parts.port, extra,
        )  # fmt: skip

    get_connection_from_secrets = get

    def get_uri(self) -> str:
        """As a URI."""
        return os.environ.get(f"AIRFLOW_CONN_{self.conn_id.upper()}", "")


class Connections:
    """`conn` of templates."""

    def __getattr__(self, name: str) -> Connection:
        if name.startswith("__"):
            raise AttributeError(name)
        return Connection.get(name)

    def get(self, conn_id: str, default: Any = None) -> Any:
        try:
            return Connection.get(conn_id)
        except AirflowNotFoundException:
            return default


class BaseHook:
    """Only what finds a connection."""

    @classmethod
    def get_connection(cls, conn_id: str) -> Connection:
        return Connection.get(conn_id)
