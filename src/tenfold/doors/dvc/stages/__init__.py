"""Stages: their order, their commands run, their outputs set aside meanwhile, and what became of them written down."""
