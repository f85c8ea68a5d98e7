/** The points of a map: which neurons of some runs they are, where, and of which colour. */

import type { Colouring } from "../colour";
import type { NeuronRef, Run } from "../data/run";
import type { Selection } from "../selection";

function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b);
}

interface Shown {
  run: Run;
  start: number;
  neurons: Int32Array;
}

export class Points {
  /**
   * In the order of runs and neurons, last those of the base where it is a backdrop alone;
   * drawn in another, so that no run hides all others and the base hides none.
   */
  private points: number[][] = [];
  mixed: number[][] = [];
  private slots = new Uint32Array(0);
  private shown: Shown[] = [];
  private backdrop: Shown | null = null;
  /** Greater colours are of points that are left out. */
  private faint = Infinity;

  /** With those of a backdrop. */
  get total(): number {
    return this.points.length;
  }

  /** Neurons that can be chosen: those of a backdrop cannot. */
  get count(): number {
    return this.backdrop?.start ?? this.points.length;
  }

  /** A row per neuron that has a place at any time. */
  arrange(runs: Run[], base: Run | null): void {
    const same = runs.length === this.shown.length && runs.every((run, i) => run === this.shown[i].run);
    if (same && base === (this.backdrop?.run ?? null)) return;
    let start = 0;
    const placed = (run: Run): Shown => {
      const neurons: number[] = [];
      for (let neuron = 0; neuron < run.neurons; neuron++) {
        if (run.places.held(run.snapshots - 1, neuron) >= 0) neurons.push(neuron);
      }
      start += neurons.length;
      return { run, start: start - neurons.length, neurons: Int32Array.from(neurons) };
    };
    this.shown = runs.map(placed);
    this.backdrop = base === null ? null : placed(base);
    this.points = Array.from({ length: start }, () => [0, 0, 0]);
    this.mix();
  }

  /** Whether a run is drawn in grey below the others. */
  private isBelow(run: Run): boolean {
    return run.meta.is_base && this.shown.some((shown) => !shown.run.meta.is_base);
  }

  /** The same points in steps that meet each once, the base first. */
  private mix(): void {
    const lower: number[] = [];
    const upper: number[] = [];
    for (const { run, start, neurons } of [...this.shown, ...(this.backdrop ? [this.backdrop] : [])]) {
      const layer = this.isBelow(run) ? lower : upper;
      for (let i = 0; i < neurons.length; i++) layer.push(start + i);
    }
    const n = upper.length;
    let step = Math.max(1, Math.round(n * 0.618));
    while (gcd(step, n) > 1) step += 1;
    this.slots = new Uint32Array(this.points.length);
    this.mixed = Array.from(this.slots, (_, slot) => {
      const place = slot - lower.length;
      const point = place < 0 ? lower[slot] : upper[(place * step) % n];
      this.slots[point] = slot;
      return this.points[point];
    });
  }

  fill(at: number, colours: Colouring): void {
    const count = colours.palette.length;
    this.faint = 2 * count;
    const paler = colours.pales ? count : 0;
    for (const { run, start, neurons } of [...this.shown, ...(this.backdrop ? [this.backdrop] : [])]) {
      const snapshot = run.at(at);
      const below = this.isBelow(run);
      for (let i = 0; i < neurons.length; i++) {
        const neuron = neurons[i];
        const held = run.places.held(snapshot, neuron);
        const quiet = held !== snapshot || run.dead(snapshot, neuron);
        const point = this.points[start + i];
        point[0] = run.x(held, neuron);
        point[1] = run.y(held, neuron);
        const value = below ? null : colours.of(run, snapshot, neuron);
        point[2] = below ? 2 * count : value === null ? 2 * count + 1 : value + (quiet ? paler : 0);
      }
    }
  }

  /** Where the selected are among what is drawn. */
  members(selection: Selection | null): number[] {
    const slots: number[] = [];
    if (selection === null) return slots;
    for (const { run, start, neurons } of this.shown) {
      const members = selection.members.get(run);
      if (members === undefined) continue;
      for (let i = 0; i < neurons.length; i++) if (members.has(neurons[i])) slots.push(this.slots[start + i]);
    }
    return slots;
  }

  /** The nearest neuron within some distance of a place. */
  nearest(x: number, y: number, reach: number): NeuronRef | null {
    let best = reach * reach;
    let nearest = -1;
    for (let i = 0; i < this.count; i++) {
      if (this.isFaint(i)) continue;
      const dx = this.points[i][0] - x;
      const dy = this.points[i][1] - y;
      const apart = dx * dx + dy * dy;
      if (apart <= best) {
        best = apart;
        nearest = i;
      }
    }
    return nearest < 0 ? null : this.neuronAt(nearest);
  }

  /** The nearest neuron in a direction, for walking with the arrow keys. */
  towards(from: NeuronRef | null, dx: number, dy: number): NeuronRef | null {
    const start = from === null ? null : this.placeOf(from);
    if (start === null) return null;
    let best = Infinity;
    let nearest = -1;
    for (let i = 0; i < this.count; i++) {
      if (this.isFaint(i)) continue;
      const x = this.points[i][0] - start[0];
      const y = this.points[i][1] - start[1];
      const along = x * dx + y * dy;
      const aside = Math.abs(x * dy - y * dx);
      if (along <= 1e-6 || aside > along) continue;
      const apart = along + 2 * aside;
      if (apart < best) {
        best = apart;
        nearest = i;
      }
    }
    return nearest < 0 ? null : this.neuronAt(nearest);
  }

  /** Whether a point is left out, while others are isolated. */
  private isFaint(point: number): boolean {
    return this.points[point][2] > this.faint;
  }

  /** Neurons in a part of the map, the nearest to its middle first. */
  within(
    left: number,
    bottom: number,
    right: number,
    top: number,
    most: number,
  ): { neuron: NeuronRef; place: [number, number]; value: number }[] {
    const [middleX, middleY] = [(left + right) / 2, (bottom + top) / 2];
    const near: { point: number; apart: number }[] = [];
    for (let point = 0; point < this.count; point++) {
      const [x, y] = this.points[point];
      if (x < left || x > right || y < bottom || y > top || this.isFaint(point)) continue;
      near.push({ point, apart: (x - middleX) ** 2 + (y - middleY) ** 2 });
    }
    near.sort((a, b) => a.apart - b.apart);
    return near.slice(0, most).map(({ point }) => {
      const [x, y, value] = this.points[point];
      return { neuron: this.neuronAt(point)!, place: [x, y], value };
    });
  }

  private neuronAt(point: number): NeuronRef | null {
    const shown = this.shown.findLast(({ start }) => start <= point);
    return shown === undefined ? null : { run: shown.run, neuron: shown.neurons[point - shown.start] };
  }

  /** Where a neuron is drawn, in the map's coordinates. */
  placeOf({ run, neuron }: NeuronRef): [number, number] | null {
    const shown = this.shown.find((candidate) => candidate.run === run);
    if (shown === undefined) return null;
    // Its neurons ascend.
    let low = 0;
    let high = shown.neurons.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (shown.neurons[middle] < neuron) low = middle + 1;
      else high = middle;
    }
    if (shown.neurons[low] !== neuron) return null;
    const point = this.points[shown.start + low];
    return [point[0], point[1]];
  }
}
