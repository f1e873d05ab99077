// Moving an alias: where to, why, and past what.
import { useState } from "preact/hooks";
import { call } from "../../kit/api";
import { Dialog, toast } from "../../kit/dialog";
import type { ModelDetail } from "../../wire";
import { Who, who } from "./who";

export function MoveAlias({ base, model, version, close, done, ask }: { base: string; model: ModelDetail; version: number; close: () => void; done: () => void; ask: () => void }) {
  const [alias, setAlias] = useState("champion");
  const [to, setTo] = useState(version);
  const [why, setWhy] = useState("");
  const [force, setForce] = useState(false);
  const [problem, setProblem] = useState("");
  const [busy, setBusy] = useState(false);
  const now = model.aliases.find((ref) => ref.ref === alias)?.number;
  const target = model.versions.find((one) => one.version.number === to);
  const unjudged = alias === "champion" && target?.verdict !== "passed";
  const unapproved = model.needs_approval.includes(alias) && !model.requests.some((one) => one.state === "approved" && one.alias === alias && one.version === to);
  const guarded = unjudged || unapproved;
  const save = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    try {
      await call("PUT", `${base}/aliases/${encodeURIComponent(alias)}`, { version: to, why, who: who.value, ...(now ? { expect: now } : {}), ...(force && guarded ? { force: true } : {}) });
      toast(`${alias} now names v${to}.`);
      done();
      close();
    } catch (error) {
      setProblem((error as Error).message);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Dialog title={`Move an alias of ${model.name}`} close={close}>
      <form onSubmit={(event) => void save(event)}>
        <div class="inside">
          <label class="field"><span>Alias</span><input class="input" type="text" list="aliases" required value={alias} onInput={(event) => setAlias(event.currentTarget.value.trim())} /><datalist id="aliases">{[...new Set(["champion", "challenger", ...model.aliases.map((ref) => ref.ref)])].map((one) => <option key={one} value={one} />)}</datalist>
            <small>{now ? `Names v${now} now.` : "Names nothing yet."}</small></label>
          <label class="field"><span>Version</span>
            <select class="input" value={to} onChange={(event) => setTo(Number(event.currentTarget.value))}>{model.versions.map((one) => <option key={one.version.id} value={one.version.number}>v{one.version.number}{one.verdict ? `, ${one.verdict}` : ""}{one.version.refs.length ? ` (${one.version.refs.join(", ")})` : ""}</option>)}</select>
          </label>
          <label class="field"><span>Why</span><textarea class="input" rows={2} required value={why} onInput={(event) => setWhy(event.currentTarget.value)} placeholder="Kept in the history for whoever asks later" /></label>
          <Who />
          {unapproved ? <p class="soft">{alias} needs approval, and nobody approved v{to}. <button type="button" class="button" onClick={ask}>Ask for approval</button></p> : null}
          {guarded ? <label class="row"><input type="checkbox" checked={force} onChange={() => setForce(!force)} />{unapproved ? "Move it without approval" : `No gate has passed v${to}. Serve it all the same`}; the reason above says why that is right.</label> : null}
          {problem ? <p class="bad" role="alert">{problem}</p> : null}
        </div>
        <footer><button type="button" class="button" onClick={close}>Cancel</button><button type="submit" class="button main" disabled={busy || !why.trim() || !alias || to === now || (guarded && !force)}>Move</button></footer>
      </form>
    </Dialog>
  );
}
