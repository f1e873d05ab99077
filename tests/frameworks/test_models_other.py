"""Models of Keras, transformers and CatBoost: kept in their own formats, asked, refused where they bring code."""

from __future__ import annotations

import io
import json
import zipfile
from concurrent.futures import ThreadPoolExecutor

import catboost
import httpx
import keras
import msgspec
import numpy as np
import pandas as pd
import pytest
import transformers
from tokenizers import Tokenizer, pre_tokenizers
from tokenizers import models as tokenizing

import tenfold.models as models
from tenfold.base.errors import Forbidden, Invalid
from tenfold.serving import Server, Target
from tenfold.testing.stores import memory_stores

pytestmark = pytest.mark.filterwarnings("ignore")
RNG = np.random.default_rng(0)
ROWS = RNG.random((40, 4), dtype="float32")


@pytest.fixture
def stores():
    return memory_stores()


def network():
    keras.utils.set_random_seed(0)
    return keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, "relu"), keras.layers.Dense(1, "sigmoid")])


def test_a_keras_model_comes_back_as_one(stores):
    made = network()
    model = models.load(stores, models.save(stores, made, "m", input_example=ROWS))
    assert [file.format for file in model.manifest.files] == ["keras"]
    assert model.predict(ROWS) == pytest.approx(made.predict(ROWS, verbose=0).ravel(), abs=1e-6)
    many = RNG.random((1000, 4), dtype="float32")
    assert model.predict(many) == pytest.approx(made.predict(many, verbose=0).ravel(), abs=1e-6)
    assert isinstance(model.native, keras.Model)


def test_a_keras_model_of_two_inputs_is_asked_by_name(stores):
    a, b = keras.Input((3,), name="a"), keras.Input((2, 2), name="b")
    made = keras.Model(
        {"a": a, "b": b}, keras.layers.Concatenate()([keras.layers.Dense(2)(a), keras.layers.Flatten()(b)])
    )
    example = {"a": RNG.random((5, 3)), "b": RNG.random((5, 2, 2))}
    model = models.load(stores, models.save(stores, made, "m", input_example=example))
    assert model.predict(example) == pytest.approx(made.predict(example, verbose=0), abs=1e-6)


def test_a_keras_model_with_a_lambda_is_refused(stores):
    made = keras.Sequential([keras.Input((4,)), keras.layers.Lambda(lambda x: x * 2)])
    with pytest.raises(Invalid, match=r"Lambda.*allow_pickle=True"):
        models.save(stores, made, "m", input_example=ROWS)


@pytest.mark.parametrize(
    "named",
    [
        {"module": "os", "class_name": "system", "config": {"command": "true"}},
        {"module": "builtins", "class_name": "function", "config": "exec"},
        {"module": "keras.layers", "class_name": "TorchModuleWrapper", "config": {}},
        {"module": None, "class_name": "Mine", "registered_name": "mine>Mine", "config": {}},
    ],
)
def test_an_archive_that_names_code_is_not_loaded(stores, named):
    version = models.save(stores, network(), "m", input_example=ROWS)
    entries = {entry.path: stores.blobs.get_bytes(entry.digest) for entry in stores.blobs.entries(version.digest)}
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(entries["model.keras"])) as given, zipfile.ZipFile(buffer, "w") as changed:
        for name in given.namelist():
            data = given.read(name)
            if name == "config.json":
                config = json.loads(data)
                config["config"]["layers"].append(named)
                data = json.dumps(config).encode()
            changed.writestr(name, data)
    tree = stores.blobs.put_tree(entries | {"model.keras": buffer.getvalue()})
    with pytest.raises(Forbidden, match=named["class_name"]):
        models.load(stores, msgspec.structs.replace(version, digest=tree.digest), allow_pickle=True)


