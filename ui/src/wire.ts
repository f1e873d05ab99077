// Made by scripts/wire_types.py from the Structs of src/tenfold/server/wire. Do not edit.
// Times are UTC milliseconds. A field with ? may be absent: it then has its default (empty, false, 0 or null).

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** Something a check found wrong. */
export interface Alarm {
  kind: string;
  severity: string;
  text: string;
  column: string | null;
  value: number | null;
  limit: number | null;
}

/** An alarm from its opening on. `status`: open, acknowledged, muted or closed. */
export interface AlarmRow {
  id: string;
  key: string;
  status: string;
  severity: string;
  text: string;
  column: string | null;
  value: number | null;
  limit: number | null;
  first_window: string;
  last_window: string;
  opened_at_ms: number;
  closed_at_ms: number | null;
  acknowledged_by: string;
  why: string;
  muted_until_ms: number | null;
  actions: Record<string, string>;
}

/** Acknowledge an alarm, or mute its key: for so many hours, 0 lifts it. */
export interface AlarmSay {
  say: "acknowledge" | "mute";
  hours: number;
  why: string;
}

/** Where an alias shall point and why. `expect` guards: the number it must point at now. */
export interface AliasMove {
  version: number;
  why: string;
  expect?: number | null;
  force?: boolean;
  who?: string;
}

/** One way in which data break a schema. `type` is TensorFlow Data Validation's name for it; column '' is the table. */
export interface Anomaly {
  column: string;
  type: string;
  severity: "error" | "info" | "warning";
  short: string;
  long: string;
  examples?: Example[];
  change?: Change | null;
}

/** A request and, when there is one, its answer. `version` is the number of the model's version. */
export interface Approval {
  number: number;
  model: string;
  alias: string;
  version: number;
  version_id: string;
  by: string;
  comment: string;
  at_ms: number;
  state: "approved" | "open" | "rejected";
  answered_by: string;
  answer: string;
  answered_at_ms: number | null;
}

/** Ask that an alias may take a version. */
export interface ApprovalAsk {
  alias: string;
  version: number;
  comment?: string;
  who?: string;
}

/** Answer a request; a yes moves the alias unless `move` is false, a no needs a comment. */
export interface ApprovalSay {
  approved: boolean;
  comment?: string;
  who?: string;
  move?: boolean;
}

/** A version this run produced or used, and as what. */
export interface ArtifactUse {
  direction: string;
  role: string;
  at_ms: number;
  version: VersionRow;
}

export interface ArtifactUses {
  items: ArtifactUse[];
}

/** Something a person should look at. */
export interface AttentionRow {
  kind: string;
  severity: string;
  title: string;
  detail: string;
  address: string;
  page: string;
  at_ms: number;
}

/** A range of moments, both ends included; `parallel` runs at a time. `preview` asks for nothing. */
export interface BackfillAsk {
  from_ms: number;
  to_ms: number;
  parallel: number | null;
  preview: boolean;
}

/** One moment and the run it has; a state of null: none yet. */
export interface BackfillMoment {
  due_ms: number;
  run_id: string;
  state: string | null;
}

/** What a backfill asks for, or would. `moments` are the first 400. */
export interface BackfillPlan {
  asked: number;
  there: number;
  moments: BackfillMoment[];
}

/** Put versions into the bin, take them out, or remove their files for good. */
export interface BinAction {
  action: "delete" | "purge" | "restore";
  numbers: number[];
  preview?: boolean;
}

/** What came of it; `purged` is null unless it was a purge. */
export interface BinDone {
  changed: number;
  purged: Purged | null;
}

/** Rows whose score fell into one tenth of [0, 1]: their mean score and the share that was positive. */
export interface CalibrationBin {
  mean_score: number;
  positive_share: number;
  rows: number;
}

/** What would make a schema allow what was found: new values of fields of the column's feature, or of the schema itself when `column` is ''; None clears a field. With `is_new` they are a whole feature. */
export interface Change {
  column: string;
  fields: Record<string, Json>;
  is_new: boolean;
}

/** How many things an order changed. */
export interface Changed {
  changed: number;
}

/** One comparison a gate made. `limit` is the value the candidate was held to. */
export interface Check {
  metric: string;
  what: string;
  passed: boolean;
  reason: string;
  slice?: string | null;
  value?: number | null;
  champion?: number | null;
  limit?: number | null;
}

/** One check of a monitor over one window of data. */
export interface CheckRow {
  run: RunRow;
  window: string;
  at_ms: number;
  status: string;
  scores: Record<string, number | null>;
  alarms: Alarm[];
  reasons: string[];
  report: VersionLink | null;
}

/** Which code ran. */
export interface CodeRow {
  commit: string | null;
  branch: string | null;
  remote: string | null;
  dirty: boolean;
  has_patch: boolean;
  entry_point: string | null;
  arguments: string[];
  digest: string | null;
}

/** A column then and now. `changed_cells`: of the changed rows looked at, those where it differs. */
export interface ColumnPair {
  name: string;
  change: "added" | "removed" | "retyped" | "same";
  type_before: string | null;
  type_after: string | null;
  changed_cells: number;
  before: ColumnSide | null;
  after: ColumnSide | null;
}

/** The statistics of a column on one side. Of times, numbers are UTC milliseconds. */
export interface ColumnSide {
  missing: number;
  distinct: number;
  is_distinct_exact: boolean;
  mean: number | null;
  std: number | null;
  min: number | null;
  median: number | null;
  max: number | null;
  top: Json[][];
  edges: number[];
  counts: number[];
}

