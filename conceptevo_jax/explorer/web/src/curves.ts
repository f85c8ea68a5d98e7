/** Curves that the strip shows: measures of runs, neurons per concept, and a selection's. */

import { conceptColour, runColour } from "./colour";
import { conceptCounts } from "./concepts";
import type { Model } from "./data/model";
import type { Run, Shot } from "./data/run";
import { shownRuns, subject } from "./panels";
import { liesIn, type Selection } from "./selection";
import type { State } from "./state";

/** What the strip under the slider can show. */
export const METRICS: Record<string, string> = {
  concepts: "neurons per concept",
  selection: "neurons of the selection",
  test_top1: "accuracy, test",
  train_top1: "accuracy, training",
  entropy: "entropy in the space",
  effective_rank: "effective rank",
  movement: "mean movement",
  dead_share: "share of dead neurons",
  coverage: "mean coverage",
};

export interface Curve {
  label: string;
  colour: string;
  dash?: number[];
  /** Values by time; between two of its times a curve is joined. */
  values: Map<number, number | null>;
}

export interface Curves {
  curves: Curve[];
  /** Whether each curve lies on the one before. */
  isStacked: boolean;
  /** Top of the scale, where values have one. */
  top: number | null;
  /** Why there is nothing to see. */
  empty: string;
}

/** Measures that are shares. */
const SHARES = ["test_top1", "train_top1", "dead_share", "coverage"];

/** A measure of a run, by time. */
export function measured(run: Run, metric: string): Map<number, number | null> {
  const { table, measures, progress } = run.meta;
  const [times, values] =
    metric in table ? [table.progress, table[metric]] : [progress, measures[metric] ?? []];
  return new Map(times.map((at, i) => [at, values[i] ?? null]));
}

/** The run whose concepts are counted: the chosen one, that of the first map, or any that is shown. */
export function countedRun(model: Model, state: State): Run | undefined {
  const runs = shownRuns(model, state).filter((run) => !run.meta.is_base);
  const names = [state.counted, ...state.panels.map(subject)];
  return names.map((name) => runs.find((run) => run.name === name)).find((run) => run !== undefined) ?? runs[0];
}

/** Neurons per concept of one run, a band for each. */
function concepts(model: Model, state: State): Curves {
  const run = countedRun(model, state);
  if (run === undefined) return { curves: [], isStacked: true, top: null, empty: "no run is shown" };
  const counts = run.meta.epochs.map((_, t) => conceptCounts(run, t));
  const curves = run.scene.groups.map(({ name }, concept) => ({
    label: name,
    colour: conceptColour(concept),
    values: new Map(run.meta.progress.map((at, t) => [at, counts[t][concept]])),
  }));
  const empty = curves.length > 0 ? "" : "too few live neurons in the base for concepts";
  return { curves, isStacked: true, top: run.neurons, empty };
}

/** Of a run's selected neurons those that live, and those within the region, by time. */
export function selectionCurves(model: Model, selection: Selection): Curve[] {
  return [...selection.members].flatMap(([run, neurons]) => {
    const members = [...neurons];
    const count = (holds: (shot: Shot) => boolean) =>
      new Map(run.meta.progress.map((at, snapshot) => {
        const live = members.filter((neuron) => !run.dead(snapshot, neuron));
        return [at, live.filter((neuron) => holds({ run, neuron, snapshot })).length];
      }));
    const colour = runColour(model, run);
    const curves: Curve[] = [{ label: `${run.title}: live`, colour, dash: [4, 3], values: count(() => true) }];
    const { region, concept } = selection;
    if (region !== null) {
      curves.push({ label: `${run.title}: in the region`, colour, values: count((shot) => liesIn(region.polygon, shot)) });
    } else if (concept !== undefined) {
      const holds = ({ snapshot, neuron }: Shot) => run.group(snapshot, neuron) === concept.number;
      curves.push({ label: `${run.title}: with the concept`, colour, values: count(holds) });
    }
    return run.meta.is_base ? [] : curves;
  });
}

function selected(model: Model, { selection }: State): Curves {
  const curves = selection === null ? [] : selectionCurves(model, selection);
  return { curves, isStacked: false, top: null, empty: curves.length > 0 ? "" : "no neuron of a training is selected" };
}

/** What the strip shows of a state. */
export function curvesOf(model: Model, state: State): Curves {
  if (state.metric === "concepts") return concepts(model, state);
  if (state.metric === "selection") return selected(model, state);
  const runs = shownRuns(model, state).filter((run) => !run.meta.is_base);
  const curves = runs.map((run) => ({
    label: run.title, colour: runColour(model, run), values: measured(run, state.metric),
  }));
  const isKnown = curves.some(({ values }) => [...values.values()].some((value) => value !== null));
  const empty = runs.length === 0 ? "no run is shown" : isKnown ? "" : "not measured for the runs that are shown";
  return { curves, isStacked: false, top: SHARES.includes(state.metric) ? 1 : null, empty };
}
