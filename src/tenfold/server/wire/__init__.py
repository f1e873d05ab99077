"""What crosses the wire between server and pages: msgspec Structs, one file a noun. ui/src/wire.ts is made from them.
Curves, lineage graphs and explanations cross as the records they are.

Answers send every field, also null ones, so a page never asks whether a field is there. Requests may leave out what
has a default. Times are UTC milliseconds; a number that is NaN or infinite is sent as null.
"""

from tenfold.server.wire.compare import (
    DataPair,
    Definition,
    Drawing,
    DrawnLine,
    DrawQuery,
    Importance,
    ImportanceQuery,
    ParamImportance,
    RunPair,
    RunSet,
    RunSetQuery,
    ValuePair,
    View,
    ViewEdit,
    ViewList,
)
from tenfold.server.wire.curves import CurveSet, PointRows, SeriesList, SeriesRow
from tenfold.server.wire.data import (
    ColumnPair,
    ColumnSide,
    DataDetail,
    DataList,
    DataRow,
    DataVersion,
    FileChange,
    FileDiff,
    FileList,
    FilePair,
    FileRow,
    FileSide,
    Preview,
    RowPair,
    TableColumn,
    TablePair,
    TablePreview,
)
from tenfold.server.wire.datums import DatumFile, DatumInput, DatumList, DatumRow, DatumRun
from tenfold.server.wire.home import AttentionRow, Counts, Hit, HitList, Home, Problem, ServerHealth, ServerVersion
from tenfold.server.wire.media import MediaItem, MediaKey, MediaList
from tenfold.server.wire.models import (
    AliasMove,
    ApprovalAsk,
    ApprovalSay,
    BinAction,
    BinDone,
    ModelDetail,
    ModelEdit,
    ModelList,
    ModelRow,
    ModelVersionRow,
)
from tenfold.server.wire.operations import (
    Alarm,
    CheckRow,
    DeploymentDetail,
    DeploymentList,
    DeploymentRow,
    MonitorDetail,
    MonitorList,
    MonitorRow,
    Target,
)
from tenfold.server.wire.pipelines import (
    GraphEdge,
    GraphNode,
    PipelineGraph,
    PipelineList,
    PipelineRow,
)
from tenfold.server.wire.reports import (
    PanelRuns,
    ReportBlock,
    ReportDetail,
    ReportDraft,
    ReportEdit,
    ReportList,
    ReportPreview,
    ReportRow,
    ReportVersion,
)
from tenfold.server.wire.runs import (
    ArtifactUse,
    ArtifactUses,
    Changed,
    CodeRow,
    Ids,
    LogText,
    MetricRow,
    PatchText,
    ProjectList,
    ProjectRow,
    RunAction,
    RunDetail,
    RunEdit,
    RunFilter,
    RunKeys,
    RunLink,
    RunPage,
    RunRow,
    RunsActed,
)
from tenfold.server.wire.schemas import (
    SchemaColumn,
    SchemaDetail,
    SchemaEdit,
    SchemaList,
    SchemaRow,
    SchemaVersion,
)
from tenfold.server.wire.versions import (
    MoveRow,
    RefRow,
    VersionDetail,
    VersionLink,
    VersionPage,
    VersionRow,
    VersionUse,
)

__all__ = [
    "Alarm", "AliasMove", "ApprovalAsk", "ApprovalSay", "ArtifactUse", "ArtifactUses", "AttentionRow",
    "BinAction", "BinDone", "Changed", "CheckRow", "CodeRow", "ColumnPair", "ColumnSide", "Counts",
    "CurveSet", "DataDetail", "DataList", "DataPair", "DataRow", "DataVersion", "DatumFile", "DatumInput",
    "DatumList", "DatumRow", "DatumRun", "Definition", "DeploymentDetail", "DeploymentList", "DeploymentRow",
    "DrawQuery", "Drawing", "DrawnLine", "FileChange", "FileDiff", "FileList", "FilePair", "FileRow",
    "FileSide", "GraphEdge", "GraphNode", "Hit", "HitList", "Home", "Ids", "Importance", "ImportanceQuery",
    "LogText", "MediaItem", "MediaKey", "MediaList", "MetricRow", "ModelDetail", "ModelEdit", "ModelList",
    "ModelRow", "ModelVersionRow", "MonitorDetail", "MonitorList", "MonitorRow", "MoveRow", "PanelRuns",
    "ParamImportance", "PatchText", "PipelineGraph", "PipelineList", "PipelineRow", "PointRows", "Preview",
    "Problem", "ProjectList", "ProjectRow", "RefRow", "ReportBlock", "ReportDetail", "ReportDraft",
    "ReportEdit", "ReportList", "ReportPreview", "ReportRow", "ReportVersion", "RowPair", "RunAction",
    "RunDetail", "RunEdit", "RunFilter", "RunKeys", "RunLink", "RunPage", "RunPair", "RunRow", "RunSet",
    "RunSetQuery", "RunsActed", "SchemaColumn", "SchemaDetail", "SchemaEdit", "SchemaList", "SchemaRow",
    "SchemaVersion", "SeriesList", "SeriesRow", "ServerHealth", "ServerVersion", "TableColumn", "TablePair",
    "TablePreview", "Target", "ValuePair", "VersionDetail", "VersionLink", "VersionPage", "VersionRow",
    "VersionUse", "View", "ViewEdit", "ViewList",
]  # fmt: skip