/** How many of each there are. */
export interface Counts {
  projects: number;
  runs: number;
  running: number;
  data: number;
  models: number;
  pipelines: number;
  deployments: number;
  monitors: number;
}

/** A series as drawn at some width: one entry a bucket, in order of step. Where a bucket holds one point the four values are equal, and `exact` is true when all do. NaN is sent as None. */
export interface Curve {
  run_id: string;
  key: string;
  steps: number[];
  last: (number | null)[];
  min: (number | null)[];
  max: (number | null)[];
  mean: (number | null)[];
  times_ms: number[];
  total: number;
  exact: boolean;
}

/** One key of several runs, each curve thinned to the buckets asked for. Runs without the key are left out. */
export interface CurveSet {
  key: string;
  curves: Curve[];
}

/** A dataset: branches and tags, versions newest first (at most 2,000 of `total`), moves of refs newest first. */
export interface DataDetail {
  name: string;
  refs: RefRow[];
  tags: string[];
  versions: VersionRow[];
  total: number;
  history: MoveRow[];
  runs: Record<string, RunLink>;
  uses: Record<string, number>;
}

/** Sorted by name. */
export interface DataList {
  items: DataRow[];
}

/** What two runs used under one name and role. */
export interface DataPair {
  kind: string;
  name: string;
  role: string;
  a: VersionLink | null;
  b: VersionLink | null;
}

/** One dataset. `head` is what `main` names, else the newest version. */
export interface DataRow {
  name: string;
  versions: number;
  newest_at_ms: number;
  head: VersionRow | null;
  refs: RefRow[];
}

/** One version of a dataset. `profile` is {"tables": {name: statistics}} of its tables, null when none was made. */
export interface DataVersion {
  detail: VersionDetail;
  profile: Json;
  profile_version: VersionLink | null;
  built: VersionLink[];
}

/** A file that a datum gave. */
export interface DatumFile {
  path: string;
  size_bytes: number;
}

/** What a datum reads of one input; the dataset's version that the run read has this number, or null when it is gone. */
export interface DatumInput {
  input: string;
  dataset: string;
  number: number | null;
  path: string;
  size_bytes: number;
  key: string;
}

/** Datums behind an output in one run, those that need attention first. `counts` are of all, by what became of them. */
export interface DatumList {
  name: string;
  number: number;
  run: RunLink | null;
  output: number | null;
  counts: Record<string, number>;
  runs: DatumRun[];
  items: DatumRow[];
  total: number;
  next_offset: number | null;
}

/** A datum: what became of it in this run, and what it read and gave (at most 50 of each). */
export interface DatumRow {
  id: string;
  became: string;
  tries: number;
  seconds: number;
  at_ms: number;
  run_id: string;
  error: string;
  reads: DatumInput[];
  reads_total: number;
  gives: DatumFile[];
  gives_total: number;
}

/** One run of an incremental pipeline as its datums know it; `number` names it. */
export interface DatumRun {
  number: number;
  at_ms: number;
  complete: boolean;
  counts: Record<string, number>;
}

/** What `define_metric` says of a metric. `summary` is the number that speaks for a run; `x` what it is drawn over. */
export interface Definition {
  goal: "maximize" | "minimize" | null;
  summary: "best" | "last" | "max" | "mean" | "min";
  x: string | null;
}

/** A deployment with the models it has served, and its logs of predictions and outcomes (newest first). */
export interface DeploymentDetail {
  deployment: DeploymentRow;
  models: VersionUse[];
  served: VersionRow[];
  predictions: VersionRow[];
  outcomes: VersionRow[];
  result: Record<string, Json>;
}

/** Live ones first, then newest first. */
export interface DeploymentList {
  items: DeploymentRow[];
}

/** One deployment. `live`: its run is running and its heartbeat is fresh. */
export interface DeploymentRow {
  run: RunRow;
  name: string;
  live: boolean;
  url: string | null;
  targets: Target[];
  rates: Record<string, number | null>;
  predictions: number;
}

/** Candidate less baseline on the same rows, with a 95 % interval of the paired bootstrap when asked for. */
export interface Difference {
  value: number;
  low?: number | null;
  high?: number | null;
}

/** One metric of many runs. `x` is `step`, `elapsed` (seconds), `time` (seconds, UTC) or `metric:<key>`. `low` and `high` are a window on x. With `groups` (name to run ids) a line is the mean of a group. */
export interface DrawQuery {
  runs: string[];
  key: string;
  x?: string;
  buckets?: number;
  low?: number | null;
  high?: number | null;
  groups?: Record<string, string[]> | null;
  band?: "minmax" | "std";
  envelope?: boolean;
}

/** Lines in the order of the runs or groups asked for; those without the metric are left out. x rises strictly. */
export interface Drawing {
  key: string;
  x: string;
  axes: number[][];
  lines: DrawnLine[];
}

/** One line: a run's, by its id, or a group's, by its name. `axis` is the number of its x column. */
export interface DrawnLine {
  id: string;
  axis: number;
  ys: (number | null)[];
  low: (number | null)[] | null;
  high: (number | null)[] | null;
  total: number;
  runs: number;
}

