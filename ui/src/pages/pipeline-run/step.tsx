// One step, or one item of it: its attempts, what it took and gave, what it wrote; clear it, or find the items that failed.
import { useState } from "preact/hooks";
import { call, useResource, withQuery } from "../../kit/api";
import { Badge } from "../../kit/badge";
import { Dialog, toast } from "../../kit/dialog";
import { bytes, count, duration, now, value, when } from "../../kit/format";
import { Preview } from "../../kit/files";
import { Glyph } from "../../kit/glyphs";
import { Section } from "../../kit/page";
import { Failed, Facts } from "../../kit/parts";
import { Rows } from "../../kit/rows";
import { Log } from "../../nouns/log";
import { inOrder, StateBar } from "../../nouns/pipelines";
import { filesAndSize, VersionName } from "../../nouns/versions";
import type { ArtifactUse, ArtifactUses, FileList, PipelineRunSteps, StepAttempt, StepDetail, StepsCleared } from "../../wire";
import { useItems } from "./timeline";

export function StepPane({ of, place, choose, done }: { of: PipelineRunSteps; place: string; choose: (key: string | null) => void; done: () => void }) {
  const step = useResource<StepDetail>(withQuery(`/pipelines/runs/${of.run.id}/step`, { key: place }), (event) => event.topic === "task");
  if (!step.data) return step.problem ? <Failed problem={step.problem} again={step.reload} /> : null;
  const one = step.data;
  const item = place.includes("[");
  return (
    <section class="section" aria-label={`Step ${one.key}`}>
      <div class="title">
        <h2>{one.key}</h2><Badge state={one.state} />
        {item ? <button type="button" class="button bare" onClick={() => choose(place.replace(/\[\d+\]$/, ""))}>All items</button> : null}
        <a href={`/runs/${one.run_id}`}>Open its run</a>
        <Clear of={of} place={place} done={done} />
        <button type="button" class="button bare icon" aria-label="Close the step" onClick={() => choose(null)}><Glyph name="close" size={14} /></button>
      </div>
      {one.error ? <details class="traceback" style={{ marginBottom: "8px" }} open><summary>{one.error.split("\n")[0]}</summary>{one.error.includes("\n") ? <pre tabIndex={0}>{one.error.split("\n").slice(1).join("\n")}</pre> : null}</details> : null}
      {one.items ? <Items of={of} step={one} choose={choose} /> : null}
      <div class="columns">
        <div>
          <Facts rows={[
            ["Why", one.why],
            ["Waits for", one.waits_for.length ? <Keys keys={one.waits_for} choose={choose} /> : null],
            ["Waited", one.ready_at_ms && one.started_at_ms && one.state !== "skipped" ? `${duration(Math.max(0, one.started_at_ms - one.ready_at_ms))} for its turn` : null],
            ["Took", one.started_at_ms && one.state !== "cached" && one.state !== "skipped" ? duration((one.ended_at_ms ?? now.value) - one.started_at_ms) : null],
            ["Started", one.started_at_ms ? when(one.started_at_ms) : null],
            ["Function", <code>{one.function}</code>],
            ...Object.entries(one.takes).map(([name, keys]): [string, preact.ComponentChildren] => [name ? `${name} from` : "after", <Keys keys={keys} choose={choose} />]),
            ["Gives to", one.gives_to.length ? <Keys keys={one.gives_to} choose={choose} /> : null],
            ...Object.entries(one.options).map(([k, v]): [string, preact.ComponentChildren] => [k.replace(/_s$/, " (s)").replaceAll("_", " "), <code>{value(v)}</code>]),
            ...Object.entries(one.params).map(([k, v]): [string, preact.ComponentChildren] => [k, <code>{value(v)}</code>]),
          ]} />
          {one.attempts.length > 1 || one.attempts.some((each) => each.state !== "finished") ? <Attempts attempts={one.attempts} /> : null}
          {one.items ? null : <Given run={one.run_id} made={one.cached_from} />}
        </div>
        {one.items ? null : <div><Section title={one.cached_from ? "Console of the run that made it" : "Console"}><Log run={one.cached_from ?? one.run_id} height="360px" /></Section></div>}
      </div>
    </section>
  );
}

