// ROC, precision against recall, reliability, metrics at other thresholds; and the table of what was taken for what.
import type { ComponentChildren } from "preact";
import { number, percent } from "../../kit/format";
import { Section } from "../../kit/page";
import { Table } from "../../kit/table";
import type { Evaluation } from "../../wire";

const [SIDE, LEFT, ROOM] = [260, 34, 26];

export function Curves({ found }: { found: Evaluation }) {
  const [roc, pr, bins, at] = [found.roc ?? [], found.pr ?? [], found.calibration ?? [], found.at ?? []];
  const most = Math.max(1, ...bins.map((bin) => bin.rows));
  return (
    <>
      <div class="plots">
        {roc.length ? <Square title="ROC" across="false positive rate" up="true positive rate" says={`area ${number(found.metrics.roc_auc)}`}><Diagonal /><Path of={roc} /></Square> : null}
        {pr.length ? <Square title="Precision and recall" across="recall" up="precision" says={`average precision ${number(found.metrics.pr_auc)}`}><Path of={pr} /></Square> : null}
        {bins.length ? (
          <Square title="Calibration" across="mean score" up="share positive" says={`error ${number(found.metrics.calibration_error)}`}>
            <Diagonal />
            <Path of={bins.map((bin) => [bin.mean_score, bin.positive_share])} />
            {bins.map((bin, i) => <circle key={i} cx={bin.mean_score * SIDE} cy={(1 - bin.positive_share) * SIDE} r={2.5 + 3.5 * Math.sqrt(bin.rows / most)} fill="var(--series-0)"><title>{`${bin.rows.toLocaleString()} rows: mean score ${number(bin.mean_score)}, ${percent(bin.positive_share)} positive`}</title></circle>)}
          </Square>
        ) : null}
      </div>
      {at.length ? (
        <Section title="At thresholds">
          <Table label="At thresholds" rows={at} id={(one) => String(one.threshold)} columns={[
            { key: "threshold", title: "Score from", width: 110, numeric: true, cell: (one) => <span>{number(one.threshold)}{one.threshold === found.threshold ? " ←" : ""}</span> },
            ...["precision", "recall", "f1", "accuracy", "false_positive_rate", "positive_rate", "mcc"].map((name) => ({ key: name, title: name, width: Math.max(90, name.length * 7 + 24), numeric: true, cell: (one: (typeof at)[number]) => number(one.metrics[name]) })),
            { key: "rest", title: "", cell: () => null },
          ]} />
        </Section>
      ) : null}
    </>
  );
}

/** Both axes from 0 to 1. */
function Square({ title, across, up, says, children }: { title: string; across: string; up: string; says: string; children: ComponentChildren }) {
  const marks = [0, 0.25, 0.5, 0.75, 1];
  return (
    <Section title={title}>
      <svg class="square" role="img" aria-label={`${title}: ${says}`} viewBox={`0 0 ${SIDE + LEFT + 8} ${SIDE + ROOM + 28}`}>
        <g transform={`translate(${LEFT} 20)`}>
          {marks.map((mark) => (
            <g key={mark}>
              <line x1="0" x2={SIDE} y1={(1 - mark) * SIDE} y2={(1 - mark) * SIDE} stroke="var(--line)" />
              <text x="-5" y={(1 - mark) * SIDE + 4} text-anchor="end">{mark}</text>
              <text x={mark * SIDE} y={SIDE + 14} text-anchor="middle">{mark}</text>
            </g>
          ))}
          {children}
          <text class="axis" x={SIDE / 2} y={SIDE + 30} text-anchor="middle">{across}</text>
          <text class="axis" x={4 - LEFT} y="-10">{up}</text>
        </g>
      </svg>
      <p class="soft">{says}</p>
    </Section>
  );
}

const Diagonal = () => <line x1="0" y1={SIDE} x2={SIDE} y2="0" stroke="var(--line-strong)" stroke-dasharray="3 3" />;

const Path = ({ of }: { of: number[][] }) => <polyline points={of.map(([x, y]) => `${(x! * SIDE).toFixed(1)},${((1 - y!) * SIDE).toFixed(1)}`).join(" ")} fill="none" stroke="var(--series-0)" stroke-width="1.5" stroke-linejoin="round" />;

export function Confusion({ found }: { found: Evaluation }) {
  const [table, labels] = [found.confusion ?? [], found.labels ?? []];
  return (
    <Section title="Rows: true class. Columns: what was predicted.">
      <div class="confusion" tabIndex={0} role="region" aria-label="Confusion table">
        <table>
          <thead><tr><th scope="col">true \ predicted</th>{labels.map((name) => <th key={name} scope="col">{name}</th>)}<th scope="col">right</th></tr></thead>
          <tbody>
            {table.map((row, i) => {
              const all = row.reduce((sum, one) => sum + one, 0);
              return (
                <tr key={i}>
                  <th scope="row">{labels[i]}</th>
                  {row.map((one, j) => <td key={j} title={`${labels[i]} taken for ${labels[j]}: ${all ? percent(one / all) : "none"}`} style={{ background: `color-mix(in srgb, var(${i === j ? "--good-tint" : "--bad-tint"}) ${all ? Math.round((100 * one) / all) : 0}%, transparent)` }}>{one.toLocaleString()}</td>)}
                  <td class="soft">{all ? percent(row[i]! / all) : ""}</td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
    </Section>
  );
}