/** Metrics of one set of predictions. `metrics` of a binary task: accuracy, balanced_accuracy, precision, recall, specificity, f1, false_positive_rate, false_negative_rate, prevalence, positive_rate and, with scores, roc_auc, pr_auc (average precision), log_loss, brier, calibration_error. Multiclass: accuracy and macro precision, recall, f1 and, with scores, log_loss, roc_auc (one against the rest). Regression: mae, rmse, r2, mape, mean_error, max_abs_error. The other tasks: docs/evaluation.md. */
export interface Evaluation {
  task: "binary" | "clustering" | "forecasting" | "multiclass" | "multilabel" | "ranking" | "regression" | "text";
  rows: number;
  metrics: Record<string, number>;
  intervals?: Record<string, [number, number]>;
  slices?: SliceScores[];
  skipped?: Record<string, number>;
  labels?: string[];
  positive?: string | null;
  threshold?: number | null;
  confusion?: number[][];
  roc?: [number, number][];
  pr?: [number, number][];
  calibration?: CalibrationBin[];
  at?: Threshold[];
  baseline?: Record<string, number>;
  differences?: Record<string, Difference>;
  fairness?: Fairness[];
  weak?: string[];
  weighted?: boolean;
  notes?: string[];
  truth_digest?: string;
}

/** One evaluation. What it judged is null when it was not said, or is gone. */
export interface EvaluationDetail {
  version: VersionRow;
  evaluation: Evaluation;
  verdict: Verdict | null;
  model: VersionLink | null;
  baseline: VersionLink | null;
  data: VersionLink | null;
  higher: Record<string, boolean>;
  leading: string | null;
  others: VersionLink[];
}

/** The newest evaluations, at most 200, the newest first. */
export interface EvaluationList {
  items: EvaluationRow[];
}

/** One evaluation in the list, with the metric that says most. `passed` is null where nothing was demanded of it. */
export interface EvaluationRow {
  id: string;
  name: string;
  number: number;
  task: string;
  rows: number;
  metric: string | null;
  value: number | null;
  passed: boolean | null;
  reasons: string[];
  model: VersionLink | null;
  data: VersionLink | null;
  at_ms: number;
}

/** `seq` grows with every event of a store. `topic` is the noun ('run', 'version', 'ref', 'series', 'task'). */
export interface Event {
  seq: number;
  topic: string;
  id: string;
  at_ms: number;
  project?: string;
  action?: string;
}

/** A row that breaks a rule: its number, counted from 0, and the value as text. */
export interface Example {
  row: number;
  value: string;
}

/** The answer to `tenfold why`: from the thing asked about back to the files behind it. */
export interface Explanation {
  address: string;
  reasons: Reason[];
  graph: Graph;
}

/** Rates of the groups of one column at one threshold, and the gaps between groups with enough rows. */
export interface Fairness {
  column: string;
  threshold: number | null;
  groups: GroupRates[];
  gaps: Gap[];
  measures: Record<string, number>;
  reason?: string;
}

/** One path that differs. Sizes and rows are null on the side where the file is not there, or is no table. */
export interface FileChange {
  path: string;
  change: "added" | "changed" | "removed";
  before_bytes: number | null;
  after_bytes: number | null;
  before_rows: number | null;
  after_rows: number | null;
  columns_added: string[];
  columns_removed: string[];
  columns_retyped: Record<string, string[]>;
}

/** What differs from version `a` to version `b`; `files` holds the first 1,000 paths. */
export interface FileDiff {
  a: VersionLink;
  b: VersionLink;
  added: number;
  removed: number;
  changed: number;
  files: FileChange[];
}

/** Folders first, then files, each by name. */
export interface FileList {
  under: string;
  items: FileRow[];
  total: number;
  next: number | null;
}

/** One file on two sides. `view` says how to compare it: by `table`, by `text` (a unified diff), by looking, or not. */
export interface FilePair {
  path: string;
  view: "image" | "other" | "table" | "text";
  before: FileSide | null;
  after: FileSide | null;
  text: string | null;
  table: TablePair | null;
  note: string | null;
}

/** A file, symlink or folder directly below the folder asked for. `files` counts those inside a folder. */
export interface FileRow {
  path: string;
  name: string;
  kind: "file" | "folder" | "symlink";
  size_bytes: number;
  files: number;
  digest: string;
}

/** A file on one side of a comparison. */
export interface FileSide {
  version_id: string;
  digest: string;
  size_bytes: number;
  url: string;
}

/** How far groups lie apart in one rate. `furthest` is the group furthest from the overall value, by `to_overall`. */
export interface Gap {
  rate: string;
  lowest: string;
  highest: string;
  difference: number;
  to_overall: number;
  furthest: string;
}

/** `start` is the id of the node the walk began at. `complete` is false when the walk stopped at its limit. */
export interface Graph {
  start: string;
  nodes: Node[];
  links: Link[];
  complete: boolean;
}

/** `source` and `target` are ids of nodes; `label` is the parameter the value goes into. */
export interface GraphEdge {
  source: string;
  target: string;
  label: string;
}

/** One place of a pipeline run; one that fans out is there as its items, all with the same `step`. */
export interface GraphNode {
  id: string;
  key: string;
  step: string;
  state: string;
  run_id: string | null;
  attempt: number;
  started_at_ms: number | null;
  ended_at_ms: number | null;
  duration_ms: number | null;
  error: string | null;
  why: string | null;
  params: Record<string, Json>;
  outputs: Record<string, string>;
}

