// Who is told of failures, late runs and alarms, and what was told; and the names of the secrets.
import { useResource } from "../../kit/api";
import { Badge } from "../../kit/badge";
import { Loading, Section } from "../../kit/page";
import { Ago, Empty, Failed } from "../../kit/parts";
import { useQuery } from "../../kit/router";
import { Table } from "../../kit/table";
import type { NoticeList, SecretList } from "../../wire";

const WORDS: Record<string, [string, string]> = { created: ["waiting", "to be delivered"], running: ["running", "under way"], finished: ["finished", "delivered"], failed: ["failed", "given up"], killed: ["cancelled", "dropped"], lost: ["lost", "taken over"] };

export function Notices() {
  const list = useResource<NoticeList>("/notices", (event) => event.topic === "run" || event.topic === "ref");
  const [on, setOn] = useQuery("on");
  if (!list.data) return list.problem ? <Failed problem={list.problem} again={list.reload} /> : <Loading />;
  const { notifiers, notices } = list.data;
  if (!notifiers.length && !notices.length) return <Empty title="Nobody is told" lines={`tenfold notify add team --slack https://hooks.slack.com/services/...\ntenfold schedules add nightly train.py:daily --cron @daily --late-after 2h`}>A notifier tells a webhook, a Slack channel or somebody by e-mail when a run fails or is late, or a monitor raises an alarm.</Empty>;
  const kinds = [...new Set(notices.map((one) => one.on))];
  const shown = on ? notices.filter((one) => one.on === on) : notices;
  return (
    <>
      <Section title="Who is told">
        {notifiers.length ? (
          <ul class="lineslist" aria-label="Notifiers">
            {notifiers.map((one) => <li key={one.name}><b>{one.name}</b><span class="cut grow soft">{one.says}{one.pipelines.length ? `, of ${one.pipelines.join(", ")}` : ""}</span><span class="row wrap">{one.on.map((each) => <span class="tag" key={each}>{each}</span>)}</span><span class="when">since <Ago at={one.since_ms} /></span></li>)}
          </ul>
        ) : <p class="soft">Nobody any more.</p>}
      </Section>
      <Section title="What was told" tools={kinds.length > 1 ? <span class="row">{kinds.map((one) => <button key={one} type="button" class="button bare" aria-pressed={on === one} onClick={() => setOn(on === one ? null : one)}>{one}</button>)}</span> : null}>
        {shown.length ? (
          <Table label="Notices" rows={shown} id={(one) => one.id} columns={[
            { key: "text", title: "Says", cell: (one) => <a href={one.page} title={one.text}>{one.text}</a> },
            { key: "on", title: "Of", width: 84, cell: (one) => one.on },
            { key: "to", title: "To", width: 120, cell: (one) => one.notifier },
            { key: "state", title: "State", width: 130, cell: (one) => <Badge state={WORDS[one.state]?.[0] ?? one.state} word={WORDS[one.state]?.[1] ?? one.state} /> },
            { key: "tries", title: "Tries", width: 60, numeric: true, cell: (one) => one.tries || "" },
            { key: "when", title: "When", width: 100, cell: (one) => <Ago at={one.at_ms} /> },
            { key: "error", title: "Why not", width: 220, cell: (one) => <span title={one.error ?? ""}>{one.error}</span> },
          ]} />
        ) : <p class="soft">Nothing yet.</p>}
      </Section>
    </>
  );
}

export function Secrets() {
  const list = useResource<SecretList>("/secrets", (event) => event.topic === "version");
  if (!list.data) return list.problem ? <Failed problem={list.problem} again={list.reload} /> : <Loading />;
  if (!list.data.items.length) return <Empty title="No secrets" lines={`tenfold secrets set db-password\n\n@tenfold.step(secrets=["db-password"])\ndef load(): ...`}>A secret is given to the steps that name it, and is masked in all they write.</Empty>;
  return (
    <Table label="Secrets" rows={list.data.items} id={(one) => one.name} columns={[
      { key: "name", title: "Name", width: 220, cell: (one) => <code>{one.name}</code> },
      { key: "kept", title: "Kept", cell: (one) => one.kept },
      { key: "version", title: "Version", width: 80, numeric: true, cell: (one) => one.version },
      { key: "author", title: "Set by", width: 120, cell: (one) => one.author },
      { key: "when", title: "Changed", width: 110, cell: (one) => <Ago at={one.changed_at_ms} /> },
    ]} />
  );
}
