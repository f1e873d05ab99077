// What runs logged besides numbers: one panel a key, runs side by side, a slider over the steps.
import "./media.css";
import { useEffect, useMemo, useState } from "preact/hooks";
import { API, useResource, withQuery } from "../kit/api";
import { Filter } from "../kit/filter";
import { number, value } from "../kit/format";
import { Glyph } from "../kit/glyphs";
import { Empty, Failed } from "../kit/parts";
import { useQuery } from "../kit/router";
import type { Pen } from "../kit/theme";
import type { FileList, MediaItem, MediaKey, MediaList } from "../wire";
import { Preview } from "../kit/files";
import { Histogram, LoggedTable } from "./logged";

const AT_ONCE = 50;

export interface MediaProps {
  runs: string[];
  names: Map<string, string>;
  pens?: Map<string, Pen>;
}

/** All media of some runs. With several, those of one key stand side by side and follow one slider. */
export function MediaPanels({ runs, names, pens }: MediaProps) {
  const [find, setFind] = useQuery("media");
  const asked = runs.slice(0, AT_ONCE);
  const media = useResource<MediaList>(asked.length ? withQuery("/media", { runs: asked.join() }) : null, (event) => event.topic === "version");
  if (!media.data) return media.problem ? <Failed problem={media.problem} again={media.reload} /> : null;
  const keys = media.data.items;
  if (!keys.length) return <Empty title="No media" lines={`run.log_image("samples", pixels, step=step)\nrun.log_table("worst", frame)\nrun.log_plot("residuals", figure)`}>Images, sound, film, tables, histograms and plots show here by key and step.</Empty>;
  const shown = keys.filter((one) => one.key.toLowerCase().includes(find.toLowerCase()));
  return (
    <>
      {keys.length > 6 ? <div class="toolbar" style={{ padding: "0 0 12px" }}><Filter value={find} set={(text) => setFind(text)} label="Find media" /></div> : null}
      {runs.length > AT_ONCE ? <p class="soft">Of the first {AT_ONCE} runs.</p> : null}
      {media.data.truncated ? <p class="soft">Of each run, the newest 2,000.</p> : null}
      {shown.map((one) => <MediaPanel key={`${one.key} ${one.view}`} media={one} runs={asked} names={names} {...(pens ? { pens } : {})} />)}
    </>
  );
}

/** One key: for each run the newest of its media up to the step chosen. */
export function MediaPanel({ media, runs, names, pens, step }: MediaProps & { media: MediaKey; step?: number }) {
  const steps = useMemo(() => [...new Set(media.items.map((item) => item.step ?? -Infinity))].sort((a, b) => a - b), [media]);
  const [chosen, setChosen] = useState<number | null>(null); // null: the last, also when another comes
  const at = step !== undefined ? Math.max(0, steps.findLastIndex((one) => one <= step)) : chosen === null ? steps.length - 1 : Math.min(chosen, steps.length - 1);
  const upTo = steps[at] ?? Infinity;
  const columns = runs.flatMap((run): [string, MediaItem | undefined][] => {
    const own = media.items.filter((item) => item.run_id === run);
    return own.length ? [[run, own.findLast((item) => (item.step ?? -Infinity) <= upTo)]] : [];
  });
  const said = Number.isFinite(upTo) ? `step ${upTo.toLocaleString("en-US")}` : "";
  return (
    <section class="section media" aria-label={media.key}>
      <div class="title">
        <h2 class="cut" title={media.key}>{media.key}</h2>
        {steps.length > 1 ? (
          <label class="row">
            <input type="range" min="0" max={steps.length - 1} step="1" value={at} aria-label={`Step of ${media.key}`} aria-valuetext={said} onInput={(event) => setChosen(Number(event.currentTarget.value) === steps.length - 1 ? null : Number(event.currentTarget.value))} />
          </label>
        ) : null}
        <span class="faint">{said}{steps.length > 1 ? ` · ${at + 1} of ${steps.length}` : ""}</span>
      </div>
      <div class={`mediarow of-${media.view}`}>
        {columns.map(([run, item]) => (
          <figure key={run}>
            {runs.length > 1 ? (
              <figcaption class="row"><span class="dot" style={{ background: pens?.get(run)?.css ?? "var(--series-0)" }} /><span class="cut" title={names.get(run)}>{names.get(run) ?? run.slice(-8)}</span>{item && item.step !== null && item.step !== upTo ? <span class="faint">step {number(item.step)}</span> : null}</figcaption>
            ) : null}
            {item ? <Shown item={item} view={media.view} label={`${media.key}${runs.length > 1 ? ` of ${names.get(run) ?? run}` : ""}${said ? `, ${said}` : ""}`} /> : <div class="nothing faint">nothing yet at this step</div>}
          </figure>
        ))}
      </div>
    </section>
  );
}

/** One thing that was logged, as its view says. */
export function Shown({ item, view, label }: { item: MediaItem; view: MediaKey["view"]; label: string }) {
  const url = `${API}/media/${item.version_id}/file`;
  const facts = Object.entries(item.metadata).filter(([name]) => !["file", "columns"].includes(name)).map(([name, of]) => `${name} ${value(of)}`).join(" · ");
  const body = () => {
    switch (view) {
      case "image": return <a href={url} target="_blank" rel="noreferrer" aria-label={`${label}, full size`}><img src={url} alt={label} loading="lazy" decoding="async" /></a>;
      case "audio": return <audio controls preload="none" src={url} aria-label={label} />;
      case "video": return <video controls preload="metadata" src={url} aria-label={label} />;
      case "html": return <iframe src={url} title={label} sandbox="allow-scripts" loading="lazy" />;
      case "table": return <LoggedTable version={item.version_id} label={label} />;
      case "histogram": return <Histogram version={item.version_id} label={label} />;
      case "text": return <LoggedText url={url} label={label} />;
      default: return <FirstFile version={item.version_id} />;
    }
  };
  return <>{body()}{facts ? <p class="faint facts-line"><Glyph name="table" size={12} />{facts}</p> : null}</>;
}

const TEXT_BYTES = 65_536;

function LoggedText({ url, label }: { url: string; label: string }) {
  const [text, setText] = useState<string | null>(null);
  useEffect(() => {
    const stop = new AbortController();
    fetch(url, { signal: stop.signal, headers: { range: `bytes=0-${TEXT_BYTES - 1}` } }).then((answer) => answer.text()).then(setText).catch(() => undefined);
    return () => stop.abort();
  }, [url]);
  return <div class="text wraps" tabIndex={0} role="region" aria-label={label}>{text ?? ""}{text && text.length >= TEXT_BYTES ? "\n…" : ""}</div>;
}

function FirstFile({ version }: { version: string }) {
  const files = useResource<FileList>(withQuery(`/versions/${version}/files`, { limit: 1 }));
  const first = files.data?.items[0];
  if (files.problem) return <Failed problem={files.problem} />;
  return first ? <Preview version={version} path={first.path} /> : null;
}
