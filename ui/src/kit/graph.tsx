// A directed graph, laid out by dagre: drag to pan, wheel to zoom, arrow keys from node to node, Enter to choose.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { colourOf, Shape } from "./badge";
import { Glyph } from "./glyphs";

export interface GraphNode {
  id: string;
  name: string;
  note: string;
  state?: string | undefined;
  /** A stripe's colour where there is no state. */
  colour?: string | undefined;
}

export interface GraphEdge {
  source: string;
  target: string;
  label?: string;
}

interface Placed {
  nodes: Map<string, { x: number; y: number }>;
  edges: { path: string; key: string; source: string; target: string; label: string; x: number; y: number }[];
  width: number;
  height: number;
}

const WIDTH = 176;
const HEIGHT = 44;

export function Graph({ nodes, edges, chosen, choose, label, height = 420 }: {
  nodes: GraphNode[]; edges: GraphEdge[]; chosen?: string | undefined; choose: (id: string) => void; label: string; height?: number;
}) {
  const box = useRef<HTMLDivElement>(null);
  const [placed, setPlaced] = useState<Placed | null>(null);
  const [view, setView] = useState({ x: 0, y: 0, k: 1 });
  const touched = useRef(false);
  const form = nodes.map((node) => node.id).join() + "|" + edges.map((edge) => `${edge.source}>${edge.target}`).join();

  const fit = (to: Placed | null = placed) => {
    const element = box.current;
    if (!element || !to) return;
    const [w, h] = [element.clientWidth, element.clientHeight];
    const k = Math.max(w < 600 ? 0.62 : 0.45, Math.min(1, (w - 32) / to.width, (h - 32) / to.height));
    const focus = chosen ? to.nodes.get(chosen) : undefined;
    const overflow = to.width * k > w || to.height * k > h;
    const [cx, cy] = focus && overflow ? [focus.x, focus.y] : [to.width / 2, to.height / 2];
    setView({ x: w / 2 - cx * k, y: h / 2 - cy * k, k });
  };
  useEffect(() => {
    let current = true;
    void import("@dagrejs/dagre").then((dagre) => {
      if (!current) return;
      const [w, h] = [(box.current?.clientWidth ?? 1000) - 32, (box.current?.clientHeight ?? height) - 32];
      const scale = (one: Placed) => Math.min(1, w / one.width, h / one.height);
      const wide = layout(dagre, nodes, edges, "LR");
      const high = scale(wide) < 0.75 ? layout(dagre, nodes, edges, "TB") : wide;
      const done = scale(high) > scale(wide) ? high : wide;
      setPlaced(done);
      if (!touched.current) fit(done);
    });
    return () => void (current = false);
  }, [form]);

  const zoom = (by: number, at?: { x: number; y: number }) => {
    touched.current = true;
    setView((old) => {
      const k = Math.max(0.15, Math.min(2.5, old.k * by));
      const centre = at ?? { x: (box.current?.clientWidth ?? 0) / 2, y: (box.current?.clientHeight ?? 0) / 2 };
      return { k, x: centre.x - ((centre.x - old.x) * k) / old.k, y: centre.y - ((centre.y - old.y) * k) / old.k };
    });
  };
  const drag = useRef<{ x: number; y: number; moved: boolean } | null>(null);
  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const wheel = (event: WheelEvent) => {
      if (!event.ctrlKey && !event.metaKey && Math.abs(event.deltaY) < 4) return;
      event.preventDefault();
      const frame = element.getBoundingClientRect();
      zoom(Math.exp(-event.deltaY * 0.0015), { x: event.clientX - frame.left, y: event.clientY - frame.top });
    };
    element.addEventListener("wheel", wheel, { passive: false });
    return () => element.removeEventListener("wheel", wheel);
  }, []);

  const walk = (event: KeyboardEvent, from: string) => {
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      return choose(from);
    }
    const way = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] }[event.key];
    const here = placed?.nodes.get(from);
    if (!way || !here || !placed) return;
    event.preventDefault();
    let best: [number, string] | undefined;
    for (const [id, there] of placed.nodes) {
      const [dx, dy] = [there.x - here.x, there.y - here.y];
      const along = dx * way[0]! + dy * way[1]!;
      const aside = Math.abs(dx * way[1]!) + Math.abs(dy * way[0]!);
      if (along > 4 && (!best || along + aside * 2 < best[0])) best = [along + aside * 2, id];
    }
    if (best) box.current?.querySelector<SVGGElement>(`[data-node="${CSS.escape(best[1])}"]`)?.focus();
  };
  const lit = useMemo(() => new Set(edges.filter((e) => e.source === chosen || e.target === chosen).map((e) => `${e.source}>${e.target}`)), [chosen, form]);
  return (
    <div class="graph" ref={box} style={{ height: `${height}px` }}>
      <svg role="group" aria-label={label}
        onPointerDown={(event) => (drag.current = { x: event.clientX, y: event.clientY, moved: false })}
        onPointerMove={(event) => {
          const from = drag.current;
          if (!from || !event.buttons) return;
          const [dx, dy] = [event.clientX - from.x, event.clientY - from.y];
          if (!from.moved && Math.hypot(dx, dy) < 4) return;
          if (!from.moved) event.currentTarget.setPointerCapture(event.pointerId);
          touched.current = true;
          drag.current = { x: event.clientX, y: event.clientY, moved: true };
          setView((old) => ({ ...old, x: old.x + dx, y: old.y + dy }));
        }}
        onPointerUp={() => window.setTimeout(() => (drag.current = null))}>
        <defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 1 7 4 0 7z" fill="var(--line-strong)" /></marker></defs>
        {placed ? (
          <g transform={`translate(${view.x} ${view.y}) scale(${view.k})`}>
            {placed.edges.map((edge) => (
              <g key={edge.key}>
                <path class={`edge${lit.has(edge.key) ? " lit" : ""}`} d={edge.path} marker-end="url(#arrow)" />
                {lit.has(edge.key) && edge.label ? <text class="edgelabel" x={edge.x} y={edge.y - 4} text-anchor="middle">{edge.label}</text> : null}
              </g>
            ))}
            {nodes.map((node) => {
              const at = placed.nodes.get(node.id);
              return at ? (
                <g key={node.id} class={`node${chosen === node.id ? " chosen" : ""}`} data-node={node.id} role="button" tabindex={0} aria-pressed={chosen === node.id} transform={`translate(${at.x - WIDTH / 2} ${at.y - HEIGHT / 2})`}
                  aria-label={`${shown(node).join(" ")}${node.state ? `, ${node.state}` : ""}`} aria-description={`${node.name}, ${node.note}`} onClick={() => !drag.current?.moved && choose(node.id)} onKeyDown={(event) => walk(event, node.id)}>
                  <g aria-hidden="true">
                  <rect class="box" width={WIDTH} height={HEIGHT} rx="5" />
                  <rect width="3" height={HEIGHT - 14} x="6" y="7" rx="1.5" fill={node.state ? colourOf(node.state) : (node.colour ?? "var(--line-strong)")} />
                  <text class="name" x="17" y="18.500">{shown(node)[0]}</text>{" "}
                  <text class="note" x="17" y="34">{shown(node)[1]}</text>
                  {node.state ? <g transform={`translate(${WIDTH - 21} 9)`} style={{ color: colourOf(node.state) }}><Shape state={node.state} /></g> : null}
                  </g>
                </g>
              ) : null;
            })}
          </g>
        ) : null}
      </svg>
      <div class="tools">
        <button type="button" class="button icon" aria-label="Zoom in" title="Zoom in" onClick={() => zoom(1.25)}><Glyph name="plus" /></button>
        <button type="button" class="button icon" aria-label="Zoom out" title="Zoom out" onClick={() => zoom(0.8)}><Glyph name="minus" /></button>
        <button type="button" class="button icon" aria-label="Fit the graph" title="Fit" onClick={() => { touched.current = false; fit(); }}><Glyph name="fit" /></button>
      </div>
    </div>
  );
}

