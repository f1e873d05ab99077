"""How the verbs of `tenfold data` read what they are given: addresses, bare names, tracked paths."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from tenfold.base import settings
from tenfold.base.addresses import Address, parse
from tenfold.base.errors import Invalid
from tenfold.cli.app import workspace
from tenfold.cli.output import size

link_option = click.option(
    "--link", metavar="TYPES", help="How files are placed, best first: reflink,hardlink,symlink,copy [TENFOLD_LINK]"
)

remote_source = click.option(
    "--remote", metavar="NAME|URL", help="Read from this remote, and fetch only what is asked for (default: this store)"
)


def dataset_of(name: str, *, create: bool = False) -> Any:
    """A dataset of the workspace that the flags name."""
    from tenfold.workspace.datasets import dataset

    workspace(create=create)
    return dataset(name)


def worktree_here(*, create: bool = False) -> Any:
    """The tracked paths below this folder."""
    from tenfold.workspace.worktrees import worktree

    workspace(create=create)
    return worktree()


def open_address(text: str, *, remote: str | None = None) -> tuple[Any, Address]:
    """The dataset an address names, and the address. A bare name is read as data:NAME, a tracked path as its version.

    Args:
        remote: Where the dataset is read from; else it is this store's.
    """
    text = (None if remote else address_of_path(text)) or text
    address = parse(text, default_kind="data")
    if address.kind != "data":
        raise Invalid(f"{text!r} is not a dataset. Write it like data:flights@main", field="address")
    if remote is not None:
        from tenfold.workspace.sharing import dataset_at

        workspace(create=True)
        return dataset_at(remote, address.name), address
    return dataset_of(address.name), address


def address_of_path(text: str) -> str | None:
    """The address of the version that a tracked path's pointer names; None when it is no tracked path."""
    from tenfold.data.pointers import SUFFIX, read_pointer

    if ":" in text or "@" in text:
        return None
    pointer = read_pointer(Path(text.removesuffix(SUFFIX)).absolute())
    return None if pointer is None else f"data:{pointer.dataset}@v{pointer.number}"


def bare_name(text: str, instead: str) -> str:
    """The dataset's name, where the version is given apart; `instead` says how."""
    address = parse(text, default_kind="data")
    if address.kind != "data" or str(address) != f"data:{address.name}":
        raise Invalid(f"{text!r} is not the bare name of a dataset. Write it like: {instead}", field="dataset")
    return address.name


def version_in(address: Address) -> str | int | None:
    """What an address says of the version."""
    return address.number if address.number is not None else address.ref


def part_note(data: Any, at: str | int | None) -> str | None:
    """What to say of a version of which only part was fetched."""
    from tenfold.data.parts import find_part

    version = data.at(at)
    part = find_part(data.stores, version)
    if part is None:
        return None
    return (
        f"note: {part.files:,} of the {version.files:,} files of {version.address} were fetched. The rest: tenfold data fetch "
        f"{version.name}"
    )


def link_types(flag: str | None) -> list[str]:
    """The ways to place files that flag or setting name. Raises Invalid for one that is not known."""
    from tenfold.stores.blobs.linking import check_link_types

    value = settings.get("link", flag) or ""
    return list(check_link_types([name.strip() for name in value.split(",") if name.strip()]))


def echo_committed(done: list[Any]) -> None:
    """One line for each path, and the notes on it."""
    for one in done:
        version = one.version
        what = f"{version.files:,} files, {size(version.size_bytes)}" if one.is_new else "unchanged"
        click.echo(f"{one.path}: {version.address}, {what}")
        for note in one.notes:
            click.secho(f"  note: {note}", fg="yellow", err=True)
