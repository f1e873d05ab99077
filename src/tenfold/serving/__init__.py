"""Serving: models over HTTP in the protocols people use, with every prediction named, logged and found again.

Models come in as versions and a function that loads them: this room knows no engine that makes them.
"""

from tenfold.serving.app import App
from tenfold.serving.log import PredictionRecord, find_prediction, outcomes, predictions
from tenfold.serving.publish import publish_orphans
from tenfold.serving.server import Server, create_app, run_server
from tenfold.serving.target import Load, Servable, Target

__all__ = [
    "App",
    "Load",
    "PredictionRecord",
    "Servable",
    "Server",
    "Target",
    "create_app",
    "find_prediction",
    "outcomes",
    "predictions",
    "publish_orphans",
    "run_server",
]
