/** How many neurons hold each concept of the base, and how healthy runs are. */

import type { Model, Run } from "./data/model";

/** Live neurons of each concept in a snapshot, in the order of the scene's concepts. */
export function conceptCounts(run: Run, snapshot: number): number[] {
  const counts = run.scene.groups.map(() => 0);
  for (let neuron = 0; neuron < run.neurons; neuron++) {
    const group = run.dead(snapshot, neuron) ? null : run.group(snapshot, neuron);
    if (group !== null && group < counts.length) counts[group] += 1;
  }
  return counts;
}

/** Live neurons that hold a concept in a snapshot. */
export function holders(run: Run, snapshot: number, concept: number): Set<number> {
  const members = new Set<number>();
  for (let neuron = 0; neuron < run.neurons; neuron++) {
    if (!run.dead(snapshot, neuron) && run.group(snapshot, neuron) === concept) members.add(neuron);
  }
  return members;
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
