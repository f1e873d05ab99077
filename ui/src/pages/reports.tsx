// The reports that people wrote, the one saved last first; a new one begins here.
import { useState } from "preact/hooks";
import { useResource } from "../kit/api";
import { Dialog } from "../kit/dialog";
import { Glyph } from "../kit/glyphs";
import { Head, Loading, usePage } from "../kit/page";
import { Ago, Empty, Failed } from "../kit/parts";
import { go } from "../kit/router";
import { Table } from "../kit/table";
import type { ReportList } from "../wire";

const NAME = /^[A-Za-z0-9][A-Za-z0-9 ._+-]{0,199}$/;

export default function Reports() {
  usePage({ title: "Reports" });
  const reports = useResource<ReportList>("/reports", (event) => event.topic === "version");
  const [asking, setAsking] = useState(false);
  const [name, setName] = useState("");
  const items = reports.data?.items;
  const good = NAME.test(name.trim());
  const begin = (event: Event) => {
    event.preventDefault();
    if (good) go(`/reports/${encodeURIComponent(name.trim())}?edit=${items?.some((one) => one.name === name.trim()) ? "1" : "new"}`);
  };
  const start = <button type="button" class="button main" onClick={() => setAsking(true)}><Glyph name="plus" size={14} />New report</button>;
  return (
    <>
      {items && !items.length ? <><Empty page title="No reports yet" lines={`import tenfold\n\ntenfold.Client().save_report("first", """# What we tried\n\n\`\`\`tenfold\n{"runs": "state = 'finished'", "metric": "loss"}\n\`\`\`\n""")`}>A report is a page of Markdown with live charts, tables of runs and media.</Empty><p class="row" style={{ justifyContent: "center" }}>{start}</p></> : (
        <>
          <Head title="Reports" actions={start} />
          {!items ? reports.problem ? <Failed problem={reports.problem} again={reports.reload} /> : <Loading /> : (
            <Table label="Reports" rows={items} id={(one) => one.name} columns={[
              { key: "title", title: "Title", width: 420, cell: (one) => <a href={`/reports/${encodeURIComponent(one.name)}`}>{one.title}</a> },
              { key: "name", title: "Name", width: 220, cell: (one) => <code>{one.name}</code> },
              { key: "version", title: "Version", width: 80, numeric: true, cell: (one) => one.version },
              { key: "by", title: "By", width: 120, cell: (one) => one.author },
              { key: "saved", title: "Saved", width: 120, cell: (one) => <Ago at={one.saved_at_ms} /> },
            ]} />
          )}
        </>
      )}
      {asking ? (
        <Dialog title="New report" close={() => setAsking(false)}>
          <form onSubmit={begin}>
            <div class="inside"><label class="field"><span>Name</span><input class="input" type="text" autofocus value={name} onInput={(event) => setName(event.currentTarget.value)} /><small>Letters, digits, spaces or . _ + -; it becomes part of the address.</small></label></div>
            <footer><button type="button" class="button" onClick={() => setAsking(false)}>Cancel</button><button type="submit" class="button main" disabled={!good}>Begin</button></footer>
          </form>
        </Dialog>
      ) : null}
    </>
  );
}
