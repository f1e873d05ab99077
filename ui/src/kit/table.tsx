// A table of 28-pixel rows: only those in sight are in the document. Sort, choose columns, j k x c and Enter.
import type { ComponentChildren, CSSProperties } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { useKeys } from "./keys";
import { Glyph } from "./glyphs";

export interface Column<Row> {
  key: string;
  title: string;
  /** Pixels; the rest is shared by what has none. */
  width?: number;
  numeric?: boolean;
  /** Field the server or the page orders by; none: not sortable. */
  order?: string | undefined;
  cell: (row: Row) => ComponentChildren;
  /** Stays in sight at the left; those before it must be pinned too, and have a width. */
  pinned?: boolean;
}

export interface TableProps<Row> {
  label: string;
  columns: Column<Row>[];
  /** undefined: not loaded yet. */
  rows: (Row | undefined)[];
  id: (row: Row) => string;
  /** "field" or "-field". */
  order?: string;
  setOrder?: (order: string) => void;
  chosen?: Set<string>;
  setChosen?: (chosen: Set<string>) => void;
  compare?: () => void;
  /** Takes the height that is left, and scrolls within it. */
  fill?: boolean;
  stale?: boolean;
  /** Rows in sight have changed. */
  seen?: (first: number, last: number) => void;
  current?: string | undefined;
  /** A column was dragged to the place of another; the first stays where it is. */
  move?: (key: string, to: string) => void;
}

const ROW = 28;
const OVER = 12;
const WHOLE = 80;

export function Table<Row>(props: TableProps<Row>) {
  const { columns, rows, chosen, setChosen } = props;
  const box = useRef<HTMLDivElement>(null);
  const [range, setRange] = useState<[number, number]>([0, 60]);
  const [cursor, setCursor] = useState(-1);
  const virtual = props.fill && rows.length > WHOLE;
  const [first, last] = virtual ? [Math.max(0, range[0] - OVER), Math.min(rows.length, range[1] + OVER)] : [0, rows.length];

  const measure = () => {
    const element = box.current;
    if (!element) return;
    const from = Math.floor(element.scrollTop / ROW);
    const height = Math.min(element.clientHeight, window.innerHeight); // before the page gives it its height it is as tall as all rows
    const to = from + Math.ceil(height / ROW);
    setRange((old) => (Math.abs(old[0] - from) < OVER / 2 && Math.abs(old[1] - to) < OVER / 2 ? old : [from, to]));
    props.seen?.(from, to);
  };
  useLayoutEffect(measure, [rows.length]);
  useEffect(() => {
    if (!box.current || !props.fill) return;
    const watch = new ResizeObserver(measure);
    watch.observe(box.current);
    return () => watch.disconnect();
  }, [props.fill]);
  useEffect(() => {
    if (cursor < 0) return;
    box.current?.querySelector<HTMLElement>(`tr[aria-rowindex="${cursor + 2}"] .lead a, tr[aria-rowindex="${cursor + 2}"] a`)?.focus({ preventScroll: true });
  }, [cursor, first, last]);

  const to = (step: number) => {
    const focused = Number(document.activeElement?.closest("tr")?.getAttribute("aria-rowindex") ?? 0) - 2;
    const next = Math.min(rows.length - 1, Math.max(0, (focused >= 0 ? focused : cursor) + step));
    const element = box.current;
    if (element && props.fill) {
      const top = next * ROW;
      if (top < element.scrollTop) element.scrollTop = top;
      else if (top + 2 * ROW > element.scrollTop + element.clientHeight - ROW) element.scrollTop = top - element.clientHeight + 3 * ROW;
    }
    setCursor(next);
  };
  const toggle = (id: string) => {
    if (!chosen || !setChosen) return;
    const next = new Set(chosen);
    if (!next.delete(id)) next.add(id);
    setChosen(next);
  };
  useKeys([
    { keys: "j", says: "Next row", act: () => to(1) },
    { keys: "k", says: "Row before", act: () => to(-1) },
    ...(setChosen ? [{ keys: "x", says: "Select the row", act: () => { const row = rows[cursor]; if (row) toggle(props.id(row)); } }] : []),
    ...(props.compare ? [{ keys: "c", says: "Compare the selected", act: () => props.compare?.() }] : []),
  ]);

  const lefts = leftsOf(columns);
  const stuck = (i: number): CSSProperties => (i && lefts[i] !== undefined ? { left: `${lefts[i]}px` } : {});
  const all = rows.length > 0 && chosen !== undefined && rows.every((row) => row && chosen.has(props.id(row)));
  const span = columns.length + (chosen ? 1 : 0);
  return (
    <div class={`tablebox${props.fill ? " fill" : ""}`} ref={box} onScroll={props.fill ? measure : undefined} role="region" aria-label={props.label} tabIndex={0}>
      <table class={`table${props.stale ? " stale" : ""}`} aria-rowcount={rows.length + 1} aria-label={props.label} style={{ minWidth: `${columns.reduce((sum, c) => sum + (c.width ?? 200), chosen ? 32 : 0)}px`, tableLayout: "fixed" }}>
        <colgroup>
          {chosen ? <col style={{ width: "32px" }} /> : null}
          {columns.map((column) => <col key={column.key} style={column.width ? { width: `${column.width}px` } : {}} />)}
        </colgroup>
        <thead>
          <tr>
            {chosen ? (
              <th class="pick" scope="col">
                <input type="checkbox" aria-label="Select all rows shown" checked={all} onChange={() => setChosen?.(all ? new Set() : new Set(rows.flatMap((row) => (row ? [props.id(row)] : []))))} />
              </th>
            ) : null}
            {columns.map((column, i) => <Head key={column.key} column={column} lead={lefts[i] !== undefined} style={stuck(i)} order={props.order} setOrder={props.setOrder} move={i ? props.move : undefined} />)}
          </tr>
        </thead>
        <tbody>
          {first > 0 ? <tr class="pad" aria-hidden="true"><td colSpan={span} style={{ height: `${first * ROW}px` }} /></tr> : null}
          {rows.slice(first, last).map((row, i) => {
            const n = first + i;
            if (!row) return <tr key={`n${n}`} class="ghost" aria-rowindex={n + 2}><td colSpan={span} /></tr>;
            const id = props.id(row);
            return (
              <tr key={id} class={`${chosen?.has(id) || props.current === id ? "chosen" : ""}${cursor === n ? " cursor" : ""}`} aria-rowindex={n + 2} onFocusIn={() => setCursor(n)}>
                {chosen ? <td class="pick"><label><input type="checkbox" aria-label={`Select row ${n + 1}`} checked={chosen.has(id)} onChange={() => toggle(id)} /></label></td> : null}
                {columns.map((column, c) => <td key={column.key} style={stuck(c)} class={`${column.numeric ? "num" : ""}${lefts[c] !== undefined ? " lead" : ""}`}>{column.cell(row)}</td>)}
              </tr>
            );
          })}
          {last < rows.length ? <tr class="pad" aria-hidden="true"><td colSpan={span} style={{ height: `${(rows.length - last) * ROW}px` }} /></tr> : null}
        </tbody>
      </table>
    </div>
  );
}

