"""The routes, one file a noun. `TABLE` is all of them: what is dispatched, documented and tested."""

from tenfold.server.routes.compare import ROUTES as COMPARE
from tenfold.server.routes.curves import ROUTES as CURVES
from tenfold.server.routes.data import ROUTES as DATA
from tenfold.server.routes.data_diff import ROUTES as DATA_DIFF
from tenfold.server.routes.datums import ROUTES as DATUMS
from tenfold.server.routes.deployments import ROUTES as DEPLOYMENTS
from tenfold.server.routes.evaluations import ROUTES as EVALUATIONS
from tenfold.server.routes.home import ROUTES as HOME
from tenfold.server.routes.lineage import ROUTES as LINEAGE
from tenfold.server.routes.media import ROUTES as MEDIA
from tenfold.server.routes.models import ROUTES as MODELS
from tenfold.server.routes.monitors import ROUTES as MONITORS
from tenfold.server.routes.notices import ROUTES as NOTICES
from tenfold.server.routes.pipeline_runs import ROUTES as PIPELINE_RUNS
from tenfold.server.routes.pipelines import ROUTES as PIPELINES
from tenfold.server.routes.pools import ROUTES as POOLS
from tenfold.server.routes.registry import ROUTES as REGISTRY
from tenfold.server.routes.reports import ROUTES as REPORTS
from tenfold.server.routes.run_actions import ROUTES as RUN_ACTIONS
from tenfold.server.routes.runs import ROUTES as RUNS
from tenfold.server.routes.schedules import ROUTES as SCHEDULES
from tenfold.server.routes.schemas import ROUTES as SCHEMAS
from tenfold.server.routes.versions import ROUTES as VERSIONS
from tenfold.server.routes.views import ROUTES as VIEWS
from tenfold.server.table import Route

TABLE: list[Route] = [
    *HOME, *RUNS, *RUN_ACTIONS, *REPORTS, *CURVES, *COMPARE, *MEDIA, *PIPELINES, *PIPELINE_RUNS, *SCHEDULES, *POOLS, *NOTICES, *DATA, *DATA_DIFF, *DATUMS, *VERSIONS, *VIEWS, *MODELS, *EVALUATIONS, *REGISTRY, *DEPLOYMENTS, *MONITORS, *SCHEMAS, *LINEAGE,
]  # fmt: skip
