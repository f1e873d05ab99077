"""Reads the run folders Weights & Biases writes on a disk, offline or not; the wandb package is not needed."""

from __future__ import annotations

from tenfold.doors.wandb.runs import read

__all__ = ["read"]
