"""PyTorch loops of one's own: the optimizer is noted, and what `tenfold.watch` sees."""

from __future__ import annotations

import json

import pytest
import torch

import tenfold
from tenfold.base.errors import Invalid


def net():
    torch.manual_seed(0)
    return torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.Linear(8, 1))


def train(module, steps=5):
    optimizer = torch.optim.SGD(module.parameters(), lr=0.1, momentum=0.5)
    lengths = []
    for _ in range(steps):
        optimizer.zero_grad()
        module(torch.ones(3, 4)).square().mean().backward()
        lengths.append(float(module[0].weight.grad.norm()))
        optimizer.step()
    return lengths


def test_an_optimizer_is_noted_in_the_run_that_is_active(kept):
    with tenfold.run("loops"):
        train(net())
        torch.optim.Adam(net().parameters(), lr=0.01)
    params = kept.only().params
    assert (params["optimizer"]["name"], params["optimizer"]["lr"], params["optimizer"]["momentum"]) == (
        "SGD",
        0.1,
        0.5,
    )
    assert params["optimizer_2"]["name"] == "Adam"


def test_without_a_run_an_optimizer_starts_none(kept):
    train(net())
    assert tenfold.Client().runs("").items == []


def test_groups_with_other_settings_are_told(kept):
    module = net()
    with tenfold.run("loops"):
        torch.optim.SGD([{"params": module[0].parameters()}, {"params": module[2].parameters(), "lr": 0.5}], lr=0.1)
    assert kept.only().params["optimizer"]["groups"] == [{}, {"lr": 0.5}]


def test_a_watched_module_logs_the_length_of_each_gradient(kept):
    module = net()
    with tenfold.run("loops") as run:
        tenfold.watch(module, every=2, histograms_every=4)
        lengths = train(module)
        module.eval()(torch.ones(1, 4))
    assert run.ended
    stored = kept.only()
    seen = kept.points(stored, "gradients/0.weight")
    assert seen == pytest.approx({0: lengths[0], 2: lengths[2], 4: lengths[4]})
    assert set(kept.points(stored, "weights/2.bias")) == {0, 2, 4}
    assert stored.params["model"] == {"class": "Sequential", "parameters": 49, "trainable": 49, "size_bytes": 196}
    histogram = json.loads(kept.content(kept.artifacts(stored)["gradients/0.weight"], "histogram.json"))
    assert sum(histogram["counts"]) == 32


def test_a_watch_that_stopped_leaves_no_hook(kept):
    module = net()
    with tenfold.run("loops"):
        with tenfold.watch(module, every=1):
            train(module, 1)
        train(module, 3)
    assert set(kept.points(kept.only(), "gradients/0.weight")) == {0}
    assert not module._forward_pre_hooks


def test_a_run_that_ended_ends_the_watch(kept):
    module = net()
    with tenfold.run("loops"):
        tenfold.watch(module, every=1)
        train(module, 1)
    train(module, 2)
    assert set(kept.points(kept.only(), "gradients/0.weight")) == {0}
    assert not module._forward_pre_hooks


def test_what_is_no_module_is_refused(kept):
    with tenfold.run("loops"), pytest.raises(Invalid, match="no module"):
        tenfold.watch([1, 2])
