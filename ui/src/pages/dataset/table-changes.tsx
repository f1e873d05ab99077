// A table then and now: how many rows differ, which columns, and the rows themselves with the cells that changed.
import { useState } from "preact/hooks";
import { Bars } from "../../kit/bars";
import { number, percent, value } from "../../kit/format";
import { Pop } from "../../kit/parts";
import { setQuery, useQuery } from "../../kit/router";
import { Table, type Column } from "../../kit/table";
import type { ColumnPair, ColumnSide, RowPair, TablePair } from "../../wire";

const KINDS = ["changed", "added", "removed"] as const;
const PAGE = 50;
const COLUMNS = 60;

export function TableChanges({ of, a, b }: { of: TablePair; a: string; b: string }) {
  const [asked] = useQuery("kind");
  const [from] = useQuery("rows");
  const counts = { changed: of.changed, added: of.added, removed: of.removed };
  const kind = KINDS.find((one) => one === asked) ?? KINDS.find((one) => counts[one]) ?? "changed";
  const offset = Number(from) || 0;
  const rows = of.rows.filter((row) => row.change === kind);
  const repeated = of.repeated_before + of.repeated_after;
  return (
    <>
      <dl class="figures tablefigures">
        <div><dt>Rows</dt><dd>{of.rows_before.toLocaleString("en-US")} <span class="faint">→</span> {of.rows_after.toLocaleString("en-US")}</dd></div>
        <div><dt>Added</dt><dd class={of.added ? "good" : "faint"}>{of.added.toLocaleString("en-US")}</dd></div>
        <div><dt>Removed</dt><dd class={of.removed ? "bad" : "faint"}>{of.removed.toLocaleString("en-US")}</dd></div>
        {of.key.length ? <div><dt>Changed</dt><dd class={of.changed ? "warn" : "faint"}>{of.changed.toLocaleString("en-US")}</dd></div> : null}
        <div><dt>Unchanged</dt><dd>{of.unchanged.toLocaleString("en-US")}</dd></div>
        <div class="keyed"><dt>Rows are told apart by</dt><dd><Keys of={of} /></dd></div>
      </dl>
      {repeated ? <p class="tablenote warn">The key does not name one row each: {of.repeated_before.toLocaleString("en-US")} rows before and {of.repeated_after.toLocaleString("en-US")} after have the key of an earlier row. They are paired in their order.</p> : null}
      <Columns of={of} a={a} b={b} />
      {of.added + of.removed + of.changed ? (
        <>
          <div class="row wrap rowkinds" role="group" aria-label="Rows shown">
            {KINDS.filter((one) => counts[one] || one === kind).map((one) => <button key={one} type="button" class="button" aria-pressed={one === kind} onClick={() => setQuery({ kind: one, rows: null })}>{one} <span class="faint">{counts[one].toLocaleString("en-US")}</span></button>)}
            <span class="grow" />
            {counts[kind] > PAGE ? (
              <>
                <span class="soft">{(offset + 1).toLocaleString("en-US")} to {(offset + rows.length).toLocaleString("en-US")}</span>
                <button type="button" class="button bare" disabled={!offset} onClick={() => setQuery({ rows: offset > PAGE ? String(offset - PAGE) : null })}>Before</button>
                <button type="button" class="button bare" disabled={offset + PAGE >= Math.min(counts[kind], 100_000)} onClick={() => setQuery({ rows: String(offset + PAGE) })}>Next</button>
              </>
            ) : null}
          </div>
          <Rows names={of.names} columns={new Map(of.columns.map((column) => [column.name, column]))} keyed={of.key} rows={rows} kind={kind} />
        </>
      ) : <p class="soft">The same rows.</p>}
    </>
  );
}

function Keys({ of }: { of: TablePair }) {
  const set = (keys: string[]) => setQuery({ key: keys.join(",") || null, rows: null, kind: null });
  const toggle = (name: string) => set(of.key.includes(name) ? of.key.filter((one) => one !== name) : [...of.key, name]);
  const shared = of.columns.filter((column) => column.change === "same" || column.change === "retyped").map((column) => column.name).filter((name) => !name.includes(","));
  const offered = of.keys.filter((name) => !of.key.includes(name) && shared.includes(name)).slice(0, 3);
  return (
    <span class="row wrap keychips">
      {of.key.length ? of.key.map((name) => <button key={name} type="button" class="button" aria-pressed="true" title={`Do without ${name}`} onClick={() => toggle(name)}>{name}</button>) : <span>all cells</span>}
      {of.key.length ? null : offered.map((name) => <button key={name} type="button" class="button" onClick={() => toggle(name)}>by {name}</button>)}
      <Pop label="Columns that name a row" glyph="key">{() => (
        <>{shared.slice(0, 200).map((name) => <label key={name} class="choice"><input type="checkbox" checked={of.key.includes(name)} onChange={() => toggle(name)} />{name}</label>)}</>
      )}</Pop>
    </span>
  );
}

const differs = (column: ColumnPair): boolean => column.change !== "same" || column.changed_cells > 0 || JSON.stringify(column.before) !== JSON.stringify(column.after);

