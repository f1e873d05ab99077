// Versions, uses and moves of refs as several pages show them.
import { bytes, count } from "../kit/format";
import { Glyph } from "../kit/glyphs";
import { Ago } from "../kit/parts";
import type { Column } from "../kit/table";
import { glyphOf, pageOfRun, pageOfVersion } from "../links";
import { Badge } from "../kit/badge";
import type { MoveRow, VersionRow, VersionUse } from "../wire";

export function VersionName({ version, full }: { version: { id: string; kind: string; name: string; number: number; address: string }; full?: boolean }) {
  return <a class="cut" href={pageOfVersion(version)} title={version.address}>{full ? `${version.kind}:${version.name}@v${version.number}` : `${version.name} v${version.number}`}</a>;
}

export function Refs({ names }: { names: string[] }) {
  return <>{names.map((name) => <span class="tag act" key={name}>{name}</span>)}</>;
}

export const versionColumns = (link?: (version: VersionRow) => string): Column<VersionRow>[] => [
  { key: "number", title: "Version", width: 190, order: "number", cell: (version) => <span class="row"><a href={link ? link(version) : pageOfVersion(version)}>v{version.number}</a><Refs names={version.refs} /></span> },
  { key: "message", title: "Message", cell: (version) => <span title={version.message}>{version.message || <span class="faint">—</span>}</span> },
  { key: "files", title: "Files", width: 80, numeric: true, order: "files", cell: (version) => version.files.toLocaleString("en-US") },
  { key: "size", title: "Size", width: 92, numeric: true, order: "size_bytes", cell: (version) => bytes(version.size_bytes) },
  { key: "author", title: "Author", width: 110, order: "author", cell: (version) => version.author },
  { key: "created", title: "Created", width: 104, order: "created_at_ms", cell: (version) => <Ago at={version.created_at_ms} /> },
];

/** Moves of refs, newest first, each with who and why. */
export function Moves({ moves }: { moves: MoveRow[] }) {
  return (
    <ol class="lineslist" aria-label="History of names">
      {moves.map((move, i) => (
        <li key={i}>
          <span class="tag act">{move.ref}</span>
          <span style={{ whiteSpace: "nowrap" }}>{move.before === null ? "" : `v${move.before} `}<span class="faint">→</span> {move.after === null ? <span class="faint">removed</span> : <b>v{move.after}</b>}</span>
          <span class="soft grow" style={{ overflowWrap: "anywhere" }}>{move.why}</span>
          <span class="when">{move.who ? `${move.who}, ` : ""}<Ago at={move.at_ms} /></span>
        </li>
      ))}
    </ol>
  );
}

export function Uses({ uses }: { uses: VersionUse[] }) {
  return (
    <ul class="lineslist" aria-label="Runs that made or used it">
      {uses.map((use, i) => (
        <li key={i}>
          <span class="faint"><Glyph name={glyphOf(use.run_kind)} /></span>
          <span class="soft" style={{ width: "72px", flex: "none" }}>{use.direction === "produced" ? "made by" : "used by"}</span>
          <a class="cut" href={pageOfRun({ id: use.run_id, kind: use.run_kind })}>{use.run_name || use.run_id.slice(-8)}</a>
          <span class="faint hide-narrow">{use.run_kind}{use.role ? ` as ${use.role}` : ""}</span>
          <span class="when row"><Badge state={use.run_state} /><Ago at={use.at_ms} /></span>
        </li>
      ))}
    </ul>
  );
}

export const filesAndSize = (version: { files: number; size_bytes: number }): string => `${count(version.files, "file")}, ${bytes(version.size_bytes)}`;
