// Two pictures: beside each other, one behind a sliding edge, one fading into the other, or only what differs.
import { useState } from "preact/hooks";
import { bytes } from "../../kit/format";
import type { FileSide } from "../../wire";

const WAYS = [["beside", "Side by side"], ["slide", "Slider"], ["fade", "Blend"], ["differ", "Difference"]] as const;
type Way = (typeof WAYS)[number][0];

export function Pictures({ before, after, a, b, path }: { before: FileSide | null; after: FileSide | null; a: string; b: string; path: string }) {
  const [way, setWay] = useState<Way>("beside");
  const [at, setAt] = useState(50);
  if (!before || !after) {
    const only = (before ?? after)!;
    return <Shown of={only} label={`${path} in ${before ? a : b}`} name={before ? `${a}, removed since` : `${b}, new`} />;
  }
  return (
    <>
      <div class="row wrap pictureways" role="group" aria-label="Way to compare">
        {WAYS.map(([id, title]) => <button key={id} type="button" class="button" aria-pressed={way === id} onClick={() => setWay(id)}>{title}</button>)}
        {way === "slide" || way === "fade" ? <label class="row"><span class="soft">{a}</span><input type="range" min="0" max="100" value={at} aria-label={way === "slide" ? "Edge between the two" : "Share of the second"} onInput={(event) => setAt(Number(event.currentTarget.value))} /><span class="soft">{b}</span></label> : null}
      </div>
      {way === "beside" ? (
        <div class="beside"><Shown of={before} label={`${path} in ${a}`} name={a} /><Shown of={after} label={`${path} in ${b}`} name={b} /></div>
      ) : (
        <div class={`over ${way}`}>
          <img src={before.url} alt={`${path} in ${a}`} />
          <img src={after.url} alt={`${path} in ${b}`} style={way === "slide" ? { clipPath: `inset(0 0 0 ${at}%)` } : way === "fade" ? { opacity: at / 100 } : {}} />
          {way === "slide" ? <i style={{ left: `${at}%` }} /> : null}
        </div>
      )}
    </>
  );
}

function Shown({ of, label, name }: { of: FileSide; label: string; name: string }) {
  const [size, setSize] = useState("");
  return (
    <figure class="picture">
      <img src={of.url} alt={label} onLoad={(event) => setSize(`${event.currentTarget.naturalWidth} × ${event.currentTarget.naturalHeight}, `)} />
      <figcaption class="soft">{name} <span class="faint">{size}{bytes(of.size_bytes)}</span></figcaption>
    </figure>
  );
}
