/** What lies over the points: the chosen neuron, its way, the region selected, and patches. */

import type { NeuronRef } from "../data/run";
import { svg } from "../dom";
import { paintPatch } from "../patches";
import type { State } from "../state";
import type { Box } from "./boxes";
import type { Panel } from "./panel";
import { type Bend, drawTrail, PATCH } from "./trail";

/** Enlargement from which on patches are drawn in place of points, and so many at most. */
export const PATCHES_FROM = 6;
const MOST_PATCHES = 150;

/** Draws all marks of a map; the stops of the chosen neuron's way that are named. */
export function drawMarks(
  panel: Panel,
  scene: number,
  state: State,
  { hovered, taken }: { hovered: NeuronRef | null; taken: Box[] },
): Bend[] {
  for (const old of panel.overlay.querySelectorAll(".mark")) old.remove();
  const { neuron, selection } = state;
  const region = selection?.region;
  if (region && region.scene === scene) {
    const corners = region.polygon.map((p) => panel.toScreen(...p).join()).join(" ");
    // The neurons within it go elsewhere; it stays, as where they were.
    const kind = region.at === state.at ? "now" : "before";
    panel.overlay.append(svg("polygon", { class: `mark region ${kind}`, points: corners }));
  }
  let bends: Bend[] = [];
  if (neuron !== null && panel.placeOf(neuron) !== null) {
    bends = drawTrail(panel, neuron, state.at, { patches: neuron.run.scene.images !== null, taken });
    ring(panel, neuron, "chosen", 9);
  }
  if (selection?.given?.intruder) ring(panel, selection.given.intruder, "intruder", 7);
  if (hovered !== null) ring(panel, hovered, "hovered", 7);
  return bends;
}

function ring(panel: Panel, neuron: NeuronRef, kind: string, r: number): void {
  const place = panel.placeOf(neuron);
  if (place === null) return;
  const [cx, cy] = panel.toScreen(...place);
  panel.overlay.append(svg("circle", { class: `mark ring ${kind}`, cx, cy, r }));
}

/** Paints patches: at a way's bends, and from some enlargement on in place of points. */
export function drawPatches(
  panel: Panel,
  context: CanvasRenderingContext2D,
  { at, enlarged, bends, onLoad }: { at: number; enlarged: number; bends: Bend[]; onLoad: () => void },
): number {
  let painted = 0;
  const paint = (run: Bend["run"], snapshot: number, neuron: number, place: [number, number], size: number, colour: string) => {
    if (!paintPatch(context, run, snapshot, neuron, place, size, onLoad)) return;
    painted += 1;
    context.lineWidth = 1.5;
    context.strokeStyle = colour;
    context.strokeRect(place[0] - size / 2, place[1] - size / 2, size, size);
  };
  if (enlarged >= PATCHES_FROM) {
    const size = Math.min(48, 24 * Math.sqrt(enlarged / PATCHES_FROM));
    // The nearest to the middle is painted last, over the others.
    for (const { neuron: { run, neuron }, x, y, colour } of panel.inSight(MOST_PATCHES).reverse()) {
      paint(run, run.at(at), neuron, [x, y], size, colour);
    }
  }
  for (const { run, snapshot, neuron, at: place } of bends) paint(run, snapshot, neuron, place, PATCH, "#ffffff");
  return painted;
}

/** Paints patches on a map's canvas, in the screen's pixels. */
export function showPatches(panel: Panel, drawing: Parameters<typeof drawPatches>[2]): void {
  const { patches, size } = panel;
  const scale = window.devicePixelRatio || 1;
  const [width, height] = [Math.round(size.width * scale), Math.round(size.height * scale)];
  if (patches.width !== width) patches.width = width;
  if (patches.height !== height) patches.height = height;
  const context = patches.getContext("2d")!;
  context.setTransform(scale, 0, 0, scale, 0, 0);
  context.clearRect(0, 0, size.width, size.height);
  patches.dataset.painted = String(drawPatches(panel, context, drawing));
}

const STYLES = [
  ...["fill", "stroke", "stroke-width", "stroke-dasharray", "stroke-linecap", "opacity"],
  ...["font-size", "font-family", "font-weight", "paint-order"],
];

/** The marks by themselves, as they are drawn. */
export async function marksAsImage(panel: Panel, scale: number): Promise<HTMLImageElement> {
  const copy = panel.overlay.cloneNode(true) as SVGSVGElement;
  const { width, height } = panel.size;
  copy.setAttribute("width", String(width * scale));
  copy.setAttribute("height", String(height * scale));
  copy.setAttribute("viewBox", `0 0 ${width} ${height}`);
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
