// What is to be known of a run at a glance: notes, params as a tree, metrics in numbers, inputs and outputs, when and where.
import { useState } from "preact/hooks";
import { fileUrl } from "../../kit/files";
import { flat, number, value, when } from "../../kit/format";
import { Glyph } from "../../kit/glyphs";
import { Section } from "../../kit/page";
import { Copy, Facts, Json } from "../../kit/parts";
import { glyphOf, pageOfProject } from "../../links";
import { RunLink } from "../../nouns/runs";
import { VersionName } from "../../nouns/versions";
import type { ArtifactUse, RunDetail } from "../../wire";
import { Notes } from "./notes";

const OWN = new Set(["media", "log", "code"]); // shown by tabs of their own

export function Overview({ detail, artifacts, done }: { detail: RunDetail; artifacts: ArtifactUse[] | undefined; done: () => void }) {
  const { run } = detail;
  const metrics = Object.entries(run.metrics).filter(([key]) => !key.startsWith("system/"));
  const result = flat(detail.result).slice(0, 200);
  const params = flat(detail.params).length;
  const points = (key: string, format: string) => `/api/v1/runs/${run.id}/points?${new URLSearchParams({ key, format })}`;
  return (
    <>
      <Notes key={run.id} run={run.id} text={detail.notes} html={detail.notes_html} done={done} />
      <div class="columns wide-middle">
        <div>
          <Section title={`Params${params ? ` (${params})` : ""}`} tools={params ? <><span class="grow" /><Copy text={JSON.stringify(detail.params, null, 2)} label="Copy the params as JSON" /></> : null}>
            {params ? <Tree of={detail.params} label="Find a param" /> : <p class="soft">None.</p>}
          </Section>
          {result.length ? <Section title="Result"><Facts rows={result.map(([key, item]) => [key, isLink(item) ? <a href={String(item)} target="_blank" rel="noreferrer">{String(item)}</a> : key === "cached_from" ? <a href={`/runs/${String(item)}`}>the run that made its outputs</a> : <code>{value(item)}</code>])} /></Section> : null}
        </div>
        <div>
          <Section title="Metrics">
            {metrics.length ? (
              <div class="tablebox" tabIndex={0} role="region" aria-label="Metrics of this run">
                <table class="table auto tight">
                  <thead><tr><th scope="col">Metric</th><th scope="col" class="num">Last</th><th scope="col" class="num">Min</th><th scope="col" class="num">Max</th><th scope="col" class="num">Points</th><th scope="col"><span class="sr">Save</span></th></tr></thead>
                  <tbody>{metrics.map(([key, one]) => (
                    <tr key={key}>
                      <td title={key}>{key}</td><td class="num">{number(one.last)}</td><td class="num">{marked(run.goals[key] === "minimize", one.min)}</td><td class="num">{marked(run.goals[key] === "maximize", one.max)}</td><td class="num">{number(one.count)}</td>
                      <td><a href={points(key, "csv")} download aria-label={`Points of ${key} as CSV`} title="Points as CSV"><Glyph name="download" size={14} /></a></td>
                    </tr>
                  ))}</tbody>
                </table>
              </div>
            ) : <p class="soft">None logged.</p>}
          </Section>
          <Uses title="Inputs" items={artifacts?.filter((item) => item.direction === "used")} />
          <Uses title="Outputs" items={artifacts?.filter((item) => item.direction === "produced" && !OWN.has(item.version.kind))} />
        </div>
        <div>
          <Section title="When and where">
            <Facts rows={[
              ["Project", <a href={pageOfProject(run.project)}>{run.project}</a>], ["Created", when(run.created_at_ms)], ["Started", run.started_at_ms ? when(run.started_at_ms) : null], ["Ended", run.ended_at_ms ? when(run.ended_at_ms) : null],
              ["User", run.user], ["Host", run.host], ["Process", detail.pid], ["Group", run.group],
              ["Part of", detail.root && detail.root.id !== run.id ? <RunLink run={detail.root} /> : null],
              ["Commit", detail.code?.commit ? <a href="?tab=code"><code>{detail.code.commit.slice(0, 10)}</code>{detail.code.dirty ? " with changes" : ""}</a> : null],
              ["Command", detail.code?.entry_point ? <span class="row"><code class="cut">{[detail.code.entry_point, ...detail.code.arguments].join(" ")}</code><Copy text={[detail.code.entry_point, ...detail.code.arguments].join(" ")} label="Copy the command" /></span> : null],
            ]} />
          </Section>
          <Environment tree={detail.environment} />
        </div>
      </div>
    </>
  );
}

