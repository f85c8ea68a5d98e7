/** How much the evolutions of a run's neurons matter for each class. */

import type { Chunk } from "./format";
import type { Evolution } from "./meta";

/** A quantised importance that was not measured, and the largest of those that were. */
const NOT_MEASURED = 65535;
const LARGEST = 65534;

/** Importance of an evolution along which a class's logit rises and falls alike. */
const NO_EFFECT = 0.5;

/** Importances of a run: for every evolution, class and neuron that was measured. */
export class Importances {
  private readonly values: Uint16Array | null;
  private readonly ranks: Uint32Array | Uint16Array | null;
  private readonly classes: number;

  constructor(
    chunk: Chunk,
    run: number,
    private readonly evolutions: Evolution[],
    private readonly neurons: number,
  ) {
    const count = evolutions.length;
    this.classes = count ? evolutions[0].classes.length : 0;
    this.values = count ? chunk.array(`${run}.importance`, [count, this.classes, 3, neurons]) : null;
    this.ranks = count ? chunk.array(`${run}.rank`, [count, this.classes, neurons]) : null;
  }

  /** The row of an evolution's class among all; -1 where it was not measured. */
  private row(evolution: number, label: number): number {
    const position = this.evolutions[evolution]?.classes.indexOf(label) ?? -1;
    return position < 0 ? -1 : evolution * this.classes + position;
  }

  /** Importance with its 95 % interval; null where it was not measured. */
  interval(evolution: number, label: number, neuron: number): [number, number, number] | null {
    const row = this.row(evolution, label);
    if (this.values === null || row < 0) return null;
    const start = row * 3 * this.neurons + neuron;
    const values = [0, 1, 2].map((i) => this.values![start + i * this.neurons]);
    if (values[0] === NOT_MEASURED) return null;
    return values.map((value) => value / LARGEST) as [number, number, number];
  }

  /** The most important neurons of an evolution for a class; none where not measured. */
  ranking(evolution: number, label: number, count: number): number[] {
    const row = this.row(evolution, label);
    if (this.ranks === null || row < 0) return [];
    const ranked: number[] = [];
    for (let neuron = 0; neuron < this.neurons; neuron++) {
      const rank = this.ranks[row * this.neurons + neuron];
      if (rank < count) ranked[rank] = neuron;
    }
    return ranked.filter((neuron) => neuron !== undefined);
  }

  /** Neurons whose importance for a class is nearest to that of no effect. */
  unimportant(evolution: number, label: number, count: number): number[] {
    const measured = Array.from({ length: this.neurons }, (_, neuron) => ({
      neuron,
      importance: this.interval(evolution, label, neuron)?.[0] ?? Infinity,
    })).filter(({ importance }) => importance !== Infinity);
    const apart = ({ importance }: { importance: number }) => Math.abs(importance - NO_EFFECT);
    return measured.sort((a, b) => apart(a) - apart(b)).slice(0, count).map(({ neuron }) => neuron);
  }
}
