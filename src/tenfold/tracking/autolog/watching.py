"""`tenfold.watch`: the weights and gradients of a PyTorch module, while a training loop of one's own runs."""

from __future__ import annotations

from types import TracebackType
from typing import Any

from tenfold.base.errors import Invalid
from tenfold.tracking.autolog import modules
from tenfold.tracking.autolog.fitting import quietly
from tenfold.tracking.run import ActiveRun


class Watch:
    """A module being watched. It stops with its run, with `stop()`, or as a context manager with its block.

    A step is a forward pass in training mode, counted from 0. Of every `every`-th one the length (L2 norm) of each
    weight's gradient and of the weight itself are logged, as `gradients/<name>` and `weights/<name>`; of every
    `histograms_every`-th one their histograms are kept under the same keys.
    """

    def __init__(
        self, run: ActiveRun, module: Any, *, every: int, histograms_every: int, gradients: bool, weights: bool
    ) -> None:
        """Use `watch`."""
        self._run, self._module = run, module
        self._every, self._histograms_every = every, histograms_every
        self._weights = weights
        self._step = -1
        self._hooks: list[Any] = [module.register_forward_pre_hook(self._forward)]
        if gradients:
            for name, weight in module.named_parameters():
                if weight.requires_grad:
                    hook = weight.register_post_accumulate_grad_hook(
                        lambda weight, name=name: self._gradient(name, weight)
                    )
                    self._hooks.append(hook)

    def stop(self) -> None:
        """Watch no more. May be called again."""
        hooks, self._hooks = self._hooks, []
        for hook in hooks:
            hook.remove()

    def __enter__(self) -> Watch:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self.stop()

    def _forward(self, module: Any, _: Any) -> None:
        if self._run.ended:
            self.stop()
        elif module.training:
            self._step += 1
            if self._weights and self._due(self._every):
                with quietly("torch", "what is watched"):
                    for name, weight in module.named_parameters():
                        self._see(f"weights/{name}", weight)

    def _gradient(self, name: str, weight: Any) -> None:
        if self._step >= 0 and self._due(self._every) and weight.grad is not None and not self._run.ended:
            with quietly("torch", "what is watched"):
                self._see(f"gradients/{name}", weight.grad)

    def _see(self, key: str, tensor: Any) -> None:
        values = tensor.detach()
        self._run.log({key: float(values.norm())}, step=self._step)
        if self._histograms_every and self._due(self._histograms_every):
            self._run.log_histogram(key, values.float().cpu().numpy(), step=self._step)

    def _due(self, every: int) -> bool:
        return self._step % every == 0


def watch(
    run: ActiveRun,
    module: Any,
    *,
    every: int = 100,
    histograms_every: int = 1000,
    gradients: bool = True,
    weights: bool = True,
) -> Watch:
    """Watch a PyTorch module; its layers and size are noted at once.

    Raises:
        Invalid: It is no module of PyTorch, or a number of steps is negative.
    """
    if not hasattr(module, "named_parameters") or not hasattr(module, "register_forward_pre_hook"):
        raise Invalid(f"A {type(module).__name__} is no module of PyTorch. Give a torch.nn.Module", field="module")
    if every < 1 or histograms_every < 0:
        raise Invalid("every must be 1 or more, histograms_every 0 (never) or more", field="every")
    with quietly("torch", "the layers"):
        run.set_params({"model": modules.size_of(module)})
        run.log_table("layers", modules.summary_of(module))
    return Watch(run, module, every=every, histograms_every=histograms_every, gradients=gradients, weights=weights)