function Keys({ keys, choose }: { keys: string[]; choose: (key: string) => void }) {
  return <>{keys.map((key) => <button key={key} type="button" class="button bare" style={{ height: "22px", padding: "0 4px", margin: "0 2px 0 -4px" }} onClick={() => choose(key)}>{key}</button>)}</>;
}

function Attempts({ attempts }: { attempts: StepAttempt[] }) {
  return (
    <Section title="Attempts">
      <ol class="lineslist" aria-label="Attempts">
        {attempts.map((one) => (
          <li key={one.attempt}>
            <span class="soft" style={{ width: "16px", flex: "none" }}>{one.attempt}</span><Badge state={one.state === "timeout" ? "failed" : one.state} word={one.state} />
            <span class="cut grow" title={one.error ?? ""}>{one.error}</span>
            <span class="when">{Object.entries(one.resources).map(([k, v]) => `${k.replace("_bytes", "")} ${k.endsWith("_bytes") ? bytes(Number(v)) : String(v)}`).join(", ")} {one.began_ms ? duration((one.ended_ms ?? now.value) - one.began_ms) : ""}</span>
          </li>
        ))}
      </ol>
    </Section>
  );
}

/** The items of a step that fans out: how many are in each state, and each of them, found by state or key. */
function Items({ of, step, choose }: { of: PipelineRunSteps; step: StepDetail; choose: (key: string) => void }) {
  const counts = step.items!;
  const [state, setState] = useState(counts.failed ? "failed" : "");
  const [find, setFind] = useState("");
  const [order, setOrder] = useState("");
  const items = useItems(of.run.id, { step: step.key, state, find, order }, step);
  return (
    <Section title={`${Object.values(counts).reduce((a, b) => a + b, 0).toLocaleString("en-US")} items`} tools={<StateBar counts={counts} />}>
      <div class="row wrap" style={{ marginBottom: "6px" }}>
        <div class="row wrap" role="group" aria-label="Only in this state">
          <button type="button" class="button bare" aria-pressed={!state} onClick={() => setState("")}>All</button>
          {inOrder(counts).map(([one, n]) => <button key={one} type="button" class="button bare" aria-pressed={state === one} onClick={() => setState(state === one ? "" : one)}><Badge state={one} word={`${n.toLocaleString("en-US")} ${one}`} /></button>)}
        </div>
        <input class="input" type="text" aria-label="Find an item" placeholder="[42]" value={find} onInput={(event) => setFind(event.currentTarget.value)} style={{ width: "90px" }} />
        <select class="input" aria-label="Order of the items" value={order} onChange={(event) => setOrder(event.currentTarget.value)}>
          <option value="">In order</option><option value="-duration">Longest first</option><option value="start">As they started</option><option value="-attempts">Most attempts first</option>
        </select>
      </div>
      {items.total === 0 ? <p class="soft">None.</p> : (
        <Rows count={items.total ?? 0} height={26} label={`Items of ${step.key}`} most="216px" seen={items.seen}>
          {(n) => {
            const one = items.at(n);
            if (!one) return <span class="faint">…</span>;
            return (
              <div class="row" style={{ height: "25px", padding: "0 8px" }}>
                <button type="button" class="button bare" style={{ height: "22px", padding: "0 4px", flex: "none" }} onClick={() => choose(one.key)}><Badge state={one.state} word="" />{one.key}</button>
                <span class="cut grow soft" title={one.error ?? ""}>{one.error ?? (one.state === "finished" ? "" : one.state)}</span>
                <span class="soft" style={{ flex: "none" }}>{one.attempts > 1 ? `${one.attempts} attempts, ` : ""}{one.start !== null && one.end !== null && one.state !== "cached" ? duration(one.end - one.start) : ""}</span>
              </div>
            );
          }}
        </Rows>
      )}
    </Section>
  );
}

