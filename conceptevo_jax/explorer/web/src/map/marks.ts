/** What lies over the points: the chosen neuron, its way, and the region selected. */

import type { NeuronRef } from "../data/model";
import { svg } from "../dom";
import type { State } from "../state";
import type { Panel } from "./panel";

export function drawMarks(
  panel: Panel,
  scene: number,
  state: State,
  hovered: NeuronRef | null,
): void {
  for (const old of panel.overlay.querySelectorAll(".mark")) old.remove();
  const { neuron, selection } = state;
  const region = selection?.region;
  if (region && region.at === state.at && region.scene === scene) {
    const corners = region.polygon.map((p) => panel.toScreen(...p).join()).join(" ");
    panel.overlay.append(svg("polygon", { class: "mark region", points: corners }));
  }
  if (neuron !== null && panel.placeOf(neuron) !== null) {
    drawTrail(panel, neuron, state.at);
    ring(panel, neuron, "chosen", 9);
  }
  if (selection?.given?.intruder) ring(panel, selection.given.intruder, "intruder", 7);
  if (hovered !== null) ring(panel, hovered, "hovered", 7);
}

function ring(panel: Panel, which: NeuronRef, kind: string, r: number): void {
  const place = panel.placeOf(which);
  if (place === null) return;
  const [cx, cy] = panel.toScreen(...place);
  panel.overlay.append(svg("circle", { class: `mark ring ${kind}`, cx, cy, r }));
}

/** Where the neuron was in every snapshot: solid until now, dotted from now on. */
function drawTrail(panel: Panel, { run, neuron }: NeuronRef, at: number): void {
  const now = run.at(at);
  const past: string[] = [];
  const future: string[] = [];
  for (let t = 0; t < run.snapshots; t++) {
    if (!run.placed(t, neuron)) continue;
    const [x, y] = panel.toScreen(run.x(t, neuron), run.y(t, neuron));
    if (t <= now) past.push(`${x},${y}`);
    if (t >= now) future.push(`${x},${y}`);
    const kind = t <= now ? "past" : "future";
    panel.overlay.append(svg("circle", { class: `mark step ${kind}`, cx: x, cy: y, r: 2.5 }));
  }
  panel.overlay.append(
    svg("polyline", { class: "mark trail past", points: past.join(" ") }),
    svg("polyline", { class: "mark trail future", points: future.join(" ") }),
  );
}

const STYLES = ["fill", "stroke", "stroke-width", "stroke-dasharray"];

/** The marks by themselves, as they are drawn. */
export async function marksAsImage(panel: Panel): Promise<HTMLImageElement> {
  const copy = panel.overlay.cloneNode(true) as SVGSVGElement;
  const { width, height } = panel.size;
  copy.setAttribute("width", String(width));
  copy.setAttribute("height", String(height));
  // Styles of the page do not come along.
  [...panel.overlay.children].forEach((mark, i) => {
    const style = getComputedStyle(mark);
    for (const name of STYLES) copy.children[i].setAttribute(name, style.getPropertyValue(name));
  });
  const image = new Image();
  image.src = `data:image/svg+xml,${encodeURIComponent(new XMLSerializer().serializeToString(copy))}`;
  await image.decode();
  return image;
}
