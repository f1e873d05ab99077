"""What a container engine is told of a step: resources, variables; and what cannot be told, refused by name."""

from __future__ import annotations

import re

import msgspec

from tenfold.base.errors import Invalid
from tenfold.pipelines.drawing import Drawing, Drawn
from tenfold.pipelines.driving.growth import Growth


class Containers(msgspec.Struct, frozen=True, kw_only=True):
    """Where Tenfold is in an engine's containers."""

    image: str
    """Of steps that name none: with Python, Tenfold, and the packages and code of the steps."""
    python: str = "python3"
    environ: dict[str, str] = {}
    """Variables of every container, TENFOLD_STORE among them."""
    secret_environ: dict[str, tuple[str, str]] = {}
    """Variables from Kubernetes secrets: {"TENFOLD_TOKEN": ("tenfold", "token")}."""
    project: str | None = None
    gpu: str = "nvidia.com/gpu"


def check_containers(drawing: Drawing, *, engine: str, image: str) -> None:
    """Raise Invalid for the first thing that an engine of containers has no word for."""
    for node in drawing.nodes:
        options, what = node.options, f"Step {node.key!r}"
        if options.executor:
            raise Invalid(
                f"{what} names the executor {options.executor!r}, and {engine} runs it in a container of its own. "
                "Leave executor= out",
                field="executor",
            )
        if options.resources.nodes > 1:
            raise Invalid(
                f"{what} runs on {options.resources.nodes} nodes, and {engine} gives a step one. Run it with "
                "tenfold run --executor kubernetes",
                field="nodes",
            )
        if options.growth != Growth():
            raise Invalid(
                f"{what} has resources_growth, and {engine} gives each attempt the same. Ask for the most at once",
                field="resources_growth",
            )
        if not (options.image or image):
            raise Invalid(
                f"{what} names no image, and {engine} runs images. Give one: --image team/train:3", field="image"
            )


def image_of(node: Drawn, containers: Containers) -> str:
    """The image a step runs in."""
    return node.options.image or containers.image


def dashed(key: str) -> str:
    """A key as a name that Kubernetes takes: small letters, digits and dashes."""
    return re.sub(r"[^a-z0-9]+", "-", key.lower()).strip("-") or "step"


def names_of(drawing: Drawing) -> dict[str, str]:
    """By key: a name that Kubernetes takes, different from those of the others."""
    names: dict[str, str] = {}
    for node in drawing.nodes:
        name = wanted = f"s-{dashed(node.key)}" if dashed(node.key) in RESERVED else dashed(node.key)
        number = 2
        while name in names.values():
            name, number = f"{wanted}-x{number}", number + 1
        names[node.key] = name
    return names


RESERVED = ("begin", "end", "main")


def quantity(number: float) -> str:
    """Cores or bytes as Kubernetes writes them."""
    for unit, size in (("Ti", 2**40), ("Gi", 2**30), ("Mi", 2**20), ("Ki", 2**10)):
        if number >= size and number % size == 0:
            return f"{int(number // size)}{unit}"
    return str(int(number)) if number == int(number) else f"{number:g}"
