// What a run made and used, and a look into the files of each.
import { Files } from "../../kit/files";
import { Glyph } from "../../kit/glyphs";
import { Section } from "../../kit/page";
import { Empty } from "../../kit/parts";
import { setQuery, useQuery } from "../../kit/router";
import { glyphOf } from "../../links";
import { filesAndSize, VersionName } from "../../nouns/versions";
import type { ArtifactUse } from "../../wire";

export function Artifacts({ items }: { items: ArtifactUse[] | undefined }) {
  const [open] = useQuery("artifact");
  const [path, setPath] = useQuery("path");
  if (!items) return null;
  if (!items.length) return <Empty title="No artifacts" lines={`run.use("data:flights@main")\nrun.save("features/", "features", kind="data")\nrun.save_model(model, "delay")`}>What a run reads and what it makes shows here, and becomes an arrow in the lineage graph.</Empty>;
  const chosen = items.find((item) => item.version.id === open);
  return (
    <>
      {(["produced", "used"] as const).map((direction) => {
        const group = items.filter((item) => item.direction === direction);
        return group.length ? (
          <Section key={direction} title={direction === "produced" ? "Made" : "Used"}>
            <ul class="lineslist">
              {group.map((item) => (
                <li key={item.version.id + item.role}>
                  <span class="faint"><Glyph name={glyphOf(item.version.kind)} /></span>
                  <VersionName version={item.version} full />
                  {item.role ? <span class="faint hide-narrow cut">as {item.role}</span> : null}
                  <span class="when row"><span class="hide-narrow">{filesAndSize(item.version)}</span><button type="button" class="button bare" aria-pressed={open === item.version.id} onClick={() => setQuery({ artifact: open === item.version.id ? null : item.version.id, path: null })}>Files</button></span>
                </li>
              ))}
            </ul>
          </Section>
        ) : null;
      })}
      {chosen ? <Section title={`Files of ${chosen.version.name} v${chosen.version.number}`}><Files key={chosen.version.id} version={chosen.version.id} path={path} setPath={(to) => setPath(to)} /></Section> : null}
    </>
  );
}