/** How a classifier treats one group. A rate is absent where the group has nothing to divide by. */
export interface GroupRates {
  group: string;
  rows: number;
  rates: Record<string, number>;
}

/** One answer of the search over everything. */
export interface Hit {
  kind: string;
  title: string;
  detail: string;
  address: string;
  page: string;
  at_ms: number;
}

/** Best first. */
export interface HitList {
  items: Hit[];
}

/** What needs attention (newest first), what is running, what ran last, and how much there is. */
export interface Home {
  attention: AttentionRow[];
  running: RunRow[];
  recent: RunRow[];
  counts: Counts;
}

/** The ids an order is about, at most 1,000. */
export interface Ids {
  ids: string[];
}

/** Params by share, greatest first. `runs` have the metric; `constant` params are the same in all of them. */
export interface Importance {
  metric: string;
  summary: string;
  runs: number;
  items: ParamImportance[];
  constant: string[];
}

/** For which metric; `summary` is the number that speaks for a run, by its definition when left out. */
export interface ImportanceQuery {
  runs?: string[];
  filter?: RunFilter | null;
  order?: string;
  limit?: number;
  metric: string;
  summary?: "last" | "max" | "mean" | "min" | null;
}

/** An arrow in the direction in which data flowed: version → run that used it, run → version it produced. */
export interface Link {
  source: string;
  target: string;
  role?: string;
}

/** A piece of a run's console output. Ask again with `next` as offset for what came after it. */
export interface LogText {
  text: string;
  offset: number;
  next: number;
  size: number;
  ended: boolean;
}

/** One thing a run logged. `/media/{version_id}/file` gives its bytes. `step` is null when none was said. */
export interface MediaItem {
  version_id: string;
  run_id: string;
  step: number | null;
  at_ms: number;
  type: string;
  metadata: Record<string, Json>;
}

/** All that some runs logged under one key, by step then time; `view` says how a page shows it. */
export interface MediaKey {
  key: string;
  view: "audio" | "file" | "histogram" | "html" | "image" | "table" | "text" | "video";
  items: MediaItem[];
}

/** Sorted by key. `truncated`: a run has more than is sent; the newest are here. */
export interface MediaList {
  items: MediaKey[];
  truncated: boolean;
}

/** One metric of a run in five numbers. */
export interface MetricRow {
  last: number | null;
  last_step: number;
  min: number | null;
  max: number | null;
  mean: number | null;
  count: number;
}

/** Each section is {key: one value a version, in the order of `addresses`}; None where a version has none. `data` says which version of each dataset a version descends from. */
export interface ModelComparison {
  addresses: string[];
  facts: Record<string, Json[]>;
  metrics: Record<string, (number | null)[]>;
  params: Record<string, Json[]>;
  signature: Record<string, (string | null)[]>;
  requirements: Record<string, (string | null)[]>;
  data: Record<string, (string | null)[]>;
  tags: Record<string, (string | null)[]>;
}

/** A model: aliases, versions newest first (at most 200), every move of an alias newest first. */
export interface ModelDetail {
  name: string;
  aliases: RefRow[];
  versions: ModelVersionRow[];
  history: MoveRow[];
  description: string;
  tags: Record<string, string>;
  needs_approval: string[];
  requests: Approval[];
  binned: VersionRow[];
}

/** What to say of a model, or of one version of it; null leaves a field as it is, a tag of null is removed. */
export interface ModelEdit {
  version?: number | null;
  description?: string | null;
  tags?: Record<string, string | null> | null;
  needs_approval?: string[] | null;
}

/** Sorted by name. */
export interface ModelList {
  items: ModelRow[];
}

/** One model. */
export interface ModelRow {
  name: string;
  versions: number;
  newest_at_ms: number;
  newest: ModelVersionRow | null;
  aliases: RefRow[];
}

/** One version of a model with what it came to. */
export interface ModelVersionRow {
  version: VersionRow;
  run: RunLink | null;
  metrics: Record<string, number | null>;
  verdict: string | null;
  reasons: string[];
  evaluation_id: string | null;
  signature: Json;
  format: string;
}

/** A monitor with its checks in the order of the moments they are for, and every score key they have: drift of the columns that drifted most in the newest check first, then by name. */
export interface MonitorDetail {
  name: string;
  project: string;
  checks: CheckRow[];
  keys: string[];
  alarms: AlarmRow[];
  limits: ScoreLimit[];
  says: string[];
}

/** Open alarms first, then by name. */
export interface MonitorList {
  items: MonitorRow[];
}

/** One monitor. `open`: an alarm is open, or its newest check raised some. `newest` is None before its first check. */
export interface MonitorRow {
  name: string;
  project: string;
  checks: number;
  open: boolean;
  newest: CheckRow | null;
  target: string;
  alarms: AlarmRow[];
}

/** One line of the history of a ref. A number of null: the ref did not exist (before) or was removed (after). */
export interface MoveRow {
  ref: string;
  before: number | null;
  after: number | null;
  at_ms: number;
  who: string;
  why: string;
}

/** A run, a version or a prediction. `id` is unique in the graph: 'run:…', 'version:…' or 'prediction:…'. */
export interface Node {
  id: string;
  sort: "prediction" | "run" | "version";
  kind: string;
  label: string;
  address: string;
  state?: string;
  at_ms?: number;
  detail?: string;
  depth?: number;
}

