// A project: its runs at the left, a panel for each of their metrics at the right, live; and what to see of it else.
import { useMemo } from "preact/hooks";
import { useResource, withQuery } from "../kit/api";
import { count } from "../kit/format";
import { Glyph } from "../kit/glyphs";
import { Head, Loading, usePage } from "../kit/page";
import { Empty, Failed, Panel, Tabs } from "../kit/parts";
import { useQuery } from "../kit/router";
import { QueryField } from "../nouns/query";
import { Parallel } from "../nouns/parallel";
import { RunList } from "../nouns/runlist";
import { useRunSet } from "../nouns/runset";
import { Scatter } from "../nouns/scatter";
import { Workspace } from "../nouns/workspace";
import type { RunKeys, RunSetQuery } from "../wire";

export default function Project({ name }: { name: string }) {
  usePage({ title: "Projects", href: "/projects" }, { title: name });
  const [q, setQ] = useQuery("q");
  const [inside] = useQuery("inside");
  const [tab, setTab] = useQuery("tab", "charts");
  const outer = !inside && !q;
  const question = useMemo((): RunSetQuery => ({ filter: { q, project: [name], kind: [], state: [], parent: outer ? "none" : null, archived: /\barchived\b/.test(q) ? null : false } }), [name, q, outer]);
  const set = useRunSet(question);
  const keys = useResource<RunKeys>(withQuery("/runs/keys", { project: name }));
  const bad = set.resource.problem?.status === 400 ? set.resource.problem : null;
  if (!set.resource.data && !bad) return set.resource.problem ? <Failed problem={set.resource.problem} again={set.resource.reload} /> : <Loading />;
  return (
    <>
      <Head title={name} actions={<><a class="button" href={withQuery("/runs", { project: name, q, inside })}><Glyph name="table" size={14} />Table</a><a class="button" href={withQuery("/compare", { project: name, q })}><Glyph name="compare" size={14} />Compare</a></>}>
        <span>{set.resource.data?.at_least ? `${set.total.toLocaleString("en-US")}+ runs` : count(set.total, "run")}</span>
        {outer ? <span>without runs inside a run (<a href={withQuery(`/projects/${encodeURIComponent(name)}`, { inside: 1, tab: tab === "charts" ? "" : tab })}>show them too</a>)</span> : inside && !q ? <a href={`/projects/${encodeURIComponent(name)}`}>Only outermost runs</a> : null}
        {set.total > set.runs.length ? <span>the newest {set.runs.length} are drawn</span> : null}
      </Head>
      <div class="toolbar"><QueryField value={q} set={(text) => setQ(text)} keys={keys.data} problem={bad} /></div>
      <Tabs label="About this project" tabs={[{ id: "charts", title: "Charts", count: set.keys.length }, { id: "parallel", title: "Parallel" }, { id: "scatter", title: "Scatter" }]} now={tab} set={(to) => setTab(to)} />
      <Panel id={tab} plain>
        {!set.runs.length ? (
          q ? <Empty title="No run matches">Change the search, or take it away.</Empty> : <Empty title="No runs" lines={`import tenfold\n\nwith tenfold.run("${name}") as run:\n    run.log({"loss": 0.3}, step=1)`}>This project has no runs outside the bin.</Empty>
        ) : tab === "charts" ? <Workspace set={set} project={name} page="project" />
          : <div class="workspace"><RunList set={set} groups={null} /><div class="space">{tab === "parallel" ? <Parallel set={set} /> : <Scatter set={set} />}</div></div>}
      </Panel>
    </>
  );
}
