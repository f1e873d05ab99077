// Runs beside each other, two to 500: named in the address, or what a search finds. The address holds all of it.
import { useMemo } from "preact/hooks";
import { count } from "../../kit/format";
import { Head, Loading, usePage } from "../../kit/page";
import { Empty, Failed, Panel, Tabs } from "../../kit/parts";
import { setQuery, useQuery } from "../../kit/router";
import { MediaPanels } from "../../nouns/media";
import { Parallel } from "../../nouns/parallel";
import { useRunSet } from "../../nouns/runset";
import { RunList } from "../../nouns/runlist";
import { Scatter } from "../../nouns/scatter";
import { Workspace } from "../../nouns/workspace";
import type { RunSetQuery } from "../../wire";
import { Importance } from "./importance";
import { Pair } from "./pair";
import { Values } from "./values";

export default function Compare() {
  usePage({ title: "Runs", href: "/runs" }, { title: "Compare" });
  const [list] = useQuery("runs");
  const [q] = useQuery("q");
  const [project] = useQuery("project");
  const [kind] = useQuery("kind");
  const [order] = useQuery("order");
  const [tab, setTab] = useQuery("tab", "charts");
  const ids = useMemo(() => list.split(",").filter(Boolean), [list]);
  const question = useMemo((): RunSetQuery | null => {
    if (ids.length) return { runs: ids.slice(0, 500) };
    if (!q && !project && !kind) return null;
    return { filter: { q, project: project ? [project] : [], kind: kind ? [kind] : [], state: [], parent: null, archived: /\barchived\b/.test(q) ? null : false }, ...(order ? { order } : {}) };
  }, [ids, q, project, kind, order]);
  const set = useRunSet(question);
  if (!question) return <Empty page title="Nothing to compare">Select two runs or more in <a href="/runs">the table of runs</a> and press c.</Empty>;
  if (!set.resource.data) return set.resource.problem ? <Failed problem={set.resource.problem} again={set.resource.reload} /> : <Loading />;
  if (!set.runs.length) return <Empty page title="No run matches">{ids.length ? "The runs of this address are not in this store." : <>The search <code>{q || project || kind}</code> finds none. Change it in <a href="/runs">the table of runs</a>.</>}</Empty>;
  const projects = new Set(set.runs.map((run) => run.project));
  const own = projects.size === 1 ? [...projects][0]! : "";
  const take = ids.length ? (id: string) => setQuery({ runs: ids.filter((one) => one !== id).join() }) : undefined;
  const tabs = [
    { id: "charts", title: "Charts", count: set.keys.length }, { id: "values", title: "Params and metrics" }, { id: "parallel", title: "Parallel" }, { id: "scatter", title: "Scatter" },
    { id: "importance", title: "Importance" }, { id: "code", title: "Code and data" }, { id: "media", title: "Media" },
  ];
  const beside = tab === "parallel" || tab === "scatter" || tab === "importance" || tab === "values" || tab === "media";
  const body = () => {
    switch (tab) {
      case "values": return <Values set={set} />;
      case "parallel": return <Parallel set={set} />;
      case "scatter": return <Scatter set={set} />;
      case "importance": return <Importance set={set} />;
      case "media": return <MediaPanels runs={set.shown.map((run) => run.id)} names={set.names} pens={set.pens} />;
      default: return <Pair set={set} />;
    }
  };
  return (
    <>
      <Head title={`Compare ${count(set.runs.length, "run")}`}>
        {q ? <span>found by <code>{q}</code>{project ? <> in {project}</> : null}</span> : own ? <span>of <a href={`/projects/${encodeURIComponent(own)}`}>{own}</a></span> : <span>of {count(projects.size, "project")}</span>}
        {set.total > set.runs.length ? <span class="warn">The first {set.runs.length} of {set.total.toLocaleString("en-US")}{set.resource.data.at_least ? "+" : ""}.</span> : null}
      </Head>
      <Tabs label="Compare" tabs={tabs} now={tab} set={(to) => setTab(to)} />
      <Panel id={tab} plain>
        {tab === "charts" ? <Workspace set={set} project={own} page="compare" {...(take ? { take } : {})} />
          : beside ? <div class="workspace"><RunList set={set} groups={null} {...(take ? { take } : {})} /><div class="space">{body()}</div></div> : <div class="panel">{body()}</div>}
      </Panel>
    </>
  );
}
