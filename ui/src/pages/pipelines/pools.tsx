// Pools: who holds their slots and who waits, in the order of turns; their sizes can be changed.
import { useState } from "preact/hooks";
import { call, useResource } from "../../kit/api";
import { toast } from "../../kit/dialog";
import { count } from "../../kit/format";
import { Loading, Section } from "../../kit/page";
import { Ago, Empty, Failed } from "../../kit/parts";
import { pageOfPipelineRun } from "../../nouns/pipelines";
import type { Changed, PoolList, PoolRow, PoolUse } from "../../wire";

export function Pools() {
  const list = useResource<PoolList>("/pools", (event) => event.topic === "task" || event.topic === "version");
  if (!list.data) return list.problem ? <Failed problem={list.problem} again={list.reload} /> : <Loading />;
  if (!list.data.items.length) return <Empty title="No pools" lines={`tenfold pools set gpu 2\n\n@tenfold.step(pool="gpu")\ndef train(rows): ...`}>A pool limits how many steps use one scarce thing at once, in all pipelines and processes.</Empty>;
  return <>{list.data.items.map((pool) => <Pool key={pool.name} of={pool} done={list.reload} />)}</>;
}

function Pool({ of, done }: { of: PoolRow; done: () => void }) {
  const [slots, setSlots] = useState(String(of.slots));
  const save = async () => {
    try {
      await call<Changed>("PUT", `/pools/${encodeURIComponent(of.name)}`, { slots: Number(slots) });
      toast(`${of.name} has ${count(Number(slots), "slot")}. Runs under way feel it within a second.`);
      done();
    } catch (error) {
      toast((error as Error).message, "bad");
    }
  };
  return (
    <Section title={of.name} tools={<span class="soft">{of.held} of {count(of.slots, "slot")} held{of.waiting ? `, ${of.waiting} waiting` : ""}{of.is_set ? "" : ", nobody has set it"}</span>}>
      <div class="row wrap" style={{ marginBottom: "8px" }}>
        <span class="row" role="img" aria-label={`${of.held} of ${of.slots} slots are held`} style={{ gap: "3px" }}>
          {Array.from({ length: Math.min(of.slots, 40) }, (_, i) => <i key={i} class="dot" style={{ width: "16px", height: "10px", background: i < of.held ? "var(--live)" : "var(--rest-tint)" }} />)}{of.slots > 40 ? <span class="faint">…</span> : null}
        </span>
        <form class="row" onSubmit={(event) => { event.preventDefault(); void save(); }}>
          <input class="input" type="text" inputMode="numeric" aria-label={`Slots of ${of.name}`} value={slots} style={{ width: "64px" }} onInput={(event) => setSlots(event.currentTarget.value)} />
          <button type="submit" class="button" disabled={!/^\d+$/.test(slots) || (of.is_set && Number(slots) === of.slots)}>Set slots</button>
        </form>
      </div>
      <div class="columns">
        <div><h3 class="soft">Holds</h3>{of.holders.length ? <Uses of={of.holders} label={`Who holds ${of.name}`} /> : <p class="soft">Nobody.</p>}</div>
        <div><h3 class="soft">Waits, the next first</h3>{of.line.length ? <Uses of={of.line} label={`Who waits for ${of.name}`} /> : <p class="soft">Nobody.</p>}{of.waiting > of.line.length ? <p class="soft">and {of.waiting - of.line.length} more</p> : null}</div>
      </div>
    </Section>
  );
}

function Uses({ of, label }: { of: PoolUse[]; label: string }) {
  return (
    <ol class="lineslist" aria-label={label}>
      {of.map((one) => (
        <li key={one.run_id}>
          <a class="cut" href={`${pageOfPipelineRun(one.root_id)}?step=${encodeURIComponent(one.key)}`}>{one.key}</a><span class="soft cut">{one.pipeline}</span>
          <span class="when">{one.slots > 1 ? `${one.slots} slots, ` : ""}{one.priority ? `priority ${one.priority}, ` : ""}<Ago at={one.since_ms} /></span>
        </li>
      ))}
    </ol>
  );
}
