// Versions in the bin: taken out again, or removed for good with the bytes that frees.
import { useState } from "preact/hooks";
import { call } from "../../kit/api";
import { Dialog, toast } from "../../kit/dialog";
import { bytes, count } from "../../kit/format";
import { Ago, Failed } from "../../kit/parts";
import { Table } from "../../kit/table";
import type { BinDone, Purged, VersionRow } from "../../wire";

export function Bin({ base, binned, done }: { base: string; binned: VersionRow[]; done: () => void }) {
  const [chosen, setChosen] = useState(new Set<string>());
  const [would, setWould] = useState<Purged | null>(null);
  const [problem, setProblem] = useState<Error | null>(null);
  const numbers = binned.filter((version) => chosen.has(version.id)).map((version) => version.number);
  const act = async (action: string, preview = false): Promise<BinDone | undefined> => {
    try {
      return await call<BinDone>("POST", `${base}/bin`, { action, numbers, ...(preview ? { preview } : {}) });
    } catch (error) {
      setProblem(error as Error);
    }
  };
  const restore = async () => {
    if (await act("restore")) toast(`${count(numbers.length, "version")} restored.`);
    setChosen(new Set());
    done();
  };
  const purge = async () => {
    const gone = (await act("purge"))?.purged;
    if (gone) toast(`${count(gone.versions, "version")} removed for good, ${bytes(gone.freed_bytes)} freed${gone.waiting_bytes ? `; ${bytes(gone.waiting_bytes)} more go with the next collection` : ""}.`);
    setWould(null);
    setChosen(new Set());
    done();
  };
  if (problem) return <Failed problem={problem} again={() => setProblem(null)} />;
  if (!binned.length) return <p class="soft">The bin is empty. A version that no alias names is put here from the versions above, and nothing is lost until it is purged.</p>;
  return (
    <>
      <div class="row wrap" style={{ marginBottom: "8px" }}>
        <button type="button" class="button" disabled={!numbers.length} onClick={() => void restore()}>Restore</button>
        <button type="button" class="button" disabled={!numbers.length} onClick={() => void act("purge", true).then((answer) => answer && setWould(answer.purged))}>Remove for good</button>
      </div>
      <Table label="Versions in the bin" rows={binned} id={(one) => one.id} chosen={chosen} setChosen={setChosen} columns={[
        { key: "number", title: "Version", width: 100, cell: (one) => `v${one.number}` },
        { key: "message", title: "Message", cell: (one) => one.message },
        { key: "size", title: "Size", width: 92, numeric: true, cell: (one) => bytes(one.size_bytes) },
        { key: "deleted", title: "Deleted", width: 110, cell: (one) => <Ago at={one.deleted_at_ms} /> },
      ]} />
      {would ? (
        <Dialog title={`Remove ${count(would.versions, "version")} for good?`} close={() => setWould(null)}>
          <div class="inside">
            <p>This frees {bytes(would.freed_bytes)}{would.waiting_bytes ? `, and ${bytes(would.waiting_bytes)} stored in the last hour with a later collection` : ""}. Number, times and lineage stay; the files cannot be brought back.</p>
            {Object.entries(would.kept).map(([address, why]) => <p key={address} class="soft">{address} stays: {why}</p>)}
          </div>
          <footer><button type="button" class="button" onClick={() => setWould(null)}>Cancel</button><button type="button" class="button main" onClick={() => void purge()}>Remove for good</button></footer>
        </Dialog>
      ) : null}
    </>
  );
}
