/** How many maps, and of which runs: side by side, or runs by epochs. */

import { contrastingRuns } from "./concepts";
import type { Model } from "./data/model";
import { pinnable, pinned, pinnedEpoch, subject } from "./panels";
import type { State } from "./state";

/** The number of maps that stands for a row of epochs per run. */
export const GRID = "grid";
const ROWS = 3;

/** Parts of the training at whose ends a grid shows the runs: concepts form early. */
const TIMES = [0, 1 / 12, 1 / 4, 7 / 12, 1];

export function isGrid(state: State): boolean {
  return state.panels.length > 1 && state.panels.every((panel) => pinnedEpoch(panel) !== null);
}

/** So many maps; new ones show a run each, in turn. */
export function someMaps(model: Model, state: State, count: number): string[] {
  const panels = isGrid(state) ? [...new Set(state.panels.map(subject))] : state.panels;
  const kept = panels.slice(0, count);
  const trained = model.runs.filter((run) => !run.meta.is_base && !state.hidden.has(run.name)).map((run) => run.name);
  const fresh = trained.filter((name) => !kept.includes(name));
  while (kept.length < count) kept.push(fresh.shift() ?? "*0");
  return kept;
}

/** A row of maps per run that is shown by itself, each in some of its epochs. */
export function gridOf(model: Model, state: State): string[] {
  const shown = [...new Set(state.panels.map(subject))].filter((name) => !name.startsWith("*"));
  const names = shown.length > 0 ? shown : contrastingRuns(model).map((run) => run.name);
  const end = model.stops.at(-1)!;
  const panels = names.slice(0, ROWS).flatMap((name) => {
    const epochs = [...pinnable(model, name)];
    // A column is one time in every row; a run that ended before stays at its end.
    return TIMES.map((share) => model.nearestStop(share * end)).map((at) => {
      const [epoch] = epochs.findLast(([, time]) => time <= at + 1e-6) ?? epochs[0];
      return pinned(name, epoch);
    });
  });
  return panels.length > 0 ? panels : state.panels;
}
