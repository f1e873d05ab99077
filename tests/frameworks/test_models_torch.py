"""Modules of PyTorch as models: an ONNX graph that answers the same, weights without pickle, a whole module on trust."""

from __future__ import annotations

import httpx
import numpy as np
import pandas as pd
import pytest
import torch

import tenfold.models as models
from tenfold.base.errors import Forbidden, Invalid
from tenfold.serving import Server, Target
from tenfold.testing.stores import memory_stores

ROWS = np.random.default_rng(0).random((50, 4), dtype="float32")


@pytest.fixture
def stores():
    return memory_stores()


def layers():
    torch.manual_seed(0)
    return torch.nn.Sequential(
        torch.nn.Linear(4, 8), torch.nn.BatchNorm1d(8), torch.nn.ReLU(), torch.nn.Dropout(), torch.nn.Linear(8, 3)
    )


class Words(torch.nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.table, self.last = torch.nn.Embedding(10, 4), torch.nn.Linear(4, 2)

    def forward(self, tokens, weight):
        return {"logits": self.last((self.table(tokens) * weight[:, :, None]).mean(1))}


class Undecided(torch.nn.Module):
    """What no tracer takes: it looks at its numbers."""

    def __init__(self):
        super().__init__()
        self.last = torch.nn.Linear(4, 1)

    def forward(self, x):
        return self.last(x) if x.sum().item() > 0 else self.last(-x)


SENTENCES = {"tokens": np.arange(35).reshape(5, 7) % 10, "weight": np.linspace(0, 1, 35).reshape(5, 7)}


def expected(module, *arguments, **named):
    with torch.no_grad():
        return module.eval()(*arguments, **named)


def test_a_module_is_kept_as_onnx_and_as_weights(stores):
    module = layers().train()
    version = models.save(stores, module, "m", input_example=ROWS)
    assert module.training and all(part.training for part in module), "the user's module is as it was"
    assert version.type == "model/torch"
    assert version.metadata["formats"] == ["onnx", "safetensors"]
    assert version.metadata["max_difference"] < 1e-5
    model = models.load(stores, version)
    assert model.predict(ROWS) == pytest.approx(expected(module, torch.from_numpy(ROWS)).numpy(), abs=1e-5)
    assert model.predict(ROWS[:1]).shape == (1, 3), "any number of rows"


def test_columns_of_a_frame_are_taken_by_name(stores):
    frame = pd.DataFrame(ROWS, columns=list("abcd"))
    module = layers()
    model = models.load(stores, models.save(stores, module, "m", input_example=frame))
    turned = frame[["d", "c", "b", "a"]]
    assert model.predict(turned) == pytest.approx(expected(module, torch.from_numpy(ROWS)).numpy(), abs=1e-5)


def test_images_are_one_array_a_row(stores):
    module = torch.nn.Sequential(torch.nn.Conv2d(3, 2, 3), torch.nn.Flatten(), torch.nn.Linear(72, 1))
    images = torch.rand(4, 3, 8, 8)
    model = models.load(stores, models.save(stores, module, "m", input_example=images))
    assert model.signature.inputs[0].shape == [3, 8, 8]
    assert model.predict(images[:1]) == pytest.approx(expected(module, images[:1]).numpy().ravel(), abs=1e-5)


def test_several_arrays_are_given_by_name(stores):
    module = Words()
    model = models.load(stores, models.save(stores, module, "m", input_example=SENTENCES))
    told = expected(
        module, tokens=torch.from_numpy(SENTENCES["tokens"]), weight=torch.from_numpy(SENTENCES["weight"]).float()
    )
    assert model.predict(SENTENCES) == pytest.approx(told["logits"].numpy(), abs=1e-5)


def test_weights_go_into_a_module_of_the_readers_making(stores):
    trained, made = Words(), Words()
    with torch.no_grad():
        trained.last.weight.mul_(3)
    model = models.load(stores, models.save(stores, trained, "m"))
    model.load_weights(made)
    assert all(
        torch.equal(a, b) for a, b in zip(trained.state_dict().values(), made.state_dict().values(), strict=True)
    )
    with pytest.raises(Invalid, match="do not fit"):
        model.load_weights(layers())
    with pytest.raises(Invalid, match=r"load_weights\(module\)"):
        model.predict(SENTENCES)


def test_weights_that_are_tied_are_kept_once(stores):
    class Tied(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.last = torch.nn.Linear(4, 4, bias=False), torch.nn.Linear(4, 4, bias=False)
            self.last.weight = self.first.weight

    trained, made = Tied(), Tied()
    models.load(stores, models.save(stores, trained, "m")).load_weights(made)
    assert torch.equal(made.last.weight, trained.last.weight)


def test_what_does_not_convert_is_kept_as_weights_and_says_why(stores):
    model = models.load(stores, models.save(stores, Undecided(), "m", input_example=ROWS))
    assert [file.format for file in model.manifest.files] == ["safetensors"]
    assert "data-dependent" in model.manifest.not_kept["onnx"]


def test_a_whole_module_comes_back_only_on_trust(stores):
    module = layers()
    version = models.save(stores, module, "m", input_example=ROWS, allow_pickle=True)
    assert version.metadata["formats"] == ["onnx", "safetensors", "pt2"]
    with pytest.raises(Forbidden, match=r"\.pt2"):
        models.load(stores, version).native  # noqa: B018
    native = models.load(stores, version, allow_pickle=True).native
    given = native(torch.from_numpy(ROWS)).detach()
    assert torch.allclose(given, expected(module, torch.from_numpy(ROWS)), atol=1e-6)


def test_rows_of_the_wrong_shape_are_named(stores):
    model = models.load(stores, models.save(stores, Words(), "m", input_example=SENTENCES))
    with pytest.raises(Invalid, match="'weight'"):
        model.predict({"tokens": SENTENCES["tokens"], "weight": SENTENCES["weight"][:, :3]})


def test_a_module_is_served(stores, tmp_path):
    module = Words()
    version = models.save(stores, module, "words", input_example=SENTENCES)
    told = models.load(stores, version).predict(SENTENCES)
    with Server(
        stores,
        [Target("words", version.address)],
        load=lambda version: models.load(stores, version),
        log_folder=tmp_path,
    ) as server:
        columns = {name: values.tolist() for name, values in SENTENCES.items()}
        answer = httpx.post(f"{server.url}/invocations", json={"inputs": columns})
        assert np.array(answer.json()["predictions"]) == pytest.approx(told, abs=1e-6)
        tensors = [
            {"name": "tokens", "shape": [5, 7], "datatype": "INT64", "data": columns["tokens"]},
            {"name": "weight", "shape": [5, 7], "datatype": "FP32", "data": columns["weight"]},
        ]
        answer = httpx.post(f"{server.url}/v2/models/words/infer", json={"inputs": tensors})
        output = answer.json()["outputs"][0]
        assert output["shape"] == [5, 2]
        assert output["data"] == pytest.approx(told.ravel().tolist(), abs=1e-6)
