// A datum of an incremental pipeline: what it read, with the way to exactly those files, and what it gave.
import { useResource, withQuery } from "../kit/api";
import { Badge } from "../kit/badge";
import { bytes, duration } from "../kit/format";
import { Section } from "../kit/page";
import { Ago } from "../kit/parts";
import type { DatumInput, DatumList, DatumRow } from "../wire";

export const pageOfDatums = (output: string, query: Record<string, string | number> = {}): string => withQuery(`/datums/${encodeURIComponent(output)}`, query);

/** The page of one file of a dataset. */
export const pageOfFile = (dataset: string, number: number | null, path: string): string =>
  withQuery(`/data/${encodeURIComponent(dataset)}`, { ...(number ? { version: number } : {}), tab: "files", path });

export function Reads({ of }: { of: DatumRow }) {
  return (
    <ul class="lineslist" aria-label="What it read">
      {of.reads.map((one) => <li key={one.input + one.path}><span class="soft cut" style={{ width: "88px", flex: "none" }}>{one.input}</span><Input of={one} /><span class="when">{bytes(one.size_bytes)}</span></li>)}
      {of.reads_total > of.reads.length ? <li class="soft">and {(of.reads_total - of.reads.length).toLocaleString("en-US")} more</li> : null}
    </ul>
  );
}

function Input({ of }: { of: DatumInput }) {
  const says = <>{of.path || "all of it"}{of.key ? <span class="faint"> key {of.key}</span> : null}</>;
  return of.number ? <a class="cut" href={pageOfFile(of.dataset, of.number, of.path)} title={`${of.dataset} v${of.number}/${of.path}`}>{says} <span class="faint">v{of.number}</span></a> : <span class="cut">{says}</span>;
}

/** Which datum made a file of an output, and of what. Nothing, where no datum did. */
export function MadeFrom({ name, state, path }: { name: string; state: string; path: string }) {
  const made = useResource<DatumList>(withQuery(`/datums/${encodeURIComponent(name)}`, { state, file: path, limit: 5 }));
  const datums = made.data?.items ?? [];
  if (!datums.length) return null;
  return (
    <Section title={`Made from${made.data!.total > 1 ? `, by ${made.data!.total.toLocaleString("en-US")} datums` : ""}`}>
      {datums.map((one) => (
        <div key={one.id} style={{ marginBottom: "8px" }}>
          <Reads of={one} />
          <p class="soft row wrap"><a href={pageOfDatums(name, { number: made.data!.number, datum: one.id })}>datum {one.id.slice(0, 12)}</a><Badge state={one.became} /><span>{duration(one.seconds * 1000)}</span><Ago at={one.at_ms} /></p>
        </div>
      ))}
    </Section>
  );
}
