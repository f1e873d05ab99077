// One file on both sides: rows of a table, lines of a text, pictures beside or over each other, else sizes and ids.
import { useResource, withQuery } from "../../kit/api";
import { bytes } from "../../kit/format";
import { Section } from "../../kit/page";
import { Copy, Failed, Facts } from "../../kit/parts";
import { setQuery, useQuery } from "../../kit/router";
import { Diff } from "../../nouns/diff";
import type { FilePair, FileSide } from "../../wire";
import { Pictures } from "./pictures";
import { TableChanges } from "./table-changes";

export function Pair({ base, a, b, path }: { base: string; a: string; b: string; path: string }) {
  const [key] = useQuery("key");
  const [offset] = useQuery("rows");
  const pair = useResource<FilePair>(withQuery(`${base}/diff/file`, { a, b, path, key, offset }));
  const data = pair.data;
  return (
    <Section title={path} tools={data ? <span class="row">{side(data.before, "before")}{side(data.after, "after")}</span> : null}>
      <div aria-busy={pair.loading && !data} class={pair.stale || (pair.loading && data) ? "stale" : ""}>
        {pair.problem ? <><Failed problem={pair.problem} />{key ? <button type="button" class="button" onClick={() => setQuery({ key: null })}>Compare rows whole</button> : null}</> : data ? <Body of={data} a={a} b={b} /> : null}
      </div>
    </Section>
  );
}

const side = (of: FileSide | null, name: string) => (of ? <a key={name} class="button bare" href={`${of.url}&download=true`} download>{name}, {bytes(of.size_bytes)}</a> : null);

function Body({ of, a, b }: { of: FilePair; a: string; b: string }) {
  if (of.view === "table" && of.table) return <TableChanges of={of.table} a={a} b={b} />;
  if (of.view === "image") return <Pictures before={of.before} after={of.after} a={a} b={b} path={of.path} />;
  if (of.view === "text" && of.text) return <>{of.note ? <p class="soft">{of.note}</p> : null}<Diff text={of.text.replace(/^--- \/dev\/null\n/, `--- ${of.path}\n`)} label={`Lines of ${of.path} that changed`} /></>;
  if (of.view === "text") return <p class="soft">The same lines.</p>;
  const id = (one: FileSide | null) => (one ? <span class="row wrap"><span>{bytes(one.size_bytes)}</span><code class="cut">{one.digest.slice(0, 24)}</code><Copy text={one.digest} label="Copy the digest" /></span> : <span class="faint">not there</span>);
  return <>{of.note ? <p class="soft">{of.note}</p> : null}<Facts rows={[[a, id(of.before)], [b, id(of.after)]]} /></>;
}