/** Notifiers by name; the newest 200 notices, newest first. */
export interface NoticeList {
  notifiers: NotifierRow[];
  notices: NoticeRow[];
}

/** One message: to be delivered (`created`), under way, delivered (`finished`) or given up (`failed`). */
export interface NoticeRow {
  id: string;
  notifier: string;
  on: string;
  text: string;
  state: string;
  tries: number;
  error: string | null;
  at_ms: number;
  about: string;
  page: string;
}

/** Who is told of what. `says` is where it goes, without what must not be seen. */
export interface NotifierRow {
  name: string;
  says: string;
  on: string[];
  pipelines: string[];
  since_ms: number;
}

/** What a panel shows of which runs. Without `show`: a chart when there is a metric, media when there is a key of media, else a table of runs. */
export interface Panel {
  runs?: string | string[];
  project?: string | null;
  show?: "chart" | "media" | "params" | "runs" | null;
  metric?: string | string[] | null;
  media?: string | null;
  columns?: string[];
  order?: string;
  limit?: number;
  title?: string;
  x?: "elapsed" | "step" | "time";
  log?: boolean;
  smooth?: number;
}

/** The runs a panel shows now, and how many its search finds in all. */
export interface PanelRuns {
  items: RunRow[];
  total: number;
}

/** How much a param says about a metric. Shares add up to 1, or are all 0 when nothing can be told. `correlation` is Spearman's for numbers, the correlation ratio (without a sign) for words. */
export interface ParamImportance {
  param: string;
  share: number;
  correlation: number | null;
  kind: "number" | "word";
  values: number;
}

/** One look at data: which version of the schema they were held to, and what was found. */
export interface PastValidation {
  run_id: string;
  at_ms: number;
  version: number;
  data: string;
  environment: string;
  rows: number;
  count: number;
  anomalies: Anomaly[];
}

/** The uncommitted diff of the code that ran; empty when there was none. */
export interface PatchText {
  text: string;
  commit: string | null;
  truncated: boolean;
}

/** One pipeline: what a page of it begins with. */
export interface PipelineDetail {
  name: string;
  project: string;
  row: PipelineRow;
  schema: Record<string, Json>;
  params: Record<string, Json>;
  address: string | null;
  base_run: string | null;
  durations: RunMark[];
}

/** The graph of one pipeline run as it stands now. `counts` says how many nodes are in each state; `pipeline` is the address of the version with its graph and code. */
export interface PipelineGraph {
  run: RunRow;
  nodes: GraphNode[];
  edges: GraphEdge[];
  counts: Record<string, number>;
  pipeline: string | null;
}

/** Runs by steps. `runs` are newest first; `cells` has a list for each of them, with an entry for each of `steps`. A cell is [state, milliseconds, items, failed items], or null where the run has no such step. */
export interface PipelineGrid {
  steps: string[];
  runs: RunMark[];
  cells: (([string, number | null, number, number] | null)[])[];
  next: number | null;
}

/** The one that ran last first; then those that never ran. */
export interface PipelineList {
  items: PipelineRow[];
}

/** One pipeline with its newest runs (at most 12, newest first). */
export interface PipelineRow {
  name: string;
  project: string;
  runs: number;
  recent: RunMark[];
  succeeded: number | null;
  failed: RunMark | null;
  next_ms: number | null;
  schedules: string[];
  paused: string[];
  waiting: number;
}

/** One run folded to the steps as declared: small whatever their items. */
export interface PipelineRunSteps {
  run: RunRow;
  from_ms: number;
  steps: Places;
  items: Record<string, Record<string, number>>;
  edges: [number, number, string][];
  counts: Record<string, number>;
  pipeline: string | null;
}

/** Some places of a run, in the order of the graph, or of `order`. */
export interface PlacePage {
  items: Places;
  from_ms: number;
  errors: (string | null)[];
  total: number;
  next: number | null;
}

/** Places of a run in columns, one entry a place. Times are milliseconds after the run's `from_ms`, null when not yet. It waits for others until `ready`, for its turn until `start`, and runs until `end`. */
export interface Places {
  keys: string[];
  states: string[];
  ready: (number | null)[];
  start: (number | null)[];
  end: (number | null)[];
  attempts: number[];
}

/** Raw points in columns, in order of step. `next` is the index to go on with, or null at the end. */
export interface PointRows {
  key: string;
  steps: number[];
  values: (number | null)[];
  times_ms: number[];
  total: number;
  next: number | null;
}

export interface PoolEdit {
  slots: number;
}

/** Sorted by name. */
export interface PoolList {
  items: PoolRow[];
}

/** A pool as it stands. `line` is in the order of turns, at most 100. */
export interface PoolRow {
  name: string;
  slots: number;
  is_set: boolean;
  held: number;
  waiting: number;
  holders: PoolUse[];
  line: PoolUse[];
}

/** A step that holds slots of a pool, or waits for them. */
export interface PoolUse {
  key: string;
  run_id: string;
  root_id: string;
  pipeline: string;
  slots: number;
  priority: number;
  since_ms: number | null;
}

/** How to show one file. `view` says which of the fields to use; `url` gives the bytes, `url&download=true` saves them. */
export interface Preview {
  path: string;
  view: "audio" | "binary" | "html" | "image" | "json" | "markdown" | "pdf" | "table" | "text" | "video";
  media_type: string;
  size_bytes: number;
  text: string | null;
  truncated: boolean;
  html: string | null;
  table: TablePreview | null;
  url: string;
  note: string | null;
}