def classifier():
    words = Tokenizer(tokenizing.WordLevel({"[UNK]": 0, "[PAD]": 1, "good": 2, "bad": 3}, unk_token="[UNK]"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer = transformers.PreTrainedTokenizerFast(tokenizer_object=words, pad_token="[PAD]", unk_token="[UNK]")
    transformers.set_seed(0)
    config = transformers.BertConfig(
        vocab_size=4, hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=8,
        max_position_embeddings=16, id2label={0: "sad", 1: "glad"}, label2id={"sad": 0, "glad": 1},
    )  # fmt: skip
    model = transformers.BertForSequenceClassification(config).eval()
    return transformers.pipeline("text-classification", model=model, tokenizer=tokenizer)


def test_a_pipeline_of_texts_is_kept_and_served(stores, tmp_path):
    pipeline = classifier()
    version = models.save(stores, pipeline, "mood", input_example={"text": ["good bad", "bad"]})
    model = models.load(stores, version)
    assert model.signature.classes == ["sad", "glad"]
    texts = ["good", "bad bad good"]
    assert model.predict({"text": texts}).tolist() == [each["label"] for each in pipeline(texts)]
    target = Target("mood", version.address)
    with Server(stores, [target], load=lambda version: models.load(stores, version), log_folder=tmp_path) as server:
        answer = httpx.post(f"{server.url}/invocations", json={"dataframe_records": [{"text": text} for text in texts]})
        assert answer.json()["predictions"] == model.predict({"text": texts}).tolist()


def test_threads_may_ask_a_pipeline_at_once(stores):
    model = models.load(stores, models.save(stores, classifier(), "mood"))
    texts = [["good " * n + "bad" for n in range(1, 9)] for _ in range(40)]
    told = model.predict({"text": texts[0]}).tolist()
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda batch: model.predict({"text": batch}).tolist(), texts))
    assert answers == [told] * 40


def test_a_bare_model_comes_back_with_its_weights(stores):
    given = classifier()
    model = models.load(stores, models.save(stores, given.model, "bert"))
    native = model.native
    assert type(native) is type(given.model)
    ours, theirs = native.state_dict(), given.model.state_dict()
    assert all((ours[name] == theirs[name]).all() for name in theirs)
    tokens = {"input_ids": np.array([[2, 3], [3, 3]]), "attention_mask": np.ones((2, 2), dtype=int)}
    asked = models.load(stores, models.save(stores, given.model, "bert", input_example=tokens)).predict(tokens)
    assert asked.shape == (2, 2)


def test_a_generator_of_text_gives_a_text(stores):
    tokenizer = classifier().tokenizer
    config = transformers.GPT2Config(
        vocab_size=4, n_embd=8, n_layer=1, n_head=2, n_positions=16, bos_token_id=0, eos_token_id=1
    )
    generator = transformers.pipeline(
        "text-generation", model=transformers.GPT2LMHeadModel(config), tokenizer=tokenizer, max_new_tokens=3
    )
    model = models.load(stores, models.save(stores, generator, "writer"))
    assert isinstance(model.predict({"text": ["good"]})[0], str)


def test_weights_as_a_pickle_beside_a_model_are_refused(stores):
    version = models.save(stores, classifier().model, "bert")
    entries = {entry.path: stores.blobs.get_bytes(entry.digest) for entry in stores.blobs.entries(version.digest)}
    tree = stores.blobs.put_tree(entries | {"transformers/pytorch_model.bin": b"cos\nsystem\n."})
    with pytest.raises(Forbidden, match=r"pytorch_model\.bin"):
        models.load(stores, msgspec.structs.replace(version, digest=tree.digest))


@pytest.mark.parametrize("labels", ["truths", "texts", "three"])
def test_catboost_keeps_its_categories_and_labels(stores, labels):
    table = pd.DataFrame(
        {"carrier": RNG.choice(["AA", "UA"], 200), "hour": RNG.random(200), "stops": RNG.integers(0, 3, 200)}
    )
    late = {
        "truths": table.hour > 0.5,
        "texts": np.where(table.hour > 0.5, "late", "on time"),
        "three": table.stops.to_numpy(),
    }[labels]
    fitted = catboost.CatBoostClassifier(iterations=10, verbose=0, cat_features=["carrier"], allow_writing_files=False)
    fitted.fit(table, late)
    model = models.load(stores, models.save(stores, fitted, "delay", input_example=table))
    assert [file.format for file in model.manifest.files] == ["cbm"]
    assert isinstance(model.native, catboost.CatBoostClassifier)
    assert np.array_equal(model.predict_proba(table), fitted.predict_proba(table))
    assert [str(label) for label in model.predict(table)] == [str(label) for label in fitted.predict(table).ravel()]
    assert {type(label) for label in model.predict(table).tolist()} == {type(model.signature.classes[0])}
