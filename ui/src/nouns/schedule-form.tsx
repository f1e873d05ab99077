// A schedule made or edited: what starts which pipeline, with its next times shown while it is written.
import { useEffect, useState } from "preact/hooks";
import { call, useResource } from "../kit/api";
import { Dialog, toast } from "../kit/dialog";
import { ago } from "../kit/format";
import type { Json, PipelineDetail, PipelineList, ScheduleRow, ScheduleSave, ScheduleSaved } from "../wire";

type Kind = "cron" | "every" | "on";
const KINDS: [Kind, string][] = [["cron", "At times, by a cron expression"], ["every", "Every so often"], ["on", "When something moves, ends or arrives"]];
const HINTS: Record<Kind, string> = { cron: "0 2 * * *, or @hourly, @daily, @weekly", every: "15m, 6h, 1d", on: "One a line: data:sales@main, pipeline:train@failed, monitor:drift, file:/in/*.csv, file:s3://bucket/in/*.csv" };
const LOOK_MS = 350;

/** What clocks in a time zone show at a moment, like 2026-03-01T06:00:00. */
const clockIn = (at_ms: number, zone: string): string => new Date(at_ms).toLocaleString("sv-SE", { timeZone: known(zone) }).replace(" ", "T");
const dayOf = (at: number | null | undefined, zone: string): string => (at == null ? "" : clockIn(at, zone).slice(0, 16).replace("T00:00", ""));

export const isDay = (text: string): boolean => /^\d{4}-\d\d-\d\d$/.test(text.trim()) && !Number.isNaN(Date.parse(text.trim()));

/** Milliseconds of a day's midnight, or of a time, by the clocks of a zone; NaN for other text. */
export function momentIn(text: string, zone: string): number {
  const shown = Date.parse(text.includes("T") ? `${text.trim()}Z` : `${text.trim()}T00:00:00Z`);
  if (Number.isNaN(shown)) return shown;
  const ahead = (at: number) => Date.parse(`${clockIn(at, zone)}Z`) - at;
  return shown - ahead(shown - ahead(shown)); // twice: on the day of a clock change the first is an hour off
}

/** Milliseconds of a day or time in a zone; null for none. Throws a message for people. */
function moment(text: string, zone: string, what: string, last: boolean): number | null {
  if (!text.trim()) return null;
  const at = momentIn(text, zone);
  if (Number.isNaN(at)) throw new Error(`${what} is a day like 2026-03-01, or a time like 2026-03-01T06:00.`);
  return last && !text.includes("T") ? momentIn(new Date(Date.parse(text.trim()) + 86_400_000).toISOString().slice(0, 10), zone) - 1 : at;
}

interface Typed {
  name: string; pipeline: string; kind: Kind; when: string; all: boolean; timezone: string; params: string; first: string; last: string; late: string; active: string; priority: string; catchUp: boolean;
}

function typedOf(of: ScheduleRow | null, pipeline: string): Typed {
  const kind: Kind = of?.on.length ? "on" : of?.every ? "every" : "cron";
  return {
    name: of?.name ?? "", pipeline: of?.pipeline ?? pipeline, kind, when: of ? (kind === "on" ? of.on.join("\n") : kind === "every" ? of.every : of.cron) : "0 2 * * *", all: of?.wait_for_all ?? false,
    timezone: of?.timezone ?? Intl.DateTimeFormat().resolvedOptions().timeZone ?? "UTC", params: of && Object.keys(of.params).length ? JSON.stringify(of.params, null, 1) : "",
    first: dayOf(of?.starts_at_ms, of?.timezone ?? "UTC"), last: dayOf(of?.ends_at_ms, of?.timezone ?? "UTC"), late: of?.late_after ?? "", active: String(of?.max_active ?? 1), priority: String(of?.priority ?? 0), catchUp: of?.catch_up ?? false,
  };
}