/** RFC 9457 problem: what went wrong, in words and by a stable code. `field` names the item at fault, if one is; `position` the 0-based character of a search text that cannot be read. */
export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  field: string | null;
  code: string;
  position: number | null;
}

/** What stood at some time from `from_ms` to `until_ms` (UTC), sorted by model, alias and time. */
export interface Production {
  from_ms: number;
  until_ms: number;
  aliases: Standing[];
  deployments: Served[];
}

export interface ProjectList {
  items: ProjectRow[];
}

/** One project. */
export interface ProjectRow {
  name: string;
  runs: number;
  running: number;
  newest: RunLink | null;
}

/** What a purge removed or, with `preview`, would remove. Bytes of points are known only once they are gone. */
export interface Purged {
  preview: boolean;
  runs: number;
  versions: number;
  points: number;
  freed_bytes: number;
  waiting_bytes: number;
  kept: Record<string, string>;
}

/** One line of the answer to "why": what it is, what it says, where to look further. */
export interface Reason {
  what: string;
  says: string;
  address?: string;
  page?: string;
  details?: string[];
}

/** A name and the version it points at now. */
export interface RefRow {
  ref: string;
  version_id: string;
  number: number;
  address: string;
  moved_at_ms: number;
}

/** A piece of a report, in order: text as HTML that is safe to show, or a panel with its runs. `problem`: what is wrong with the panel whose `source` it is. */
export interface ReportBlock {
  html: string;
  panel: Panel | null;
  runs: PanelRuns | null;
  problem: string;
  source: string;
}

/** One version of a report, its pieces, and all versions, newest first. */
export interface ReportDetail {
  report: ReportRow;
  address: string;
  text: string;
  blocks: ReportBlock[];
  versions: ReportVersion[];
}

/** A text to look at before it is saved. */
export interface ReportDraft {
  text: string;
}

/** A report's next text. `expect` is the version that was read before the change, 0 for a new report; what somebody saved after it is not overwritten. */
export interface ReportEdit {
  text: string;
  expect: number | null;
  message: string;
}

/** The one saved last first. */
export interface ReportList {
  items: ReportRow[];
}

/** What a text would look like. */
export interface ReportPreview {
  blocks: ReportBlock[];
}

/** A report in a list. */
export interface ReportRow {
  name: string;
  title: string;
  version: number;
  author: string;
  saved_at_ms: number;
}

/** One save of a report. */
export interface ReportVersion {
  version: number;
  author: string;
  message: string;
  saved_at_ms: number;
}

/** One row that differs; `before` or `after` is null on the side that does not have it. */
export interface RowPair {
  change: "added" | "changed" | "removed";
  at: number;
  before: Json[] | null;
  after: Json[] | null;
}

/** One thing to do to the runs named, at most 1,000, or to all that a filter finds. `preview` changes nothing. */
export interface RunAction {
  action: "archive" | "delete" | "purge" | "restore" | "star" | "stop" | "tag" | "unarchive" | "unstar";
  ids: string[] | null;
  filter: RunFilter | null;
  tags: Record<string, string | null>;
  preview: boolean;
}

/** Params in place of those of before, and why. */
export interface RunAsk {
  params: Record<string, Json>;
  why: string;
}

export interface RunAsked {
  run_id: string;
}

/** Everything of one run but its series, artifacts and text. */
export interface RunDetail {
  run: RunRow;
  parent: RunLink | null;
  root: RunLink | null;
  code: CodeRow | null;
  environment: Record<string, Json>;
  params: Record<string, Json>;
  notes: string;
  notes_html: string;
  error: string | null;
  result: Record<string, Json>;
  heartbeat_at_ms: number | null;
  pid: number | null;
  children: Record<string, number>;
}

/** A change of a run by hand; what is left out stays. A tag of null is removed. */
export interface RunEdit {
  name?: string | null;
  notes?: string | null;
  tags?: Record<string, string | null> | null;
}

/** Runs by what is said of them, as the parameters of `GET /runs` say it. */
export interface RunFilter {
  q: string;
  project: string[];
  kind: string[];
  state: string[];
  parent: string | null;
  archived: boolean | null;
}

/** Keys in use, sorted: what may be a column or stand in a search. */
export interface RunKeys {
  params: string[];
  metrics: string[];
  tags: string[];
}

/** Enough of a run to name it and link to it. */
export interface RunLink {
  id: string;
  project: string;
  kind: string;
  name: string;
  state: "created" | "failed" | "finished" | "killed" | "lost" | "running";
  started_at_ms: number | null;
  ended_at_ms: number | null;
}

/** A run of a pipeline as a mark in a strip. */
export interface RunMark {
  id: string;
  state: "created" | "failed" | "finished" | "killed" | "lost" | "running";
  at_ms: number;
  duration_ms: number | null;
  trigger: string;
  error: string | null;
}

/** `total` counts all matches, or, with `at_least`, so many that the count stopped there; `next` is the offset to go on with, or null at the end. */
export interface RunPage {
  items: RunRow[];
  total: number;
  next: number | null;
  at_least: boolean;
}