/** What a step took and gave, each opened to a look at it. */
function Given({ run, made }: { run: string; made: string | null }) {
  const uses = useResource<ArtifactUses>(`/runs/${run}/artifacts`, (event) => event.topic === "version");
  const first = useResource<ArtifactUses>(made ? `/runs/${made}/artifacts` : null);
  const given = [...(uses.data?.items ?? []), ...(first.data?.items ?? []).filter((one) => one.direction === "produced")].filter((one) => one.version.kind !== "log");
  if (!given.length) return null;
  return (
    <Section title="Artifacts">
      {(["used", "produced"] as const).map((direction) => {
        const mine = given.filter((one) => one.direction === direction);
        return mine.length ? <ul key={direction} class="lineslist" aria-label={direction === "used" ? "What it used" : "What it made"}>{mine.slice(0, 50).map((one) => <Artifact key={one.version.id + one.role} of={one} />)}{mine.length > 50 ? <li class="soft">and {(mine.length - 50).toLocaleString("en-US")} more, on its run</li> : null}</ul> : null;
      })}
    </Section>
  );
}

function Artifact({ of }: { of: ArtifactUse }) {
  const [open, setOpen] = useState(false);
  const files = useResource<FileList>(open ? withQuery(`/versions/${of.version.id}/files`, { limit: 20 }) : null);
  const file = files.data?.items.find((one) => one.kind === "file");
  return (
    <>
      <li>
        <button type="button" class="button bare icon" aria-expanded={open} aria-label={`Look into ${of.role || of.version.name}`} onClick={() => setOpen(!open)}><Glyph name={open ? "down" : "right"} size={12} /></button>
        <span class="soft" style={{ flex: "none" }}>{of.direction === "used" ? "used" : "made"} {of.role}</span><VersionName version={of.version} full /><span class="when hide-narrow">{of.version.type ? `${of.version.type}, ` : ""}{filesAndSize(of.version)}</span>
      </li>
      {open ? <li style={{ display: "block", padding: 0 }}><div class="previewbox">{file ? <Preview version={of.version.id} path={file.path} /> : <p class="tablenote">{files.data ? "It has no file to show." : files.problem ? files.problem.message : "…"}</p>}</div></li> : null}
    </>
  );
}

/** Ask first which steps would run anew, then clear them. */
function Clear({ of, place, done }: { of: PipelineRunSteps; place: string; done: () => void }) {
  const [asks, setAsks] = useState(false);
  const [behind, setBehind] = useState(true);
  const [plan, setPlan] = useState<StepsCleared | null>(null);
  const [busy, setBusy] = useState(false);
  if (of.run.state === "running" || of.run.state === "created") return null;
  const send = async (preview: boolean, downstream: boolean) => {
    setBusy(true);
    try {
      const found = await call<StepsCleared>("POST", `/pipelines/runs/${of.run.id}/clear`, { keys: [place], downstream, preview });
      if (preview) setPlan(found);
      else {
        toast(`${count(found.cleared, "step")} cleared. The run goes on.`);
        setAsks(false);
        done();
      }
    } catch (error) {
      toast((error as Error).message, "bad");
    }
    setBusy(false);
  };
  const choose = (downstream: boolean) => {
    setBehind(downstream);
    void send(true, downstream);
  };
  return (
    <>
      <button type="button" class="button" onClick={() => { setAsks(true); choose(true); }}>Clear…</button>
      {asks ? (
        <Dialog title={`Run ${place} anew`} close={() => setAsks(false)}>
          <div class="inside">
            <p class="soft">Cleared steps run again in this run, also those that finished; the cache does not answer for them. What they gave before stays in the lineage.</p>
            <label class="row"><input type="checkbox" checked={behind} onChange={(event) => choose(event.currentTarget.checked)} />Also all that follow</label>
            {plan ? <p role="status">{count(plan.cleared, "step")}: {plan.keys.slice(0, 12).join(", ")}{plan.cleared > 12 ? " …" : ""}</p> : null}
          </div>
          <footer><button type="button" class="button" onClick={() => setAsks(false)}>Leave them</button><button type="button" class="button main" disabled={busy || !plan} onClick={() => void send(false, behind)}>Clear and go on</button></footer>
        </Dialog>
      ) : null}
    </>
  );
}
