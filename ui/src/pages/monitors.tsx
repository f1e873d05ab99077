// The monitors, open alarms first.
import { useResource } from "../kit/api";
import { Badge } from "../kit/badge";
import { number } from "../kit/format";
import { Head, Loading, usePage } from "../kit/page";
import { Ago, Empty, Failed } from "../kit/parts";
import { Table } from "../kit/table";
import type { MonitorList } from "../wire";

export default function Monitors() {
  usePage({ title: "Monitors" });
  const list = useResource<MonitorList>("/monitors", (event) => event.topic === "run" || event.topic === "version");
  if (!list.data) return list.problem ? <Failed problem={list.problem} again={list.reload} /> : <Loading />;
  const rows = list.data.items;
  if (!rows.length) return <Empty page title="Nothing is watched yet" lines={`# monitors.yaml\nmonitors:\n  - name: delay\n    target: deployment:delay\n    reference: data:flights@main\n    window: 1d\n    every: 1h\n    tests:\n      - {score: drift_share, lt: 0.5}\n\ntenfold monitor apply monitors.yaml`}>A monitor compares what arrives with what the model was trained on, and keeps every score.</Empty>;
  const keys = [...new Set(rows.flatMap((row) => Object.keys(row.newest?.scores ?? {})))].filter((key) => !key.includes(".") && !key.includes("/")).slice(0, 4);
  return (
    <>
      <Head title="Monitors" />
      <Table label="Monitors" rows={rows} id={(row) => row.name} columns={[
        { key: "name", title: "Name", width: 220, cell: (row) => <a href={`/monitors/${encodeURIComponent(row.name)}`}>{row.name}</a> },
        { key: "state", title: "State", width: 132, cell: (row) => { const quiet = row.alarms.length > 0 && row.alarms.every((alarm) => alarm.status !== "open"); return <Badge state={quiet ? "warning" : row.open ? "alarm" : !row.newest ? "created" : row.newest.run.state === "failed" ? "failed" : "ok"} word={quiet ? row.alarms[0]!.status : row.newest ? undefined : "no check yet"} />; } },
        { key: "alarms", title: "Open", width: 64, numeric: true, cell: (row) => row.alarms.length || "" },
        { key: "project", title: "Project", width: 130, cell: (row) => row.project },
        { key: "window", title: "Newest window", width: 140, cell: (row) => row.newest?.window },
        ...keys.map((key) => ({ key, title: key, width: Math.max(96, key.length * 7 + 24), numeric: true, cell: (row: (typeof rows)[number]) => number(row.newest?.scores[key]) })),
        { key: "why", title: "Says", width: 300, cell: (row) => <span title={(row.alarms.length ? row.alarms : row.newest?.alarms ?? []).map((one) => one.text).join("\n")}>{row.alarms[0]?.text ?? row.newest?.alarms[0]?.text ?? row.newest?.reasons[0] ?? ""}</span> },
        { key: "checks", title: "Checks", width: 84, numeric: true, cell: (row) => row.checks },
        { key: "when", title: "Checked", width: 110, cell: (row) => <Ago at={row.newest?.at_ms} /> },
      ]} />
    </>
  );
}
