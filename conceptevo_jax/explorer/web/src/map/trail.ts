/** A neuron's way over the map: coloured by time, with epochs at its bends. */

import { epochTick } from "../data/epochs";
import type { NeuronRef, Run } from "../data/run";
import { svg } from "../dom";
import { type Box, boxAround, isFree } from "./boxes";
import type { Panel } from "./panel";

/** Plasma without its palest end (matplotlib, CC0): on its halo it is seen on any ground. */
const RAMP = [
  "#0d0887", "#350498", "#5302a3", "#6f00a8", "#8b0aa5", "#a31e9a", "#b83289", "#cc4778",
  "#db5c68", "#e97158", "#f48849", "#fba238",
];

/** Side of a patch at a bend, in pixels. */
export const PATCH = 20;
const GAP = 7;
const WORD = 6.2;
const WORDS = 14;

interface Stop {
  snapshot: number;
  x: number;
  y: number;
}

/** A stop that is named, and where its patch goes. */
export interface Bend {
  run: Run;
  neuron: number;
  snapshot: number;
  at: [number, number];
}

function colourAt(run: Run, snapshot: number): string {
  const share = snapshot / Math.max(1, run.snapshots - 1);
  return RAMP[Math.round(share * (RAMP.length - 1))];
}

/** Whether a snapshot lies within the first epoch: many do, and little changes. */
function isEarly(run: Run, snapshot: number): boolean {
  return typeof run.meta.epochs[snapshot] === "string";
}

/** Draws where a neuron was in every snapshot; the stops that there was room to name. */
export function drawTrail(
  panel: Panel,
  { run, neuron }: NeuronRef,
  at: number,
  { patches, taken }: { patches: boolean; taken: Box[] },
): Bend[] {
  const now = run.at(at);
  const stops: Stop[] = [];
  for (let snapshot = 0; snapshot < run.snapshots; snapshot++) {
    if (!run.placed(snapshot, neuron)) continue;
    const [x, y] = panel.toScreen(run.x(snapshot, neuron), run.y(snapshot, neuron));
    stops.push({ snapshot, x, y });
  }
  const points = (part: Stop[]) => part.map(({ x, y }) => `${x},${y}`).join(" ");
  const past = stops.filter(({ snapshot }) => snapshot <= now);
  panel.overlay.append(
    svg("polyline", { class: "mark halo future", points: points(stops.slice(Math.max(0, past.length - 1))) }),
    svg("polyline", { class: "mark halo", points: points(past) }),
  );
  stops.slice(1).forEach((stop, i) => drawStep(panel, run, stops[i], stop, now));
  for (const { snapshot, x, y } of stops) {
    const kind = snapshot <= now ? "past" : "future";
    const r = isEarly(run, snapshot) ? 1.8 : 2.8;
    panel.overlay.append(
      svg("circle", { class: `mark step ${kind}`, cx: x, cy: y, r, fill: colourAt(run, snapshot) }),
    );
  }
  drawHead(panel, run, stops);
  return nameStops(panel, { run, neuron }, stops, now, { patches, taken: [...taken] });
}

function drawStep(panel: Panel, run: Run, from: Stop, to: Stop, now: number): void {
  const kind = to.snapshot <= now ? "past" : "future";
  const early = isEarly(run, to.snapshot) ? " early" : "";
  panel.overlay.append(
    svg("line", {
      class: `mark trail ${kind}${early}`,
      x1: from.x,
      y1: from.y,
      x2: to.x,
      y2: to.y,
      stroke: colourAt(run, to.snapshot),
    }),
  );
}

/** An arrow head at the end, in the direction of the last movement that is seen. */
function drawHead(panel: Panel, run: Run, stops: Stop[]): void {
  const end = stops.at(-1);
  const before = end && stops.findLast(({ x, y }) => Math.hypot(end.x - x, end.y - y) > 3);
  if (end === undefined || before === undefined) return;
  const angle = Math.atan2(end.y - before.y, end.x - before.x);
  const corner = (turn: number, reach: number) =>
    `${end.x + reach * Math.cos(angle + turn)},${end.y + reach * Math.sin(angle + turn)}`;
  const points = [corner(0, 8), corner(2.4, 8), corner(-2.4, 8)].join(" ");
  panel.overlay.append(svg("polygon", { class: "mark head", points, fill: colourAt(run, end.snapshot) }));
}

/** How sharply the way turns at a stop, and how far it goes there. */
function bend(stops: Stop[], i: number): number {
  const [before, here, after] = [stops[i - 1], stops[i], stops[i + 1]];
  if (before === undefined || after === undefined) return Infinity;
  const direct = Math.hypot(after.x - before.x, after.y - before.y);
  return Math.hypot(here.x - before.x, here.y - before.y) + Math.hypot(after.x - here.x, after.y - here.y) - direct;
}

/** Boxes beside a stop, the wanted first: to its right, left, below and above, then farther away. */
function boxesBeside({ x, y }: Stop, wide: number, high: number): Box[] {
  return [GAP, 3 * GAP].flatMap((gap) => [
    boxAround(x + gap + wide / 2, y, wide, high),
    boxAround(x - gap - wide / 2, y, wide, high),
    boxAround(x, y + gap + high / 2, wide, high),
    boxAround(x, y - gap - high / 2, wide, high),
  ]);
}

/** Names this snapshot, the ends and the sharpest bends, as far as none covers another. */
function nameStops(
  panel: Panel,
  { run, neuron }: NeuronRef,
  stops: Stop[],
  now: number,
  { patches, taken }: { patches: boolean; taken: Box[] },
): Bend[] {
  const { width, height } = panel.size;
  const isInside = (box: Box) => box.left >= 0 && box.top >= 0 && box.right <= width && box.bottom <= height;
  const rank = stops.map((stop, i) => ({ stop, sharp: stop.snapshot === now ? Infinity : bend(stops, i) }));
  rank.sort((a, b) => (a.sharp === b.sharp ? 0 : b.sharp - a.sharp));
  const named: Bend[] = [];
  for (const { stop } of rank) {
    const { snapshot } = stop;
    const words = epochTick(run.meta.epochs[snapshot]);
    const side = patches && !run.dead(snapshot, neuron) ? PATCH + 3 : 0;
    const size = [side + WORD * words.length + 2, Math.max(WORDS, side)] as const;
    const box = boxesBeside(stop, ...size).find((candidate) => isInside(candidate) && isFree(candidate, taken));
    if (box === undefined) continue;
    taken.push(box);
    const middle = (box.top + box.bottom) / 2;
    const label = svg("text", { class: "mark epoch", x: box.left + side, y: middle + 4, fill: colourAt(run, snapshot) });
    label.textContent = words;
    panel.overlay.append(label);
    if (side > 0) named.push({ run, neuron, snapshot, at: [box.left + PATCH / 2, middle] });
  }
  return named;
}