/** What differs from run `a` to run `b`, beside params, metrics and tags, which their rows have. `patch` is a unified diff from the code that `a` ran to the code that `b` ran: exact where both began from one commit (`same_base`), else of their uncommitted changes. `packages` and `environment` hold only what differs. */
export interface RunPair {
  a: CodeRow | null;
  b: CodeRow | null;
  same_base: boolean;
  patch: string;
  note: string | null;
  packages: ValuePair[];
  same_packages: number;
  environment: ValuePair[];
  data: DataPair[];
}

/** One line of a table of runs. `params` are flat: nested keys joined by dots. `error` is its first line. */
export interface RunRow {
  id: string;
  address: string;
  project: string;
  kind: string;
  name: string;
  state: "created" | "failed" | "finished" | "killed" | "lost" | "running";
  parent_id: string | null;
  root_id: string | null;
  group: string | null;
  user: string;
  host: string;
  created_at_ms: number;
  started_at_ms: number | null;
  ended_at_ms: number | null;
  duration_ms: number | null;
  deleted_at_ms: number | null;
  error: string | null;
  commit: string | null;
  params: Record<string, Json>;
  metrics: Record<string, MetricRow>;
  goals: Record<string, "maximize" | "minimize">;
  tags: Record<string, string>;
  starred: boolean;
  stopping: boolean;
  archived: boolean;
}

/** The runs of a set: as named, else in the order asked. `total` counts all matches (with `at_least`: or more); named runs that are not there are left out. `metrics` has the definitions of the newest run that defined them. */
export interface RunSet {
  items: RunRow[];
  total: number;
  at_least: boolean;
  metrics: Record<string, Definition>;
}

/** Which runs: those named, else what a filter finds. `order` as in `GET /runs`. */
export interface RunSetQuery {
  runs?: string[];
  filter?: RunFilter | null;
  order?: string;
  limit?: number;
}

/** What an action did, or would do. `names` are those of the first ten runs it changed. */
export interface RunsActed {
  action: string;
  preview: boolean;
  matched: number;
  changed: number;
  names: string[];
  freed_bytes: number | null;
  waiting_bytes: number | null;
}

/** Whether it is in force from now on, and why. */
export interface ScheduleChange {
  active: boolean;
  why: string;
}

/** Sorted by name. */
export interface ScheduleList {
  items: ScheduleRow[];
}

/** One schedule as it stands. */
export interface ScheduleRow {
  name: string;
  pipeline: string;
  project: string;
  says: string;
  has_times: boolean;
  timezone: string;
  active: boolean;
  since_ms: number | null;
  next_ms: number[];
  params: Record<string, Json>;
  last: RunMark | null;
  waiting: number;
  catch_up: boolean;
  max_active: number;
  priority: number;
  late_after: string;
  late_ms: number[];
  hook: boolean;
  cron: string;
  every: string;
  on: string[];
  wait_for_all: boolean;
  starts_at_ms: number | null;
  ends_at_ms: number | null;
}

/** A schedule as it is to be: one of `cron`, `every`, `on`. `is_new`: refused when there is one of that name. `preview` saves nothing. */
export interface ScheduleSave {
  pipeline: string;
  cron: string;
  every: string;
  on: string[];
  wait_for_all: boolean;
  timezone: string;
  params: Record<string, Json>;
  starts_at_ms: number | null;
  ends_at_ms: number | null;
  catch_up: boolean;
  max_active: number;
  priority: number;
  late_after: string;
  is_new: boolean;
  preview: boolean;
}

/** What starts it, in a few words, and its next ten times; of a preview also why it cannot be saved. */
export interface ScheduleSaved {
  says: string;
  next_ms: number[];
  problem: string;
}

/** A column as words, and as the fields that are set. */
export interface SchemaColumn {
  name: string;
  type: string;
  presence: string;
  values: string;
  environments: string[];
  severity: string;
  fields: Record<string, Json>;
}

/** One version of a schema: its columns, its text, all versions and the newest checks, newest first. */
export interface SchemaDetail {
  name: string;
  address: string;
  version: number;
  newest: number;
  environments: string[];
  table: string[];
  columns: SchemaColumn[];
  text: string;
  versions: SchemaVersion[];
  checks: PastValidation[];
}

/** Changes to make to the version `expect`; `remove` names columns to take out. */
export interface SchemaEdit {
  expect: number;
  changes: Change[];
  remove: string[];
  message: string;
}

/** By name. */
export interface SchemaList {
  items: SchemaRow[];
}

/** A schema in a list, with what its newest check found; `anomalies` is null before there was one. */
export interface SchemaRow {
  name: string;
  version: number;
  columns: number;
  author: string;
  message: string;
  saved_at_ms: number;
  anomalies: number | null;
  checked_at_ms: number | null;
}

/** One version of a schema. */
export interface SchemaVersion {
  version: number;
  author: string;
  message: string;
  saved_at_ms: number;
}

/** A threshold of a score, as a line in its chart. */
export interface ScoreLimit {
  score: string;
  says: string;
  value: number;
}

/** Sorted by name. */
export interface SecretList {
  items: SecretRow[];
}

/** A secret without what it is. `kept` is 'encrypted', or where it is looked up. */
export interface SecretRow {
  name: string;
  kept: string;
  version: number;
  changed_at_ms: number;
  author: string;
}

/** Sorted by key. */
export interface SeriesList {
  items: SeriesRow[];
}

/** One series of a run: its key and its extent. */
export interface SeriesRow {
  key: string;
  count: number;
  first_step: number;
  last_step: number;
  first_at_ms: number;
  last_at_ms: number;
  last: number | null;
  min: number | null;
  max: number | null;
  mean: number | null;
}

