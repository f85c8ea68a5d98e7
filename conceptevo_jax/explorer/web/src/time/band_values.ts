/** Beside the bands: how many neurons hold each concept at one time. */

import { countedRun } from "../curves";
import { conceptCounts } from "../concepts";
import { conceptColour } from "../colour";
import { h, swatch } from "../dom";
import type { State } from "../state";
import type { Model } from "../data/model";

/** Concepts that there is room for. */
const LISTED = 8;

/** The counts at a time, in the order of the bands; empty where no run's concepts are counted. */
export function bandValues(model: Model, state: State, time: number): HTMLElement[] {
  const run = state.metric === "concepts" ? countedRun(model, state) : undefined;
  if (run === undefined) return [];
  const snapshot = run.at(time);
  const counts = conceptCounts(run, snapshot);
  const rows = run.scene.groups.map(({ name }, concept) => {
    const row = h("li", { title: `${counts[concept]} neurons hold ${name}` }, swatch(conceptColour(concept)), `${counts[concept]} ${name}`);
    return { row, count: counts[concept], concept };
  });
  const most = [...rows].sort((a, b) => b.count - a.count).slice(0, LISTED);
  const shown = most.sort((a, b) => b.concept - a.concept).map(({ row }) => row);
  return [h("p", null, run.label(snapshot)), h("ul", null, shown)];
}
