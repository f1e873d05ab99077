// What the newest checks found, with rows, and the change that would allow each: accepted one by one, or all at once.
import { Badge } from "../../kit/badge";
import { count } from "../../kit/format";
import { Section } from "../../kit/page";
import { Ago, Empty } from "../../kit/parts";
import { useQuery } from "../../kit/router";
import type { Anomaly, PastValidation, SchemaDetail } from "../../wire";
import type { Edit } from "./index";

const STATE: Record<string, string> = { error: "error", warning: "warning", info: "info" };

export function Anomalies({ schema, editable, edit }: { schema: SchemaDetail; editable: boolean; edit: (edit: Edit) => Promise<void> }) {
  const [shown, setShown] = useQuery("check");
  if (!schema.checks.length) return <Empty title="Not checked yet" lines={`tenfold validate DATA --schema schema:${schema.name}`}>What a check finds stands here, with rows, and can be accepted.</Empty>;
  const check = schema.checks.find((one) => one.run_id === shown) ?? schema.checks[0]!;
  const fresh = check.version === schema.version;
  const open = check.anomalies.filter((anomaly) => anomaly.change);
  const accept = (anomalies: Anomaly[]) => edit({ changes: anomalies.map((one) => one.change!), message: `Accepted ${anomalies.map((one) => `${one.column || "table"}: ${one.short.toLowerCase()}`).join(", ")}`.slice(0, 500) });
  return (
    <>
      <div class="row wrap" style={{ marginBottom: "8px" }}>
        <select class="input" aria-label="Check" value={check.run_id} onChange={(event) => setShown(event.currentTarget.value)}>
          {schema.checks.map((one) => <option key={one.run_id} value={one.run_id}>{words(one)}</option>)}
        </select>
        <span class="soft" style={{ flex: "1 1 240px" }}>{count(check.rows, "row")}, held to <a href={`?version=${check.version}`}>version {check.version}</a> <Ago at={check.at_ms} />, <a href={`/runs/${check.run_id}`}>its run</a></span>
        {open.length > 1 ? <button type="button" class="button" disabled={!editable || !fresh} onClick={() => accept(open)}>Accept all {open.length}</button> : null}
      </div>
      {!fresh ? <p class="soft">The schema has changed since: look again with <code>tenfold validate {check.data} --schema schema:{schema.name}</code></p> : null}
      {check.anomalies.length ? check.anomalies.map((anomaly) => (
        <Section key={`${anomaly.column}:${anomaly.type}`} title={`${anomaly.column || "The table"}: ${anomaly.short.toLowerCase()}`} tools={anomaly.change ? <button type="button" class="button" disabled={!editable || !fresh} onClick={() => accept([anomaly])} aria-label={`Accept ${anomaly.column || "table"} ${anomaly.type}`}>Accept</button> : <span class="faint">only the data can be mended</span>}>
          <p class="row wrap"><Badge tint state={STATE[anomaly.severity] ?? "warning"} word={anomaly.severity} /><code>{anomaly.type}</code><span style={{ overflowWrap: "anywhere" }}>{anomaly.long}</span></p>
          {anomaly.examples?.length ? <p class="soft" style={{ overflowWrap: "anywhere" }}>{anomaly.examples.map((example) => `row ${example.row}: ${example.value || "missing"}`).join("   ")}</p> : null}
        </Section>
      )) : <p class="row soft"><Badge state="ok" word="" />Nothing broke the schema.</p>}
      {check.count > check.anomalies.length ? <p class="tablenote">{check.count - check.anomalies.length} more are not shown.</p> : null}
    </>
  );
}

const words = (check: PastValidation): string => `${check.data}${check.environment ? ` in ${check.environment}` : ""}: ${check.count ? count(check.count, "anomaly", "anomalies") : "as it should be"}`;
