/** Movements of all runs on one scale: few are large, so they go by rank. */

import type { Model } from "./data/model";

/** Of what shares of all movements the legend names the largest. */
const SHARES = [0, 0.25, 0.5, 0.75, 1];

export interface MovementScale {
  /** How far up among all movements one of a size is, from 0 to 1. */
  rank(moved: number): number;
  quantiles: number[];
}

const scales = new WeakMap<Model, MovementScale>();

/** The scale of all neurons of all runs in all snapshots. */
export function movementScale(model: Model): MovementScale {
  const known = scales.get(model) ?? newScale(model);
  scales.set(model, known);
  return known;
}

function newScale(model: Model): MovementScale {
  const moves = model.runs.map((run) => run.moves.filter((moved) => !Number.isNaN(moved)));
  const sorted = new Float32Array(moves.reduce((sum, { length }) => sum + length, 0));
  let end = 0;
  for (const part of moves) {
    sorted.set(part, end);
    end += part.length;
  }
  sorted.sort();
  /** How many are before the first for which it holds. */
  const count = (holds: (moved: number) => boolean) => {
    let [low, high] = [0, sorted.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (holds(sorted[middle])) high = middle;
      else low = middle + 1;
    }
    return low;
  };
  return {
    // Equal ones have the rank of their middle.
    rank: (moved) => (count((value) => value >= moved) + count((value) => value > moved)) / 2 / sorted.length,
    quantiles: SHARES.map((share) => sorted[Math.round(share * (sorted.length - 1))] ?? 0),
  };
}
