"""The Trainer of transformers, with a model of a few weights."""

from __future__ import annotations

import pytest
import torch
import transformers

import tenfold

pytestmark = pytest.mark.filterwarnings("ignore")


def trainer(tmp_path, **options):
    config = transformers.BertConfig(
        vocab_size=8, hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=8,
        max_position_embeddings=8,
    )  # fmt: skip
    torch.manual_seed(0)
    data = [{"input_ids": [1, 2, index % 8], "labels": index % 2} for index in range(16)]
    arguments = transformers.TrainingArguments(
        output_dir=str(tmp_path / "out"), num_train_epochs=2, per_device_train_batch_size=4, logging_steps=2,
        report_to="none", use_cpu=True, disable_tqdm=True, eval_strategy="epoch", **options,
    )  # fmt: skip
    model = transformers.BertForSequenceClassification(config)
    return transformers.Trainer(
        model, arguments, train_dataset=data, eval_dataset=data, data_collator=transformers.default_data_collator
    )


def test_training_logs_what_the_trainer_logs(kept, tmp_path):
    made = trainer(tmp_path, learning_rate=0.01, save_strategy="no")
    made.train()
    run = kept.only()
    told = [each for each in made.state.log_history if "loss" in each]
    assert kept.points(run, "loss") == pytest.approx({each["step"]: each["loss"] for each in told})
    assert sorted(kept.points(run, "eval_loss")) == [4, 8]
    assert (run.params["learning_rate"], run.params["num_train_epochs"]) == (0.01, 2)
    assert run.params["config"]["hidden_size"] == 8
    assert run.params["model"]["parameters"] == sum(weight.numel() for weight in made.model.parameters())
    assert run.params["optimizer"]["name"] == "AdamW"
    assert run.result["steps"] == 8
    assert "output_dir" not in run.params


def test_the_best_checkpoint_is_told_and_no_callback_stays(kept, tmp_path):
    options = {"load_best_model_at_end": True, "metric_for_best_model": "eval_loss", "save_strategy": "epoch"}
    made = trainer(tmp_path, **options)
    before = list(made.callback_handler.callbacks)
    made.train()
    assert kept.only().result["best_model_checkpoint"] == made.state.best_model_checkpoint
    assert [type(each) for each in made.callback_handler.callbacks] == [type(each) for each in before]


def test_turned_off_nothing_is_logged(kept, tmp_path):
    tenfold.autolog(disable=True)
    trainer(tmp_path, save_strategy="no").train()
    assert tenfold.Client().runs("").items == []
