"""The routes, one file a noun. `TABLE` is all of them: what is dispatched, documented and tested."""

from tenfold.server.routes import curves, data, deployments, home, lineage, models, monitors, pipelines, runs, versions
from tenfold.server.table import Route

TABLE: list[Route] = [
    *home.ROUTES,
    *runs.ROUTES,
    *curves.ROUTES,
    *pipelines.ROUTES,
    *data.ROUTES,
    *versions.ROUTES,
    *models.ROUTES,
    *deployments.ROUTES,
    *monitors.ROUTES,
    *lineage.ROUTES,
]