/** The form as the server takes it. Throws a message for people. */
function bodyOf(typed: Typed, is_new: boolean, preview: boolean): ScheduleSave {
  let params: Record<string, Json> = {};
  try {
    if (typed.params.trim()) params = JSON.parse(typed.params) as Record<string, Json>;
  } catch {
    throw new Error('Params are JSON, like {"day": "{start:%Y-%m-%d}"}.');
  }
  const lines = typed.when.split("\n").map((line) => line.trim()).filter(Boolean);
  return {
    pipeline: typed.pipeline, cron: typed.kind === "cron" ? typed.when.trim() : "", every: typed.kind === "every" ? typed.when.trim() : "", on: typed.kind === "on" ? lines : [], wait_for_all: typed.kind === "on" && typed.all,
    timezone: typed.timezone.trim() || "UTC", params, starts_at_ms: moment(typed.first, typed.timezone.trim(), "Starts", false), ends_at_ms: moment(typed.last, typed.timezone.trim(), "Ends", true), catch_up: typed.catchUp,
    max_active: Number(typed.active) || 0, priority: Number(typed.priority) || 0, late_after: typed.kind === "on" ? "" : typed.late.trim(), is_new, preview,
  };
}

/** A zone that this browser knows; one that is only being typed is not. */
function known(zone: string): string {
  try {
    return new Intl.DateTimeFormat(undefined, { timeZone: zone }).resolvedOptions().timeZone;
  } catch {
    return "UTC";
  }
}

