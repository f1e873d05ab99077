// The first page: what needs attention, what is running, what ran last.
import { useResource } from "../kit/api";
import { Badge } from "../kit/badge";
import { Glyph } from "../kit/glyphs";
import { Head, Loading, Section, usePage } from "../kit/page";
import { Ago, Empty, Failed } from "../kit/parts";
import { Table } from "../kit/table";
import { glyphOf } from "../links";
import { columnOf, RunLink, took } from "../nouns/runs";
import type { AttentionRow, Home as HomeOf, RunRow } from "../wire";

const FIRST = `import tenfold

with tenfold.run("first", params={"lr": 0.1}) as run:
    for step in range(100):
        run.log({"loss": 1 / (step + 1)}, step=step)`;

export default function Home() {
  usePage({ title: "Home" });
  const home = useResource<HomeOf>("/home", (event) => event.topic !== "series");
  if (!home.data) return home.problem ? <Failed problem={home.problem} again={home.reload} /> : <Loading />;
  const { attention, running, recent, counts } = home.data;
  if (!recent.length && !running.length && !counts.data && !counts.models) {
    return (
      <Empty page title="Nothing is here yet" lines={FIRST}>
        These lines make a first run; it shows here within a second, live. Or let <code>tenfold demo</code> take a real data set all the way to a served and watched model.
      </Empty>
    );
  }
  return (
    <>
      <Head title="Home" />
      <div class="body">
        <Section title="Needs attention">
          {attention.length ? <Attention rows={attention} /> : <p class="row soft"><Badge state="ok" word="" />Nothing failed, no alarm is open.</p>}
        </Section>
        {running.length ? (
          <Section title="Running">
            <ul class="lineslist">
              {running.map((run) => <Running key={run.id} run={run} />)}
            </ul>
          </Section>
        ) : null}
        <Section title="Recent" tools={<a href="/runs">All runs</a>}>
          <Table label="Recent runs" rows={recent} id={(run) => run.id} columns={["name", "state", "project", "kind", "started", "duration", "user"].map((key) => ({ ...columnOf(key)!, order: undefined }))} />
        </Section>
      </div>
    </>
  );
}

function Attention({ rows }: { rows: AttentionRow[] }) {
  return (
    <ul class="lineslist">
      {rows.map((row) => (
        <li key={row.address + row.at_ms}>
          <Badge tint state={row.kind === "alarm" || row.kind === "drift" ? "alarm" : row.severity === "error" ? "failed" : "warning"} word={row.kind} />
          <a href={row.page} style={{ whiteSpace: "nowrap", maxWidth: "50%" }} class="cut">{row.title}</a>
          <span class="soft cut grow hide-narrow" title={row.detail}>{row.detail}</span>
          <span class="when"><Ago at={row.at_ms} /></span>
        </li>
      ))}
    </ul>
  );
}

function Running({ run }: { run: RunRow }) {
  return (
    <li>
      <Badge state={run.state} word="" />
      <span class="faint"><Glyph name={glyphOf(run.kind)} /></span>
      <RunLink run={run} />
      <span class="faint cut hide-narrow">{run.kind} in {run.project}</span>
      <span class="when">{took(run)}</span>
    </li>
  );
}
