"""Which service of OpenDAL a URL names, and its options from the environment. Secrets come from there alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from tenfold.base.errors import Invalid

Options = dict[str, str]
Environ = Mapping[str, str]

SCHEMES = ("s3", "gs", "az", "gdrive", "webdav+http", "webdav+https", "static+http", "static+https")
"""What `service_of` knows, as URLs begin."""


def service_of(url: str, environ: Environ) -> tuple[str, Options]:
    """(OpenDAL's name of the service, its options).

    | URL | variables read |
    | --- | --- |
    | `s3://bucket/prefix` | AWS_ENDPOINT_URL_S3 or AWS_ENDPOINT_URL, AWS_REGION or AWS_DEFAULT_REGION, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN |
    | `gs://bucket/prefix` | GOOGLE_APPLICATION_CREDENTIALS, STORAGE_EMULATOR_HOST |
    | `az://container/prefix` | AZURE_STORAGE_ACCOUNT, AZURE_STORAGE_KEY, AZURE_STORAGE_SAS_TOKEN, AZURE_STORAGE_ENDPOINT |
    | `gdrive://folder` | GDRIVE_ACCESS_TOKEN, or GDRIVE_REFRESH_TOKEN, GDRIVE_CLIENT_ID and GDRIVE_CLIENT_SECRET |
    | `webdav+https://host/folder` | WEBDAV_USERNAME, WEBDAV_PASSWORD, WEBDAV_TOKEN |
    | `static+https://host/folder` | HTTP_USERNAME, HTTP_PASSWORD, HTTP_TOKEN |

    Raises:
        Invalid: The URL names no place, has a user or password in it, or begins as none of these.
    """
    parts = urlsplit(url)
    if parts.username or parts.password:
        raise Invalid(
            "A URL with a user or password in it is not taken: secrets belong into the environment", field="url"
        )
    made = _SERVICES.get(parts.scheme)
    if made is None:
        known = ", ".join(f"{scheme}://" for scheme in SCHEMES)
        raise Invalid(f"{url!r} begins as no place that is known. There are: a folder, {known}", field="url")
    name, options = made
    if not parts.netloc:
        raise Invalid(f"{url!r} names no bucket or host. Write it like {parts.scheme}://bucket/prefix", field="blobs")
    return name, {key: value for key, value in options(url, environ).items() if value}


def _parts(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.netloc, f"/{parts.path.strip('/')}"


def _s3(url: str, environ: Environ) -> Options:
    bucket, root = _parts(url)
    return {
        "bucket": bucket,
        "root": root,
        "endpoint": environ.get("AWS_ENDPOINT_URL_S3") or environ.get("AWS_ENDPOINT_URL") or "",
        "region": environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION") or "us-east-1",
        "access_key_id": environ.get("AWS_ACCESS_KEY_ID", ""),
        "secret_access_key": environ.get("AWS_SECRET_ACCESS_KEY", ""),
        "session_token": environ.get("AWS_SESSION_TOKEN", ""),
    }


def _gcs(url: str, environ: Environ) -> Options:
    bucket, root = _parts(url)
    emulator = environ.get("STORAGE_EMULATOR_HOST", "")
    return {
        "bucket": bucket,
        "root": root,
        "endpoint": emulator if not emulator or "://" in emulator else f"http://{emulator}",
        "credential_path": environ.get("GOOGLE_APPLICATION_CREDENTIALS", ""),
        "allow_anonymous": "true" if emulator else "",
        "disable_vm_metadata": "true" if emulator else "",
        "disable_config_load": "true" if emulator else "",
    }


def _azure(url: str, environ: Environ) -> Options:
    container, root = _parts(url)
    account = environ.get("AZURE_STORAGE_ACCOUNT", "")
    endpoint = environ.get("AZURE_STORAGE_ENDPOINT") or (account and f"https://{account}.blob.core.windows.net")
    return {
        "container": container,
        "root": root,
        "endpoint": endpoint,
        "account_name": account,
        "account_key": environ.get("AZURE_STORAGE_KEY", ""),
        "sas_token": environ.get("AZURE_STORAGE_SAS_TOKEN", "").lstrip("?"),
    }


def _gdrive(url: str, environ: Environ) -> Options:
    folder, root = _parts(url)
    names = ("access_token", "refresh_token", "client_id", "client_secret")
    return {"root": f"/{folder}{root}".rstrip("/")} | {
        name: environ.get(f"GDRIVE_{name.upper()}", "") for name in names
    }


def _web(prefix: str) -> Callable[[str, Environ], Options]:
    def options(url: str, environ: Environ) -> Options:
        host, root = _parts(url)
        scheme = urlsplit(url).scheme.partition("+")[2]
        names = ("username", "password", "token")
        return {"endpoint": f"{scheme}://{host}", "root": root} | {
            name: environ.get(f"{prefix}_{name.upper()}", "") for name in names
        }

    return options


_SERVICES: dict[str, tuple[str, Callable[[str, Environ], Options]]] = {
    "s3": ("s3", _s3),
    "gs": ("gcs", _gcs),
    "az": ("azblob", _azure),
    "gdrive": ("gdrive", _gdrive),
    "webdav+http": ("webdav", _web("WEBDAV")),
    "webdav+https": ("webdav", _web("WEBDAV")),
    "static+http": ("http", _web("HTTP")),
    "static+https": ("http", _web("HTTP")),
}
