// The columns of a schema, found by name, and what can be changed about the one that is picked.
import { Filter } from "../../kit/filter";
import { Section } from "../../kit/page";
import { Json } from "../../kit/parts";
import { setQuery, useQuery } from "../../kit/router";
import { Table } from "../../kit/table";
import type { Change, Json as Value, SchemaColumn, SchemaDetail } from "../../wire";
import type { Edit } from "./index";

export function Columns({ schema, editable, edit }: { schema: SchemaDetail; editable: boolean; edit: (edit: Edit) => Promise<void> }) {
  const [find, setFind] = useQuery("find");
  const [picked] = useQuery("column");
  const found = schema.columns.filter((column) => column.name.toLowerCase().includes(find.toLowerCase()));
  const chosen = schema.columns.find((column) => column.name === picked);
  const broken = new Set(schema.checks[0]?.anomalies.map((anomaly) => anomaly.column));
  return (
    <>
      {schema.columns.length > 8 ? <div class="toolbar" style={{ padding: "0 0 12px" }}><Filter value={find} set={(text) => setFind(text)} label="Find a column" /></div> : null}
      {chosen ? <Picked column={chosen} environments={schema.environments} editable={editable} edit={edit} /> : null}
      <Table label="Columns" rows={found} id={(column) => column.name} current={picked} columns={[
        { key: "name", title: "Column", width: 220, cell: (column) => <button type="button" class="button bare" onClick={() => setQuery({ column: column.name === picked ? null : column.name })} aria-expanded={column.name === picked}>{column.name}</button> },
        { key: "type", title: "Type", width: 80, cell: (column) => column.type },
        { key: "presence", title: "Present", width: 140, cell: (column) => column.presence },
        { key: "values", title: "Values", width: 420, cell: (column) => <span title={column.values}>{column.values || <span class="faint">any</span>}</span> },
        { key: "environments", title: "Only in", width: 130, cell: (column) => column.environments.join(", ") },
        { key: "severity", title: "If broken", width: 90, cell: (column) => column.severity },
        { key: "found", title: "Newest check", width: 120, cell: (column) => (broken.has(column.name) ? <a href={`?tab=anomalies`}>anomaly</a> : "") },
      ]} />
      {find && !found.length ? <p class="tablenote">No column has “{find}” in its name.</p> : null}
    </>
  );
}

function Picked({ column, environments, editable, edit }: { column: SchemaColumn; environments: string[]; editable: boolean; edit: (edit: Edit) => Promise<void> }) {
  const { name, fields } = column;
  const button = (title: string, changed: Record<string, Value>, message = title) => {
    const changes: Change[] = [{ column: name, fields: changed, is_new: false }];
    return <button type="button" class="button" disabled={!editable} onClick={() => edit({ changes, message: `${name}: ${message.toLowerCase()}` })}>{title}</button>;
  };
  return (
    <Section title={name} tools={<button type="button" class="button" onClick={() => setQuery({ column: null })}>Close</button>}>
      <div class="row wrap" role="group" aria-label={`Change ${name}`}>
        {column.presence === "optional" ? button("Require in every row", { min_fraction: 1, min_count: 1 }) : button("Make optional", { min_fraction: null, min_count: null, shape: null })}
        {fields.domain ? button("Allow any value", { domain: null, min_domain_mass: null }) : null}
        {fields.min !== undefined || fields.max !== undefined ? button("Drop the limits", { min: null, max: null }) : null}
        {fields.earliest !== undefined || fields.latest !== undefined ? button("Drop the limits", { earliest: null, latest: null }) : null}
        {fields.unique ? button("Allow repetitions", { unique: false }) : button("Require unique values", { unique: true })}
        {environments.length > 1 ? environments.map((one) => (column.environments.includes(one) && column.environments.length === 1 ? button("Expect everywhere", { environments: [] }) : column.environments.length ? null : button(`Only in ${one}`, { environments: [one] }))) : null}
        <label class="row"><span class="soft">If broken</span>
          <select class="input" disabled={!editable} value={column.severity} aria-label={`Severity of ${name}`} onChange={(event) => edit({ changes: [{ column: name, fields: { severity: event.currentTarget.value }, is_new: false }], message: `${name}: ${event.currentTarget.value} if broken` })}>
            {["error", "warning", "info", "ignore"].map((one) => <option key={one}>{one}</option>)}
          </select>
        </label>
        <button type="button" class="button" disabled={!editable} onClick={async () => { await edit({ remove: [name], message: `${name}: taken out` }); setQuery({ column: null }); }}>Take out</button>
      </div>
      <div style={{ margin: "8px 0 12px" }}><Json value={fields} name={column.type} /></div>
    </Section>
  );
}
