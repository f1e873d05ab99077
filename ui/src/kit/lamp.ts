// One line of many shown brighter.
import type uPlot from "uplot";

/** A layer over the chart that shows one line brighter, without drawing the others again. */
export function lamp(element: HTMLElement) {
  const canvas = document.createElement("canvas");
  canvas.className = "lamp";
  let shown: number | null = null;
  const clear = () => {
    if (shown === null) return;
    shown = null;
    canvas.getContext("2d")?.clearRect(0, 0, canvas.width, canvas.height);
  };
  const show = (u: uPlot, n: number | null, colour: string) => {
    if (n === shown && canvas.parentElement) return;
    clear();
    if (n === null) return;
    const ratio = devicePixelRatio;
    const [width, height] = [u.over.clientWidth, u.over.clientHeight];
    if (canvas.parentElement !== u.over) u.over.append(canvas);
    if (canvas.width !== width * ratio || canvas.height !== height * ratio) [canvas.width, canvas.height] = [width * ratio, height * ratio];
    const pen = canvas.getContext("2d")!;
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.lineWidth = 2;
    pen.strokeStyle = colour;
    pen.beginPath();
    let begun = false;
    const [xs, ys] = [u.data[0], u.data[n] as (number | null)[]];
    for (let i = 0; i < xs.length; i++) {
      const y = ys[i];
      if (y === null || y === undefined) continue;
      const [left, top] = [u.valToPos(xs[i]!, "x"), u.valToPos(y, "y")];
      if (begun) pen.lineTo(left, top);
      else pen.moveTo(left, top);
      begun = true;
    }
    pen.stroke();
    shown = n;
  };
  element.addEventListener("pointerleave", clear);
  return { clear, show };
}
