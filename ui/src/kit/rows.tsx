// Many rows of one height: only those in sight are in the document. What is in sight is told, so that it can be loaded.
import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

const OVER = 10;

export function Rows({ count, height, label, children, seen, to, most = "calc(100dvh - 300px)" }: {
  count: number;
  /** Of a row, in pixels. */
  height: number;
  label: string;
  /** The n-th row. */
  children: (n: number) => ComponentChildren;
  /** Rows from the first to the last in sight have changed. */
  seen?: (first: number, last: number) => void;
  /** Bring this row into sight. */
  to?: number;
  most?: string;
}) {
  const box = useRef<HTMLDivElement>(null);
  const [[first, last], setRange] = useState<[number, number]>([0, 40]);
  const measure = () => {
    const element = box.current;
    if (!element) return;
    const from = Math.max(0, Math.floor(element.scrollTop / height) - OVER);
    const until = Math.min(count, Math.ceil((element.scrollTop + Math.min(element.clientHeight, window.innerHeight)) / height) + OVER);
    setRange((old) => (old[0] === from && old[1] === until ? old : [from, until]));
    seen?.(from, until);
  };
  useLayoutEffect(measure, [count]);
  useEffect(() => {
    const element = box.current;
    if (!element || to === undefined || to < 0) return;
    const top = to * height;
    if (top < element.scrollTop || top + height > element.scrollTop + element.clientHeight) element.scrollTop = Math.max(0, top - element.clientHeight / 3);
  }, [to]);
  const shown = [];
  for (let n = first; n < Math.min(last, count); n++) shown.push(<div class="vrow" role="listitem" aria-posinset={n + 1} aria-setsize={count} key={n} style={{ top: `${n * height}px`, height: `${height}px` }}>{children(n)}</div>);
  return (
    <div class="vrows" ref={box} onScroll={measure} tabIndex={0} role="region" aria-label={label} style={{ maxHeight: most }}>
      <div role="list" style={{ height: `${count * height}px`, position: "relative" }}>{shown}</div>
    </div>
  );
}
