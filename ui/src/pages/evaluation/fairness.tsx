// How groups are treated: the rates of each, and how far they lie apart.
import { number, percent } from "../../kit/format";
import { Section } from "../../kit/page";
import { Facts } from "../../kit/parts";
import { Table } from "../../kit/table";
import type { Fairness as Found } from "../../wire";

export function Fairness({ of }: { of: Found[] }) {
  return (
    <>
      {of.map((one) => {
        const rates = [...new Set(one.groups.flatMap((group) => Object.keys(group.rates)))];
        return (
          <Section key={one.column} title={one.threshold == null ? one.column : `${one.column}, at a score of ${number(one.threshold)}`}>
            {one.reason ? <p class="soft">{one.reason}</p> : null}
            <div class="fair"><Facts rows={Object.entries(one.measures).map(([name, value]) => [name.replaceAll("_", " "), number(value)])} /></div>
            <Table label={`Rates by ${one.column}`} rows={one.groups} id={(group) => group.group} columns={[
              { key: "group", title: one.column, width: 150, pinned: true, cell: (group) => group.group },
              { key: "rows", title: "Rows", width: 84, numeric: true, cell: (group) => group.rows.toLocaleString() },
              ...rates.map((rate) => ({ key: rate, title: rate.replaceAll("_", " "), width: Math.max(96, rate.length * 7 + 20), numeric: true, cell: (group: (typeof one.groups)[number]) => (group.rates[rate] === undefined ? "" : percent(group.rates[rate])) })),
              { key: "rest", title: "", cell: () => null },
            ]} />
            {one.gaps.length ? (
              <Table label={`Gaps by ${one.column}`} rows={one.gaps} id={(gap) => gap.rate} columns={[
                { key: "rate", title: "Rate", width: 180, cell: (gap) => gap.rate.replaceAll("_", " ") },
                { key: "difference", title: "Gap", width: 84, numeric: true, cell: (gap) => percent(gap.difference) },
                { key: "lowest", title: "Lowest", width: 140, cell: (gap) => gap.lowest },
                { key: "highest", title: "Highest", width: 140, cell: (gap) => gap.highest },
                { key: "furthest", title: "Furthest from all rows", cell: (gap) => `${gap.furthest}, by ${percent(gap.to_overall)}` },
              ]} />
            ) : null}
          </Section>
        );
      })}
    </>
  );
}
