// Every metric with its interval, beside the baseline; above them what the gate checked, below them what a reader must know.
import { Badge } from "../../kit/badge";
import { number } from "../../kit/format";
import { Section } from "../../kit/page";
import { Table } from "../../kit/table";
import type { Difference, EvaluationDetail } from "../../wire";

export function Metrics({ detail }: { detail: EvaluationDetail }) {
  const { evaluation: found, verdict, higher } = detail;
  const names = Object.keys(found.metrics).filter((name) => !name.includes(":"));
  const [intervals, baseline, differences] = [found.intervals ?? {}, found.baseline ?? {}, found.differences ?? {}];
  const beside = Object.keys(baseline).length > 0;
  const notes = found.notes ?? [];
  return (
    <>
      {verdict ? (
        <Section title="Thresholds">
          {verdict.checks.length ? (
            <Table label="Thresholds" rows={verdict.checks.map((check, i) => ({ ...check, i }))} id={(check) => String(check.i)} columns={[
              { key: "state", title: "Verdict", width: 100, cell: (check) => <Badge state={check.passed ? "passed" : "refused"} word={check.passed ? "passed" : "failed"} /> },
              { key: "reason", title: "Because", cell: (check) => <span title={check.reason}>{check.reason}</span> },
            ]} />
          ) : <p class="soft">{verdict.reasons.join("; ")}</p>}
        </Section>
      ) : null}
      {found.weak?.length ? <Section title="Weak slices"><p class="soft">Worse than all rows together, beyond chance: {found.weak.map((name) => <a key={name} class="weak" href={`?tab=slices&find=${encodeURIComponent(name)}`}>{name}</a>)}</p></Section> : null}
      <Section title="Metrics">
        <Table label="Metrics" rows={names} id={(name) => name} columns={[
          { key: "name", title: "Metric", width: 210, cell: (name) => <code>{name}</code> },
          { key: "value", title: "Value", width: 108, numeric: true, cell: (name) => number(found.metrics[name]) },
          ...(Object.keys(intervals).length ? [{ key: "interval", title: "95 % interval", width: 190, numeric: true, cell: (name: string) => between(intervals[name]) }] : []),
          ...(beside ? [
            { key: "baseline", title: "Baseline", width: 108, numeric: true, cell: (name: string) => number(baseline[name]) },
            { key: "difference", title: "Difference", width: 116, numeric: true, cell: (name: string) => signed(differences[name]?.value) },
            { key: "paired", title: "Its interval", width: 190, numeric: true, cell: (name: string) => between(ends(differences[name])) },
            { key: "says", title: "", cell: (name: string) => <Says difference={differences[name]} higher={higher[name]} /> },
          ] : [{ key: "rest", title: "", cell: () => null }]),
        ]} />
      </Section>
      {notes.length ? <Section title="Notes"><ul class="notes">{notes.map((note) => <li key={note}>{note}</li>)}</ul></Section> : null}
    </>
  );
}

export const between = (ends: [number, number] | number[] | undefined): string => (ends ? `${number(ends[0])} to ${number(ends[1])}` : "");

export const signed = (value: number | undefined): string => (value === undefined ? "" : `${value > 0 ? "+" : ""}${number(value)}`);

const ends = (of: Difference | undefined): [number, number] | undefined => (of && of.low != null && of.high != null ? [of.low, of.high] : undefined);

/** Better or worse only when the whole interval says so; without one nothing is said. */
function Says({ difference, higher }: { difference: Difference | undefined; higher: boolean | undefined }) {
  const both = ends(difference);
  if (!both || higher === undefined) return null;
  if (both[0] <= 0 && both[1] >= 0) return <span class="faint">no clear difference</span>;
  return both[0] > 0 === higher ? <Badge state="passed" word="better" /> : <Badge state="refused" word="worse" />;
}
