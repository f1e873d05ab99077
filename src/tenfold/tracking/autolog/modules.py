"""What a PyTorch module and an optimizer say of themselves, for all that trains them."""

from __future__ import annotations

from typing import Any

from tenfold.tracking.autolog.fitting import short

MOST_LAYERS = 1000


def size_of(module: Any) -> dict[str, Any]:
    """Counts for the parameters of a run: weights, those that are trained, bytes with buffers."""
    weights = list(module.parameters())
    kept = [*weights, *module.buffers()]
    return {
        "class": type(module).__qualname__,
        "parameters": sum(_count(weight) for weight in weights),
        "trainable": sum(_count(weight) for weight in weights if weight.requires_grad),
        "size_bytes": sum(_count(tensor) * tensor.element_size() for tensor in kept),
    }


def summary_of(module: Any) -> list[dict[str, Any]]:
    """A row a layer that has weights of its own, in the module's order; at most 1,000."""
    rows = []
    for name, part in module.named_modules():
        own = list(part.named_parameters(recurse=False))
        if own:
            rows.append(
                {
                    "layer": name or "(itself)",
                    "type": type(part).__name__,
                    "weights": ", ".join(f"{key} {tuple(weight.shape)}" for key, weight in own),
                    "parameters": sum(_count(weight) for _, weight in own),
                    "trainable": any(weight.requires_grad for _, weight in own),
                }
            )
    return rows[:MOST_LAYERS]


def params_of(optimizer: Any) -> dict[str, Any]:
    """An optimizer's name and what it was given; of several groups of weights, what differs in each."""
    shared = {key: short(value) for key, value in optimizer.defaults.items()}
    groups = [
        {key: short(value) for key, value in group.items() if key != "params" and shared.get(key) != short(value)}
        for group in optimizer.param_groups
    ]
    found = {"name": type(optimizer).__name__, **shared}
    if len(groups) == 1:
        return found | groups[0]
    return found | {"groups": groups} if any(groups) else found


def _count(tensor: Any) -> int:
    try:
        return int(tensor.numel())
    except (ValueError, RuntimeError):  # of lazy layers before their first input
        return 0