function layout(dagre: typeof import("@dagrejs/dagre"), nodes: GraphNode[], edges: GraphEdge[], rankdir: "LR" | "TB"): Placed {
  const graph = new dagre.graphlib.Graph();
  graph.setGraph({ rankdir, nodesep: 16, ranksep: rankdir === "LR" ? 44 : 34, marginx: 4, marginy: 4 });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const node of nodes) graph.setNode(node.id, { width: WIDTH, height: HEIGHT });
  const kept = edges.filter((edge) => graph.hasNode(edge.source) && graph.hasNode(edge.target));
  for (const edge of kept) graph.setEdge(edge.source, edge.target);
  dagre.layout(graph);
  const size = graph.graph();
  return {
    nodes: new Map(nodes.map((node) => { const at = graph.node(node.id); return [node.id, { x: at.x ?? 0, y: at.y ?? 0 }]; })),
    edges: kept.map((edge) => {
      const points = (graph.edge(edge.source, edge.target) as { points: { x: number; y: number }[] }).points;
      const middle = points[Math.floor(points.length / 2)]!;
      const [from, to] = [graph.node(edge.source), graph.node(edge.target)] as { x: number; y: number }[];
      const ends = rankdir === "LR" ? [{ x: from!.x + WIDTH / 2, y: from!.y }, { x: to!.x - WIDTH / 2, y: to!.y }] : [{ x: from!.x, y: from!.y + HEIGHT / 2 }, { x: to!.x, y: to!.y - HEIGHT / 2 }];
      const way = [ends[0]!, ...(points.length > 3 ? points.slice(1, -1) : []), ends[1]!];
      return { path: curve(way, rankdir), key: `${edge.source}>${edge.target}`, source: edge.source, target: edge.target, label: edge.label ?? "", x: middle.x, y: middle.y };
    }),
    width: size.width ?? 0,
    height: size.height ?? 0,
  };
}

/** A smooth line through the points that leaves and enters along the direction of the graph. */
function curve(points: { x: number; y: number }[], rankdir: "LR" | "TB"): string {
  let path = `M${points[0]!.x} ${points[0]!.y}`;
  for (let i = 1; i < points.length; i++) {
    const [a, b] = [points[i - 1]!, points[i]!];
    const [mx, my] = [(a.x + b.x) / 2, (a.y + b.y) / 2];
    path += rankdir === "LR" ? ` C${mx} ${a.y} ${mx} ${b.y} ${b.x} ${b.y}` : ` C${a.x} ${my} ${b.x} ${my} ${b.x} ${b.y}`;
  }
  return path;
}

/** The two lines of a node, as long as its box. */
function shown(node: GraphNode): [string, string] {
  return [cut(node.name, node.state ? 19 : 21), cut(node.note, 25)];
}

function cut(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}
