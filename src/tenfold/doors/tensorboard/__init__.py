"""Reads TensorBoard event files: scalars, hyperparameters, images, audio, texts and histograms; no TensorFlow needed."""

from __future__ import annotations

from tenfold.doors.tensorboard.runs import read

__all__ = ["read"]