/** Where each column that stays in sight stands; undefined for those that scroll. The first always stays. */
function leftsOf<Row>(columns: Column<Row>[]): (number | undefined)[] {
  let left = 0;
  let sticks = true;
  return columns.map((column, i) => {
    sticks &&= i === 0 || column.pinned === true;
    if (!sticks) return undefined;
    const here = left;
    left += column.width ?? 200;
    return here;
  });
}

function Head<Row>({ column, lead, style, order, setOrder, move }: {
  column: Column<Row>; lead: boolean; style: CSSProperties; order?: string | undefined; setOrder?: ((order: string) => void) | undefined; move?: ((key: string, to: string) => void) | undefined;
}) {
  const [over, setOver] = useState(false);
  const up = order === column.order;
  const down = order === `-${column.order}`;
  const css = `${column.numeric ? "num" : ""}${lead ? " lead" : ""}${over ? " over" : ""}`;
  const drag = move ? {
    draggable: true,
    onDragStart: (event: DragEvent) => event.dataTransfer?.setData("text/tenfold-column", column.key),
    onDragOver: (event: DragEvent) => { if (event.dataTransfer?.types.includes("text/tenfold-column")) { event.preventDefault(); setOver(true); } },
    onDragLeave: () => setOver(false),
    onDrop: (event: DragEvent) => {
      event.preventDefault();
      setOver(false);
      const key = event.dataTransfer?.getData("text/tenfold-column");
      if (key && key !== column.key) move(key, column.key);
    },
  } : {};
  if (!column.order || !setOrder) return <th class={css} style={style} scope="col" role={column.title ? undefined : "none"} title={column.title} {...drag}><span class="cut">{column.title}</span></th>;
  const first = column.numeric || column.order.endsWith("_ms") ? `-${column.order}` : column.order;
  const next = up ? `-${column.order}` : down ? column.order : first;
  return (
    <th class={css} style={style} scope="col" aria-sort={up ? "ascending" : down ? "descending" : "none"} {...drag}>
      <button type="button" title={`Sort by ${column.title}`} onClick={() => setOrder(next)}>
        <span class="cut">{column.title}</span>
        {up || down ? <Glyph name={up ? "up" : "down"} size={12} /> : null}
      </button>
    </th>
  );
}

/** Sort rows in the page, for lists that come whole. Missing values come last. */
export function sorted<Row>(rows: Row[], order: string, read: (row: Row, field: string) => unknown): Row[] {
  if (!order) return rows;
  const down = order.startsWith("-");
  const field = down ? order.slice(1) : order;
  return [...rows].sort((a, b) => {
    const [x, y] = [read(a, field), read(b, field)];
    if (x === y) return 0;
    if (x === null || x === undefined) return 1;
    if (y === null || y === undefined) return -1;
    const by = typeof x === "number" && typeof y === "number" ? x - y : String(x).localeCompare(String(y), "en", { numeric: true });
    return down ? -by : by;
  });
}
