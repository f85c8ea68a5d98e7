/** Chosen neurons: a region, a layer, a concept, or a group of a study. */

import { holders } from "./concepts";
import type { Given, Model } from "./data/model";
import type { Run, Shot } from "./data/run";
import type { Change } from "./state";

/** Chosen neurons, and how they were: a region can be told in an address. */
export interface Selection {
  members: Map<Run, Set<number>>;
  description: string;
  region: { polygon: [number, number][]; at: number; scene: number } | null;
  /** `run/site`, where it is a whole site. */
  site: string | null;
  /** The concept of which it is all holders in some runs at a time. */
  concept?: { runs: Run[]; number: number; at: number };
  /** The group of a study that it is; its neurons are seen in snapshots of their own. */
  given?: Given;
}

/** All neurons of a site. */
export function ofSite(run: Run, site: number): Selection {
  const [start, stop] = run.siteRange(site);
  const neurons = new Set(Array.from({ length: stop - start }, (_, i) => start + i));
  const { name: layer } = run.meta.sites[site];
  const name = `${run.name}/${layer}`;
  return { members: new Map([[run, neurons]]), description: `neurons of ${run.title}, ${layer}`, region: null, site: name };
}

/** The live neurons of some runs of a scene that hold a concept at a time. */
export function ofConcept(runs: Run[], number: number, at: number): Selection {
  const [run] = runs;
  const members = new Map(runs.map((holder) => [holder, holders(holder, holder.at(at), number)]));
  const { name } = run.scene.groups[number];
  const isSingle = runs.length === 1;
  const when = isSingle ? run.label(run.at(at)) : run.model.stopLabel(at);
  const description = `neurons${isSingle ? ` of ${run.title}` : ""} that hold ${name} at ${when}`;
  return { members, description, region: null, site: null, concept: { runs, number, at } };
}

/** The neurons of a group, at the time at which most are seen in their own snapshots. */
export function ofGiven(model: Model, given: Given): Change {
  const members = new Map<Run, Set<number>>();
  for (const { run, neuron } of given.shots) {
    members.set(run, (members.get(run) ?? new Set()).add(neuron));
  }
  const shotsAt = (at: number) => given.shots.filter(({ run, snapshot }) => run.at(at) === snapshot).length;
  const at = model.stops.reduce((best, stop) => (shotsAt(stop) >= shotsAt(best) ? stop : best));
  const description = `neurons of the study group ${given.name}${given.missing ? ` (${given.missing} not in this page)` : ""}`;
  return { selection: { members, description, region: null, site: null, given }, tab: "selection", at };
}

/** The selected neurons in the snapshots that are looked at. */
export function shotsOf(selection: Selection, at: number): Shot[] {
  if (selection.given !== undefined) return selection.given.shots;
  return [...selection.members].flatMap(([run, neurons]) =>
    [...neurons].sort((a, b) => a - b).map((neuron) => ({ run, neuron, snapshot: run.at(at) })),
  );
}

/** Live neurons nearest to the centroid of all on the map first; the dead are last. */
export function byNearness(shots: Shot[]): Shot[] {
  const isShown = ({ run, neuron, snapshot }: Shot) => run.placed(snapshot, neuron) && !run.dead(snapshot, neuron);
  const place = ({ run, neuron, snapshot }: Shot) => [run.x(snapshot, neuron), run.y(snapshot, neuron)];
  const places = shots.filter(isShown).map(place);
  if (places.length === 0) return shots;
  const centre = [0, 1].map((axis) => places.reduce((sum, at) => sum + at[axis], 0) / places.length);
  const apart = (shot: Shot) => {
    if (!isShown(shot)) return Infinity;
    const [x, y] = place(shot);
    return Math.hypot(x - centre[0], y - centre[1]);
  };
  const ranked = shots.map((shot) => ({ shot, apart: apart(shot) }));
  return ranked.sort((a, b) => (a.apart === b.apart ? 0 : a.apart - b.apart)).map(({ shot }) => shot);
}

/** The same selection among the runs of another model, by their names; of some the address tells. */
export function carry(selection: Selection | null, model: Model): Change {
  if (selection === null || selection.region !== null || selection.concept !== undefined) return {};
  const members = new Map<Run, Set<number>>();
  for (const [run, neurons] of selection.members) {
    const heir = model.run(run.name);
    if (heir !== undefined && heir.neurons === run.neurons) members.set(heir, neurons);
  }
  return { selection: { ...selection, members } };
}

/** The neurons that lie in a region at a time. */
export function inside(model: Model, runs: Run[], polygon: [number, number][], at: number, scene: number): Selection {
  const members = new Map<Run, Set<number>>();
  const [xs, ys] = [polygon.map((p) => p[0]), polygon.map((p) => p[1])];
  const box = [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
  for (const run of runs) {
    const snapshot = run.at(at);
    const inRegion = new Set<number>();
    for (let neuron = 0; neuron < run.neurons; neuron++) {
      const held = run.places.held(snapshot, neuron);
      if (held < 0) continue;
      const x = run.x(held, neuron);
      const y = run.y(held, neuron);
      if (x < box[0] || y < box[1] || x > box[2] || y > box[3]) continue;
      if (contains(polygon, x, y)) inRegion.add(neuron);
    }
    if (inRegion.size > 0) members.set(run, inRegion);
  }
  const description = `neurons in the region at ${model.stopLabel(at)}`;
  return { members, description, region: { polygon, at, scene }, site: null };
}

/** Whether a neuron has a place within a region. */
export function liesIn(polygon: [number, number][], { run, neuron, snapshot }: Shot): boolean {
  return run.placed(snapshot, neuron) && contains(polygon, run.x(snapshot, neuron), run.y(snapshot, neuron));
}

function contains(polygon: [number, number][], x: number, y: number): boolean {
  let odd = false;
  for (let i = 0, j = polygon.length - 1; i < polygon.length; j = i++) {
    const [xi, yi] = polygon[i];
    const [xj, yj] = polygon[j];
    if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) odd = !odd;
  }
  return odd;
}
