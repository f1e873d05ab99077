"""Keras 3 on PyTorch."""

from __future__ import annotations

import keras
import numpy as np
import pytest

import tenfold

pytestmark = pytest.mark.filterwarnings("ignore:.*__array__ implementation:DeprecationWarning")  # Keras's own

X = np.random.default_rng(0).random((60, 4)).astype("float32")
Y = (X[:, 0] > 0.5).astype("float32")


def model():
    keras.utils.set_random_seed(0)
    made = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3), keras.layers.Dense(1, activation="sigmoid")])
    made.compile(optimizer=keras.optimizers.Adam(0.05), loss="binary_crossentropy", metrics=["accuracy"])
    return made


def test_a_fit_logs_its_history_and_keeps_its_model(kept):
    fitted = model()
    history = fitted.fit(X, Y, epochs=3, batch_size=16, validation_split=0.2, verbose=0)
    run = kept.only()
    for name in ("loss", "accuracy", "val_loss", "val_accuracy"):
        assert list(kept.points(run, name).values()) == pytest.approx([float(value) for value in history.history[name]])
    assert (run.params["epochs"], run.params["batch_size"], run.params["loss"]) == (3, 16, "binary_crossentropy")
    assert run.params["optimizer"]["name"] == "Adam"
    assert run.params["model"]["parameters"] == 19
    assert b"dense" in kept.content(kept.artifacts(run)["summary"], "text.txt")
    loaded = tenfold.load_model(kept.artifacts(run)["model"].address)
    assert loaded.predict(X[:5]) == pytest.approx(fitted.predict(X[:5], verbose=0).ravel(), abs=1e-6)


def test_callbacks_of_ones_own_run_and_an_early_stop_is_told(kept):
    stop = keras.callbacks.EarlyStopping("loss", min_delta=100, patience=1)
    fitted = model()
    mine = [stop]
    fitted.fit(X, Y, epochs=9, verbose=0, callbacks=mine)
    assert mine == [stop]
    assert kept.only().result == {"stopped_epoch": stop.stopped_epoch, "best_epoch": 0}


def test_a_fit_in_a_run_goes_to_that_run(kept):
    with tenfold.run("mine") as run:
        model().fit(X, Y, epochs=1, verbose=0)
        model().fit(X, Y, epochs=2, verbose=0)
    stored = kept.only()
    assert stored.id == run.id
    assert len(kept.points(stored, "Sequential_2/loss")) == 2


def test_what_cannot_be_logged_does_not_stop_the_training(kept, caplog):
    fitted = model()
    fitted.optimizer.get_config = lambda: 1 / 0
    fitted.fit(X, Y, epochs=1, verbose=0)
    assert len(kept.points(kept.only(), "loss")) == 1
    assert "ZeroDivisionError" in caplog.text
    caplog.clear()
