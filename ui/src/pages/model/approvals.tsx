// Approval: which aliases need it, who asked, who answered with which words.
import { useState } from "preact/hooks";
import { call } from "../../kit/api";
import { Badge } from "../../kit/badge";
import { Dialog, toast } from "../../kit/dialog";
import { Section } from "../../kit/page";
import { Ago, Lines } from "../../kit/parts";
import type { Approval, ModelDetail } from "../../wire";
import { Who, who } from "./who";

export function Approvals({ base, model, ask, done }: { base: string; model: ModelDetail; ask: () => void; done: () => void }) {
  const [answering, setAnswering] = useState<[Approval, boolean] | null>(null);
  return (
    <>
      <Policy base={base} model={model} done={done} />
      <Section title="Requests" tools={<button type="button" class="button" onClick={ask}>Ask for approval</button>}>
        {model.requests.length ? (
          <ol class="lineslist" aria-label="Requests for approval">
            {model.requests.map((one) => (
              <li key={one.number} style={{ flexWrap: "wrap" }}>
                <span class="faint">{one.number}</span>
                <span class="tag act">{one.alias}</span>
                <span style={{ whiteSpace: "nowrap" }}><span class="faint">→</span> <b>v{one.version}</b></span>
                <Badge state={one.state === "approved" ? "passed" : one.state === "rejected" ? "refused" : "waiting"} word={one.state} />
                <span class="soft" style={{ flex: "1 1 220px", overflowWrap: "anywhere" }}>
                  {one.by || "someone"}{one.comment ? `: ${one.comment}` : " asked"}
                  {one.answered_at_ms ? <><br />{one.answered_by || "someone"}{one.answer ? `: ${one.answer}` : ` ${one.state} it`}</> : null}
                </span>
                {one.state === "open" ? (
                  <span class="row">
                    <button type="button" class="button" onClick={() => setAnswering([one, true])} aria-label={`Approve request ${one.number}`}>Approve</button>
                    <button type="button" class="button" onClick={() => setAnswering([one, false])} aria-label={`Reject request ${one.number}`}>Reject</button>
                  </span>
                ) : null}
                <span class="when"><Ago at={one.answered_at_ms ?? one.at_ms} /></span>
              </li>
            ))}
          </ol>
        ) : (
          <><p class="soft">Nobody has asked yet. A pipeline or a colleague asks with:</p><Lines text={`tenfold models request ${model.name} champion ${model.versions[0]?.version.number ?? 1} -m "better on the holdout"`} /></>
        )}
      </Section>
      {answering ? <Answer base={base} request={answering[0]} approved={answering[1]} close={() => setAnswering(null)} done={done} /> : null}
    </>
  );
}

function Policy({ base, model, done }: { base: string; model: ModelDetail; done: () => void }) {
  const names = [...new Set(["champion", ...model.aliases.map((ref) => ref.ref), ...model.needs_approval])];
  const toggle = async (name: string) => {
    const wanted = model.needs_approval.includes(name) ? model.needs_approval.filter((one) => one !== name) : [...model.needs_approval, name];
    try {
      await call("PATCH", base, { needs_approval: wanted });
      done();
    } catch (error) {
      toast((error as Error).message, "bad");
    }
  };
  return (
    <Section title="Needs approval">
      <div class="row wrap" role="group" aria-label="Aliases that only take approved versions">
        {names.map((name) => <label key={name} class="row"><input type="checkbox" checked={model.needs_approval.includes(name)} onChange={() => void toggle(name)} />{name}</label>)}
      </div>
    </Section>
  );
}

function Answer({ base, request, approved, close, done }: { base: string; request: Approval; approved: boolean; close: () => void; done: () => void }) {
  const [comment, setComment] = useState("");
  const [problem, setProblem] = useState("");
  const save = async (event: Event) => {
    event.preventDefault();
    try {
      await call("POST", `${base}/requests/${request.number}`, { approved, comment, who: who.value });
      toast(approved ? `${request.alias} names v${request.version} now.` : `Request ${request.number} is rejected.`);
      close();
    } catch (error) {
      setProblem((error as Error).message);
    }
    done();
  };
  return (
    <Dialog title={`${approved ? "Approve" : "Reject"} request ${request.number}`} close={close}>
      <form onSubmit={(event) => void save(event)}>
        <div class="inside">
          <p>{request.by || "Someone"} asks that <b>{request.alias}</b> takes <b>v{request.version}</b>{request.comment ? `: ${request.comment}` : "."}</p>
          <label class="field"><span>Comment</span><textarea class="input" rows={2} required={!approved} value={comment} onInput={(event) => setComment(event.currentTarget.value)} placeholder={approved ? "Kept with the answer" : "Why not"} /></label>
          <Who />
          {problem ? <p class="bad" role="alert">{problem}</p> : null}
        </div>
        <footer><button type="button" class="button" onClick={close}>Cancel</button><button type="submit" class="button main" disabled={!approved && !comment.trim()}>{approved ? "Approve and move" : "Reject"}</button></footer>
      </form>
    </Dialog>
  );
}

export function Ask({ base, model, version, close, done }: { base: string; model: ModelDetail; version: number; close: () => void; done: () => void }) {
  const [alias, setAlias] = useState("champion");
  const [to, setTo] = useState(version);
  const [comment, setComment] = useState("");
  const [problem, setProblem] = useState("");
  const save = async (event: Event) => {
    event.preventDefault();
    try {
      await call("POST", `${base}/requests`, { alias, version: to, comment, who: who.value });
      toast(`Asked that ${alias} takes v${to}.`);
      done();
      close();
    } catch (error) {
      setProblem((error as Error).message);
    }
  };
  return (
    <Dialog title={`Ask for approval of ${model.name}`} close={close}>
      <form onSubmit={(event) => void save(event)}>
        <div class="inside">
          <label class="field"><span>Alias</span><input class="input" type="text" required value={alias} onInput={(event) => setAlias(event.currentTarget.value.trim())} /></label>
          <label class="field"><span>Version</span><select class="input" value={to} onChange={(event) => setTo(Number(event.currentTarget.value))}>{model.versions.map((one) => <option key={one.version.id} value={one.version.number}>v{one.version.number}{one.verdict ? `, ${one.verdict}` : ""}</option>)}</select></label>
          <label class="field"><span>Comment</span><textarea class="input" rows={2} value={comment} onInput={(event) => setComment(event.currentTarget.value)} placeholder="Shown to whoever answers" /></label>
          <Who />
          {problem ? <p class="bad" role="alert">{problem}</p> : null}
        </div>
        <footer><button type="button" class="button" onClick={close}>Cancel</button><button type="submit" class="button main" disabled={!alias}>Ask</button></footer>
      </form>
    </Dialog>
  );
}