/** A moment in a schedule's own time zone. */
export function local(at_ms: number, zone: string): string {
  return new Date(at_ms).toLocaleString(undefined, { timeZone: known(zone), weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
}

/** `of`: the one to edit; null: a new one. */
export function ScheduleForm({ of, pipeline, close }: { of: ScheduleRow | null; pipeline?: string; close: (saved: boolean) => void }) {
  const [typed, setTyped] = useState<Typed>(() => typedOf(of, pipeline ?? ""));
  const [shown, setShown] = useState<ScheduleSaved | null>(null);
  const [problem, setProblem] = useState("");
  const [busy, setBusy] = useState(false);
  const [removing, setRemoving] = useState(false);
  const pipelines = useResource<PipelineList>(of || pipeline ? null : "/pipelines");
  const detail = useResource<PipelineDetail>(typed.pipeline ? `/pipelines/${encodeURIComponent(typed.pipeline)}` : null);
  const takes = Object.keys((detail.data?.schema.properties as Record<string, Json> | undefined) ?? {});
  const set = (change: Partial<Typed>) => setTyped({ ...typed, ...change });
  const path = `/schedules/${encodeURIComponent(typed.name.trim() || "new")}`;
  useEffect(() => {
    if (!typed.pipeline || !typed.when.trim()) {
      setShown(null);
      setProblem("");
      return;
    }
    let wanted = true;
    const timer = window.setTimeout(async () => {
      try {
        const found = await call<ScheduleSaved>("PUT", path, bodyOf(typed, !of, true));
        if (wanted) { setShown(found.problem ? null : found); setProblem(found.problem); }
      } catch (error) {
        if (wanted) { setShown(null); setProblem((error as Error).message); }
      }
    }, LOOK_MS);
    return () => { wanted = false; window.clearTimeout(timer); };
  }, [typed]);
  const save = async () => {
    setBusy(true);
    try {
      const saved = await call<ScheduleSaved>("PUT", path, bodyOf(typed, !of, false));
      toast(`${typed.name} is ${of ? "changed" : "in force"}: ${saved.says}.`);
      close(true);
    } catch (error) {
      setProblem((error as Error).message);
      setBusy(false);
    }
  };
  const field = (label: string, key: keyof Typed, hint = "", grow = false) => (
    <label class={`field ${grow ? "grow" : ""}`}><span>{label}</span><input class="input" type="text" aria-label={label} value={String(typed[key])} spellcheck={false} onInput={(event) => set({ [key]: event.currentTarget.value })} />{hint ? <small>{hint}</small> : null}</label>
  );
  if (of && removing) return <RemoveSchedule of={of} close={close} />;
  return (
    <Dialog title={of ? `Edit ${of.name}` : "New schedule"} close={() => close(false)}>
      <form onSubmit={(event) => { event.preventDefault(); void save(); }}>
        <div class="ask">
          {of ? null : (
            <div class="row wrap pairs">
              {field("Name", "name")}
              {pipeline ? null : <label class="field"><span>Pipeline</span><select class="input" aria-label="Pipeline" value={typed.pipeline} onChange={(event) => set({ pipeline: event.currentTarget.value })}><option value="">choose one</option>{(pipelines.data?.items ?? []).map((one) => <option key={one.name} value={one.name}>{one.name}</option>)}</select></label>}
            </div>
          )}
          <div class="row wrap pairs">
            <label class="field"><span>Starts</span><select class="input" aria-label="Starts" value={typed.kind} onChange={(event) => set({ kind: event.currentTarget.value as Kind, when: "" })}>{KINDS.map(([kind, title]) => <option key={kind} value={kind}>{title}</option>)}</select></label>
            {typed.kind === "on" ? <label class="field"><span>For all of them</span><select class="input" aria-label="Which" value={String(typed.all)} onChange={(event) => set({ all: event.currentTarget.value === "true" })}><option value="false">when any has moved</option><option value="true">when each has moved</option></select></label> : field("Time zone", "timezone")}
          </div>
          <label class="field"><span>{typed.kind === "cron" ? "Cron expression" : typed.kind === "every" ? "Interval" : "What it waits for"}</span>
            {typed.kind === "on" ? <textarea class="input mono" rows={2} aria-label="What it waits for" value={typed.when} spellcheck={false} onInput={(event) => set({ when: event.currentTarget.value })} /> : <input class="input mono" type="text" aria-label={typed.kind === "cron" ? "Cron expression" : "Interval"} value={typed.when} spellcheck={false} onInput={(event) => set({ when: event.currentTarget.value })} />}
            <small>{HINTS[typed.kind]}</small>
          </label>
          <label class="field"><span>Params <span class="faint">JSON{takes.length ? `: ${takes.join(", ")}` : ""}</span></span><textarea class="input mono" rows={2} aria-label="Params" value={typed.params} spellcheck={false} onInput={(event) => set({ params: event.currentTarget.value })} /><small>Texts may hold {"{start:%Y-%m-%d}"}, {"{end}"} and {"{due}"}.</small></label>
          <details open={Boolean(typed.first || typed.last || typed.late || typed.catchUp)}>
            <summary>Limits</summary>
            <div class="row wrap pairs" style={{ marginTop: "8px" }}>
              {field("Not before", "first")}{field("Not after", "last")}{typed.kind === "on" ? null : field("Late after", "late", "like 2h")}{field("Runs at a time", "active")}{field("Priority", "priority")}
              <label class="field"><span>What was missed</span><select class="input" aria-label="What was missed" value={String(typed.catchUp)} onChange={(event) => set({ catchUp: event.currentTarget.value === "true" })}><option value="false">only the last is run</option><option value="true">each is run</option></select></label>
            </div>
          </details>
          {problem ? <p class="bad" role="alert">{problem}</p> : null}
          {shown && !problem ? <div role="status" aria-label="Next times"><p class="soft">Starts {shown.says}{shown.next_ms.length ? `; next, in ${typed.timezone}:` : typed.kind === "on" ? "" : ", and has no more times"}</p><ol class="moments nexts">{shown.next_ms.map((at) => <li key={at}><time dateTime={new Date(at).toISOString()} title={new Date(at).toISOString()}>{local(at, typed.timezone)}</time> <small class="faint">{ago(at)}</small></li>)}</ol></div> : null}
        </div>
        <footer>{of ? <button type="button" class="button bare" onClick={() => setRemoving(true)}>Remove…</button> : null}<span class="grow" /><button type="button" class="button" onClick={() => close(false)}>Leave it</button><button type="submit" class="button main" disabled={busy || !typed.name.trim() || !typed.pipeline || !shown || Boolean(problem)}>{of ? "Save" : "Put in force"}</button></footer>
      </form>
    </Dialog>
  );
}

/** Ask before a schedule goes to the bin. */
function RemoveSchedule({ of, close }: { of: ScheduleRow; close: (saved: boolean) => void }) {
  const remove = async () => {
    try {
      await call("DELETE", `/schedules/${encodeURIComponent(of.name)}`);
      toast(`${of.name} is removed. Its runs stay.`);
      close(true);
    } catch (error) {
      toast((error as Error).message, "bad");
    }
  };
  return (
    <Dialog title={`Remove ${of.name}?`} close={() => close(false)}>
      <form onSubmit={(event) => { event.preventDefault(); void remove(); }}>
        <div class="ask"><p>It starts {of.pipeline} no more. Its runs stay, and it can be taken out of the bin.</p></div>
        <footer><button type="button" class="button" onClick={() => close(false)}>Keep it</button><button type="submit" class="button main">Remove</button></footer>
      </form>
    </Dialog>
  );
}
