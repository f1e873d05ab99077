// The lineage graph round an address, as the lineage page and the tabs of other pages draw it.
import { useState } from "preact/hooks";
import { useResource, withQuery } from "../kit/api";
import { Badge } from "../kit/badge";
import { Graph } from "../kit/graph";
import { when } from "../kit/format";
import { Copy, Empty, Failed, Facts } from "../kit/parts";
import { lineageOf, pageOfRun } from "../links";
import type { Graph as GraphOf, Node } from "../wire";

const COLOURS: Record<string, string> = {
  data: "var(--series-0)", model: "var(--series-6)", prediction: "var(--series-3)", predictions: "var(--series-3)", outcomes: "var(--series-3)", report: "var(--series-4)",
  evaluation: "var(--series-2)", output: "var(--series-5)", profile: "var(--series-5)", schema: "var(--series-5)",
};

export function pageOfNode(node: Node): string {
  const [sort, id = ""] = [node.sort, node.id.slice(node.id.indexOf(":") + 1)];
  if (sort === "run") return pageOfRun({ id, kind: node.kind });
  if (sort === "prediction") return lineageOf(node.address);
  const known = /^(data|model):(.+)@v(\d+)$/.exec(node.address);
  if (known) return `/${known[1] === "data" ? "data" : "models"}/${encodeURIComponent(known[2]!)}?version=${known[3]}`;
  return `/versions/${id}`;
}

/** `descent` leaves out what only judged the thing on its way: evaluations, gates, the champion before it. */
export function Walk({ address, direction = "both", descent = false, height = 460, depth }: { address: string; direction?: string; descent?: boolean; height?: number; depth?: number }) {
  const walk = useResource<GraphOf>(withQuery("/lineage", { address, direction, depth, descent: descent ? "true" : undefined }));
  const [picked, setPicked] = useState<string | null>(null);
  const graph = walk.data;
  if (walk.problem && !graph) return <Failed problem={walk.problem} again={walk.reload} />;
  if (!graph) return <div style={{ height: `${height}px` }} />;
  if (graph.nodes.length < 2) {
    return <Empty title="No lineage yet" lines={`with tenfold.run("flights") as run:\n    run.use("data:flights@main")\n    run.save(files, "features", kind="data")`}>Nothing used this, and it used nothing. A run that calls these draws its arrows.</Empty>;
  }
  const chosen = graph.nodes.find((node) => node.id === picked) ?? graph.nodes.find((node) => node.id === graph.start);
  return (
    <div class={walk.stale ? "stale" : ""}>
      <Graph label={`Lineage of ${address}`} height={height} chosen={chosen?.id} choose={setPicked}
        nodes={graph.nodes.map((node) => ({ id: node.id, name: node.label, note: [node.kind, node.detail].filter(Boolean).join(" · "), state: node.sort === "run" ? node.state || "finished" : undefined, colour: COLOURS[node.kind] }))}
        edges={graph.links.map((link) => ({ source: link.source, target: link.target, label: link.role ?? "" }))} />
      {graph.complete === false ? <p class="tablenote">Only the first {graph.nodes.length} things are drawn. Walk from one of them to see further.</p> : null}
      {chosen ? (
        <div class="section" aria-live="polite">
          <div class="row wrap" style={{ marginBottom: "4px" }}><h2>{chosen.label}</h2>{chosen.state ? <Badge state={chosen.state} /> : null}</div>
          <Facts rows={[
            ["Kind", chosen.kind], ["Address", <span class="row"><code class="cut">{chosen.address}</code><Copy text={chosen.address} label="Copy the address" /></span>],
            ["Says", chosen.detail], ["When", chosen.at_ms ? when(chosen.at_ms) : null],
            ["Go to", chosen.sort === "prediction" && chosen.id === graph.start ? null : <span class="row wrap">{chosen.sort === "prediction" ? null : <a href={pageOfNode(chosen)}>its page</a>}{chosen.id === graph.start ? null : <a href={lineageOf(chosen.address)}>walk from here</a>}</span>],
          ]} />
        </div>
      ) : null}
    </div>
  );
}
