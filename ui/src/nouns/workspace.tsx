// Runs at the left, a panel for each of their metrics at the right: what a project's page and a comparison have in common.
import { Glyph } from "../kit/glyphs";
import { Empty } from "../kit/parts";
import { Panels } from "./panels";
import { useViews } from "./layout";
import { LookBar, useLook } from "./look";
import { RunList } from "./runlist";
import type { Compared } from "./runset";
import "./workspace.css";

export function Workspace({ set, project, page, take, above }: { set: Compared; project: string; page: string; take?: (id: string) => void; above?: preact.ComponentChildren }) {
  const views = useViews(project, page);
  const seen = useLook(set);
  const { layout, setLayout } = views;
  return (
    <div class="workspace">
      <RunList set={set} groups={seen.groups} {...(take ? { take } : {})} />
      <div class="space">
        {above}
        <LookBar set={set} seen={seen} keys={set.keys} views={views} layout={layout} setLayout={setLayout} />
        {seen.groups ? (
          <ul class="legend grouplegend" aria-label="Groups">
            {[...seen.groups.members].map(([name, ids]) => <li key={name}><span class={`swatch${seen.groups!.pens.get(name)!.dashed ? " dashed" : ""}`} style={{ borderColor: seen.groups!.pens.get(name)!.css }} /><span class="cut">{name}</span><span class="faint">{ids.length}</span></li>)}
          </ul>
        ) : null}
        {set.keys.length ? (
          set.shown.length ? <Panels set={set} keys={set.keys} look={seen.look} chosenX={seen.chosenX} groups={seen.groups} mean={seen.mean} layout={layout} setLayout={setLayout} setZoom={seen.setZoom} />
            : <p class="soft pad">All runs are hidden. <button type="button" class="button" onClick={() => set.setHidden(new Set())}><Glyph name="run" size={14} />Show them</button></p>
        ) : <Empty title="No metrics yet" lines={`run.log({"loss": 0.31, "accuracy": 0.88}, step=1)`}>Each number that is logged becomes a panel here, within a second.</Empty>}
      </div>
    </div>
  );
}