/** A deployment answered with a version for a while. `until_ms` is None while it still does. */
export interface Served {
  deployment: string;
  run_id: string;
  address: string;
  model: string;
  version: number | null;
  weight: number;
  is_shadow: boolean;
  from_ms: number;
  until_ms: number | null;
}

/** `ok` is false, with status 503, when the store cannot be read. */
export interface ServerHealth {
  ok: boolean;
  seq: number;
}

export interface ServerVersion {
  version: string;
  python: string;
  store: string;
  writable: boolean;
}

/** The metrics of the rows where `column` is `value`. */
export interface SliceScores {
  column: string;
  value: string;
  rows: number;
  metrics: Record<string, number>;
  intervals?: Record<string, [number, number]>;
  baseline?: Record<string, number>;
}

/** An alias or stage named a version for a while. `until_ms` is None while it still does. */
export interface Standing {
  model: string;
  alias: string;
  version: number | null;
  version_id: string;
  from_ms: number;
  until_ms: number | null;
  who: string;
  why: string;
  fate: string;
}

/** One attempt of a step. `resources` are what it asked for. */
export interface StepAttempt {
  attempt: number;
  state: string;
  began_ms: number | null;
  ended_ms: number | null;
  error: string | null;
  resources: Record<string, Json>;
}

/** Steps that are to run anew, by key, at most 1,000. `preview` changes nothing. */
export interface StepClear {
  keys: string[];
  downstream: boolean;
  preview: boolean;
}

/** All of one place of a run. */
export interface StepDetail {
  key: string;
  step: string;
  run_id: string;
  state: string;
  attempts: StepAttempt[];
  ready_at_ms: number | null;
  started_at_ms: number | null;
  ended_at_ms: number | null;
  error: string | null;
  why: string | null;
  function: string;
  params: Record<string, Json>;
  takes: Record<string, string[]>;
  waits_for: string[];
  gives_to: string[];
  options: Record<string, Json>;
  items: Record<string, number> | null;
  cached_from: string | null;
}

/** `keys` are the first hundred. */
export interface StepsCleared {
  cleared: number;
  keys: string[];
}

export interface TableColumn {
  name: string;
  type: string;
}

/** The difference of a table. `rows` has at most 50 of each kind, from the offset asked for. */
export interface TablePair {
  key: string[];
  rows_before: number;
  rows_after: number;
  added: number;
  removed: number;
  changed: number;
  unchanged: number;
  repeated_before: number;
  repeated_after: number;
  looked_at: number;
  names: string[];
  columns: ColumnPair[];
  rows: RowPair[];
  keys: string[];
}

/** The first rows. Cells are JSON values; what JSON has no form for is text. */
export interface TablePreview {
  columns: TableColumn[];
  rows: Json[][];
  total_rows: number | null;
}

/** A model a deployment serves. `version` is the one it serves now, as far as the store knows. */
export interface Target {
  name: string;
  address: string;
  weight: number;
  shadow: boolean;
  version: VersionLink | null;
}

/** What scores come to when rows count as positive from `threshold` on. */
export interface Threshold {
  threshold: number;
  metrics: Record<string, number>;
}

/** One thing of two runs; null where it is not. */
export interface ValuePair {
  name: string;
  a: Json;
  b: Json;
}

/** Whether the candidate may pass. `reasons` are the failures or, when passed, what it passed on. `first` is true when a relative rule passed only because there was no champion. */
export interface Verdict {
  passed: boolean;
  reasons: string[];
  checks: Check[];
  first?: boolean;
}

/** A version with its surroundings. `inline` is its content when that is small JSON or text, else null. */
export interface VersionDetail {
  version: VersionRow;
  parents: VersionLink[];
  uses: VersionUse[];
  inline: Json;
}

/** Enough of a version to name it and link to it. */
export interface VersionLink {
  id: string;
  address: string;
  kind: string;
  name: string;
  number: number;
}

/** Newest first; `next` is the offset to go on with, or null at the end. */
export interface VersionPage {
  items: VersionRow[];
  next: number | null;
}

/** One version. `refs` are the names that point at it now. */
export interface VersionRow {
  id: string;
  address: string;
  kind: string;
  name: string;
  number: number;
  type: string;
  digest: string;
  size_bytes: number;
  files: number;
  message: string;
  author: string;
  description: string;
  run_id: string | null;
  created_at_ms: number;
  deleted_at_ms: number | null;
  parents: string[];
  refs: string[];
  tags: Record<string, string>;
  metadata: Record<string, Json>;
}

/** A run that used or produced a version. */
export interface VersionUse {
  direction: string;
  role: string;
  at_ms: number;
  run_id: string;
  run_name: string;
  run_kind: string;
  run_state: "created" | "failed" | "finished" | "killed" | "lost" | "running";
  project: string;
}

/** A way to look at a project, kept under a name: `content` is the page's own. Each save is a version of it. */
export interface View {
  project: string;
  name: string;
  page: string;
  content: Json;
  address: string;
  version: number;
  author: string;
  saved_at_ms: number;
}

/** What to keep under a view's name; as JSON `content` has at most 16,000 bytes. */
export interface ViewEdit {
  project: string;
  page: string;
  content: Record<string, Json>;
}

/** Sorted by name. */
export interface ViewList {
  items: View[];
}
