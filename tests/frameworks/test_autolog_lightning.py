"""Lightning's Trainer, under both names of the library."""

from __future__ import annotations

import lightning.pytorch
import pytest
import pytorch_lightning
import torch

import tenfold

pytestmark = pytest.mark.filterwarnings("ignore")


def parts(home):
    class Net(home.LightningModule):
        def __init__(self, width: int = 4, lr: float = 0.1) -> None:
            super().__init__()
            self.save_hyperparameters()
            self.layer = torch.nn.Linear(width, 1)
            self.example_input_array = torch.ones(2, width)

        def forward(self, x):
            return self.layer(x)

        def training_step(self, batch, index):
            loss = self(batch[0]).square().mean()
            self.log("loss", loss, on_step=True, on_epoch=True)
            return loss

        def validation_step(self, batch, index):
            self.log("val_loss", self(batch[0]).square().mean())

        def configure_optimizers(self):
            return torch.optim.SGD(self.parameters(), lr=self.hparams.lr)

    data = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(torch.ones(8, 4)), batch_size=2)
    return Net(), data


def fit(home, tmp_path, **options):
    torch.manual_seed(0)
    module, data = parts(home)
    quiet = {"accelerator": "cpu", "enable_progress_bar": False, "enable_model_summary": False, "log_every_n_steps": 1}
    trainer = home.Trainer(default_root_dir=tmp_path, max_epochs=2, **quiet, **options)
    trainer.fit(module, data, data)
    return module, trainer


@pytest.mark.parametrize("home", [lightning.pytorch, pytorch_lightning])
def test_a_fit_logs_its_metrics_by_step_and_epoch(kept, tmp_path, home):
    _, trainer = fit(home, tmp_path, logger=home.loggers.CSVLogger(tmp_path))
    run = kept.only()
    assert run.params["lr"] == 0.1 and run.params["trainer"]["max_epochs"] == 2
    assert run.params["model"]["parameters"] == 5
    assert run.params["optimizer"]["name"] == "SGD"
    assert sorted(kept.points(run, "loss_step")) == list(range(8))
    assert sorted(kept.points(run, "val_loss")) == [3, 7]
    assert kept.points(run, "val_loss")[7] == pytest.approx(float(trainer.callback_metrics["val_loss"]))
    assert run.result == {"epochs": 2, "steps": 8}
    assert len(trainer.loggers) == 1, "the user's own are as they were"


def test_the_best_checkpoint_and_the_model_are_kept(kept, tmp_path):
    home = lightning.pytorch
    best = home.callbacks.ModelCheckpoint(tmp_path / "best", monitor="val_loss")
    module, _ = fit(home, tmp_path, callbacks=[best])
    made = kept.artifacts(kept.only())
    checkpoint = made["checkpoint"]
    assert checkpoint.metadata["monitor"] == "val_loss"
    assert checkpoint.metadata["score"] == pytest.approx(float(best.best_model_score))
    name = checkpoint.metadata["file"]
    assert kept.content(checkpoint, name) == (tmp_path / "best" / name).read_bytes()
    loaded = tenfold.load_model(made["model"].address)
    rows = torch.rand(3, 4)
    assert loaded.predict(rows) == pytest.approx(module(rows).detach().numpy().ravel(), abs=1e-5)


def test_a_fit_that_stopped_early_says_so(kept, tmp_path):
    home = lightning.pytorch
    stop = home.callbacks.EarlyStopping("val_loss", min_delta=100.0, patience=1)
    fit(home, tmp_path, callbacks=[stop])
    run = kept.only()
    assert run.params["trainer"]["early_stopping"]["patience"] == 1
    assert run.result["stopped_epoch"] == stop.stopped_epoch == 1


def test_a_trainer_without_loggers_keeps_its_folders_and_logs_epochs(kept, tmp_path):
    _, trainer = fit(lightning.pytorch, tmp_path, logger=False)
    run = kept.only()
    assert sorted(kept.points(run, "val_loss")) == [3, 7]
    assert trainer.loggers == []
    assert trainer.checkpoint_callback.dirpath == str(tmp_path / "checkpoints")
    assert [type(each).__name__ for each in trainer.callbacks if "Epochs" in type(each).__name__] == []


def test_a_fit_that_fails_is_a_failed_run_and_raises_what_it_raised(kept, tmp_path):
    module, data = parts(lightning.pytorch)
    module.training_step = lambda *_: 1 / 0
    trainer = lightning.pytorch.Trainer(
        default_root_dir=tmp_path, max_epochs=1, logger=False, enable_progress_bar=False, accelerator="cpu"
    )
    with pytest.raises(ZeroDivisionError):
        trainer.fit(module, data)
    assert kept.only().state == "failed"