const marked = (best: boolean, of: number | null) => (best ? <b title="the best, by its goal">{number(of)}</b> : number(of));
const isLink = (item: unknown): boolean => typeof item === "string" && /^https?:\/\//.test(item);

/** A nested value as a tree; what is typed shows the matching leaves with their whole names. */
function Tree({ of, label }: { of: Record<string, unknown>; label: string }) {
  const [find, setFind] = useState("");
  const leaves = flat(of);
  const nested = Object.values(of).some((item) => item !== null && typeof item === "object" && !Array.isArray(item));
  const found = leaves.filter(([key, item]) => `${key} ${value(item)}`.toLowerCase().includes(find.toLowerCase()));
  return (
    <>
      {leaves.length > 12 ? <input class="input" style={{ width: "100%", marginBottom: "4px" }} type="text" aria-label={label} placeholder={label} value={find} onInput={(event) => setFind(event.currentTarget.value)} /> : null}
      {nested && !find ? <div class="params">{Object.entries(of).map(([key, item]) => <Json key={key} name={key} value={item} />)}</div> : <Facts rows={found.map(([key, item]) => [key, <code>{value(item) || "—"}</code>])} />}
    </>
  );
}

function Uses({ title, items }: { title: string; items: ArtifactUse[] | undefined }) {
  if (!items?.length) return null;
  return (
    <Section title={title}>
      <ul class="lineslist">
        {items.slice(0, 20).map((item) => (
          <li key={item.version.id + item.role}>
            <span class="faint"><Glyph name={glyphOf(item.version.kind)} /></span>
            <VersionName version={item.version} full />
            {item.role ? <span class="faint hide-narrow cut">as {item.role}</span> : null}
            {item.version.files === 1 && item.version.type === "html" ? <a class="when" href={fileUrl(item.version.id, "index.html")} target="_blank" rel="noreferrer">open</a> : null}
          </li>
        ))}
      </ul>
      {items.length > 20 ? <p class="tablenote"><a href="?tab=artifacts">All {items.length}</a></p> : null}
    </Section>
  );
}

function Environment({ tree }: { tree: Record<string, unknown> }) {
  const packages = tree.packages as Record<string, unknown> | undefined;
  const [find, setFind] = useState("");
  const rest = flat(Object.fromEntries(Object.entries(tree).filter(([key]) => key !== "packages" && !key.startsWith("metric/"))));
  if (!rest.length && !packages) return null;
  const listed = packages && typeof packages === "object" ? Object.entries(packages) : [];
  return (
    <Section title="Environment">
      <Facts rows={rest.map(([key, item]) => [key, value(item)])} />
      {listed.length ? (
        <details>
          <summary class="soft" style={{ cursor: "pointer" }}>{listed.length} packages</summary>
          <input class="input" style={{ width: "100%", margin: "4px 0" }} type="text" aria-label="Find a package" placeholder="Find a package" value={find} onInput={(event) => setFind(event.currentTarget.value)} />
          <Facts rows={listed.filter(([key]) => key.toLowerCase().includes(find.toLowerCase())).map(([key, item]) => [key, <code>{value(item)}</code>])} />
        </details>
      ) : null}
    </Section>
  );
}
