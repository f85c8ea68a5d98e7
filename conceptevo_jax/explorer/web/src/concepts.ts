/** How many neurons hold each concept of the base, where on the map it lies, and how healthy runs are. */

import type { Model } from "./data/model";
import type { Run } from "./data/run";

const counted = new WeakMap<Run, number[][]>();

/** Live neurons of each concept in a snapshot, in the order of the scene's concepts. */
export function conceptCounts(run: Run, snapshot: number): number[] {
  const known = counted.get(run) ?? [];
  counted.set(run, known);
  if (known[snapshot] === undefined) {
    const counts = run.scene.groups.map(() => 0);
    for (let neuron = 0; neuron < run.neurons; neuron++) {
      const group = run.dead(snapshot, neuron) ? null : run.group(snapshot, neuron);
      if (group !== null && group < counts.length) counts[group] += 1;
    }
    known[snapshot] = counts;
  }
  return known[snapshot];
}

/** Live neurons that hold a concept in a snapshot. */
export function holders(run: Run, snapshot: number, concept: number): Set<number> {
  const members = new Set<number>();
  for (let neuron = 0; neuron < run.neurons; neuron++) {
    if (!run.dead(snapshot, neuron) && run.group(snapshot, neuron) === concept) members.add(neuron);
  }
  return members;
}

export function baseOf(model: Model, scene: number): Run | undefined {
  return model.runs.find((run) => run.meta.scene === scene && run.meta.is_base);
}

/** Runs whose neurons are counted: the base lies below the others, and counts by itself. */
export function countedRuns(runs: Run[]): Run[] {
  const trained = runs.filter((run) => !run.meta.is_base);
  return trained.length > 0 ? trained : runs;
}

/** Where each concept lies: the median place of the base's neurons that hold it. */
export function conceptCentres(base: Run): ([number, number] | null)[] {
  const snapshot = base.snapshots - 1;
  const members = base.scene.groups.map((): number[] => []);
  for (let neuron = 0; neuron < base.neurons; neuron++) {
    const group = base.group(snapshot, neuron);
    if (group !== null && base.placed(snapshot, neuron)) members[group]?.push(neuron);
  }
  return members.map((neurons) =>
    neurons.length === 0
      ? null
      : [
          median(neurons.map((neuron) => base.x(snapshot, neuron))),
          median(neurons.map((neuron) => base.y(snapshot, neuron))),
        ],
  );
}

function median(values: number[]): number {
  const sorted = values.sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

export function deadShare(run: Run, snapshot: number): number {
  let dead = 0;
  for (let neuron = 0; neuron < run.neurons; neuron++) if (run.dead(snapshot, neuron)) dead += 1;
  return dead / Math.max(1, run.neurons);
}

/** Whether most responses of a run are no longer finite. */
export function isDiverged(run: Run, snapshot: number): boolean {
  let count = 0;
  for (let neuron = 0; neuron < run.neurons; neuron++) if (run.nonfinite(snapshot, neuron)) count += 1;
  return 2 * count > run.neurons;
}

/** Last test accuracy times the share of live neurons at the end; without one, that share. */
function health(run: Run): number {
  const accuracy = (run.meta.table.test_top1 ?? []).findLast((value) => value !== null) ?? 1;
  return accuracy * (1 - deadShare(run, run.snapshots - 1));
}

/** The healthiest and the worst run beside the base; fewer where there are fewer runs. */
export function contrastingRuns(model: Model): Run[] {
  const runs = model.runs.filter((run) => !run.meta.is_base);
  const ranked = runs.map((run) => ({ run, health: health(run) })).sort((a, b) => b.health - a.health);
  return ranked.length < 2 ? runs : [ranked[0].run, ranked.at(-1)!.run];
}