function Columns({ of, a, b }: { of: TablePair; a: string; b: string }) {
  const [whole, setWhole] = useState(false);
  const changed = of.columns.filter(differs);
  const shown = whole ? of.columns : changed;
  const cells = of.looked_at > 0;
  const columns: Column<ColumnPair>[] = [
    { key: "name", title: "Column", width: 132, cell: (one) => <span title={one.name}>{one.name}</span> },
    { key: "change", title: "Type", width: 132, cell: (one) => <Type of={one} /> },
    ...(cells ? [{ key: "cells", title: "Changed in", width: 90, numeric: true, cell: (one: ColumnPair) => (one.changed_cells ? <span title={`${one.changed_cells.toLocaleString("en-US")} of ${of.looked_at.toLocaleString("en-US")} changed rows`}>{one.changed_cells.toLocaleString("en-US")}</span> : <span class="faint">–</span>) }] : []),
    { key: "shape", title: `${a} and ${b}`, width: 236, cell: (one) => <Shapes of={one} /> },
    { key: "missing", title: "Missing", width: 112, numeric: true, cell: (one) => pair(one, (side) => side.missing) },
    { key: "distinct", title: "Distinct", width: 126, numeric: true, cell: (one) => pair(one, (side) => side.distinct) },
    { key: "mean", title: "Mean", width: 132, numeric: true, cell: (one) => pair(one, (side) => side.mean) },
    { key: "min", title: "Min", width: 112, numeric: true, cell: (one) => pair(one, (side) => side.min) },
    { key: "max", title: "Max", width: 112, numeric: true, cell: (one) => pair(one, (side) => side.max) },
  ];
  return (
    <div class="columnpairs">
      {shown.length ? <Table label="Columns then and now" rows={shown} id={(one) => one.name} columns={columns} /> : null}
      {changed.length < of.columns.length ? <p class="tablenote row">{changed.length ? `${(of.columns.length - changed.length).toLocaleString("en-US")} columns are as before.` : "All columns are as before."}<button type="button" class="button bare" onClick={() => setWhole(!whole)}>{whole ? "Only those that differ" : "Show all"}</button></p> : null}
    </div>
  );
}

function Type({ of }: { of: ColumnPair }) {
  if (of.change === "added") return <span class="good">new, {of.type_after}</span>;
  if (of.change === "removed") return <span class="bad">gone, {of.type_before}</span>;
  if (of.change === "retyped") return <span class="warn" title={`${of.type_before} to ${of.type_after}`}>{of.type_before} → {of.type_after}</span>;
  return <span class="soft">{of.type_after ?? of.type_before}</span>;
}

function pair(of: ColumnPair, read: (side: ColumnSide) => number | null) {
  const [before, after] = [of.before ? read(of.before) : null, of.after ? read(of.after) : null];
  if (before === null && after === null) return <span class="faint">–</span>;
  if (before === after) return <span class="soft">{number(after)}</span>;
  return <span>{before === null ? <span class="faint">–</span> : number(before)} <span class="faint">→</span> {after === null ? <span class="faint">–</span> : number(after)}</span>;
}

function Shapes({ of }: { of: ColumnPair }) {
  const drawn = ([of.before, of.after] as const).map((side, i) => {
    const label = `${i ? "After" : "Before"}: ${of.name}`;
    if (side?.counts.length) return <Bars key={i} counts={side.counts} edges={side.edges} label={label} width={104} height={22} />;
    if (side?.top.length) return <span key={i} class="cut oftop" title={side.top.map(([one, times]) => `${value(one)}: ${number(times as number)}`).join("\n")}>{value(side.top[0]![0]) || "“”"} <span class="faint">{percent((side.top[0]![1] as number) / Math.max(1, side.top.reduce((sum, one) => sum + (one[1] as number), 0)), 0)}</span></span>;
    return <span key={i} class="faint oftop">–</span>;
  });
  return <span class="row shapes">{drawn}</span>;
}

function Rows({ names, columns, keyed, rows, kind }: { names: string[]; columns: Map<string, ColumnPair>; keyed: string[]; rows: RowPair[]; kind: string }) {
  const order = [...keyed, ...names.filter((name) => !keyed.includes(name))].slice(0, COLUMNS);
  const shown = order.map((name) => ({ name, at: names.indexOf(name), column: columns.get(name), numeric: isNumber(columns.get(name)) }));
  return (
    <div class="tablebox rowpairs" tabIndex={0} role="region" aria-label={`Rows ${kind}`}>
      <table class="table auto">
        <thead><tr><th scope="col" class="num">Row</th>{shown.map(({ name, column, numeric }) => <th key={name} scope="col" title={column?.type_after ?? column?.type_before ?? ""} class={numeric ? "num" : ""}>{name}</th>)}</tr></thead>
        <tbody>
          {rows.map((row) => (
            <tr key={`${row.change}${row.at}`} class={row.change}>
              <td class="num faint">{row.at.toLocaleString("en-US")}</td>
              {shown.map(({ name, at, column, numeric }) => <Cell key={name} before={row.before?.[at]} after={row.after?.[at]} row={row} column={column} numeric={numeric} />)}
            </tr>
          ))}
        </tbody>
      </table>
      {names.length > COLUMNS ? <p class="tablenote">The first {COLUMNS} of {names.length} columns.</p> : null}
    </div>
  );
}

const isNumber = (column: ColumnPair | undefined): boolean => /int|float|decimal/i.test(column?.type_after ?? column?.type_before ?? "");

/** Columns that only one side has do not make a row a changed one, so their cells are not marked. */
function Cell({ before, after, row, column, numeric }: { before: unknown; after: unknown; row: RowPair; column: ColumnPair | undefined; numeric: boolean }) {
  const css = numeric ? "num" : "";
  if (row.change !== "changed") return <td class={css}>{text(row.change === "added" ? after : before)}</td>;
  if (column?.change === "removed") return <td class={`${css} soft`}>{text(before)}</td>;
  if (column?.change === "added" || JSON.stringify(before) === JSON.stringify(after)) return <td class={`${css} soft`}>{text(after)}</td>;
  return <td class={`${css} cellchange`}><del>{text(before)}</del> <ins>{text(after)}</ins></td>;
}

function text(of: unknown) {
  if (of === null || of === undefined) return <span class="faint">null</span>;
  return typeof of === "number" ? String(of) : value(of);
}
