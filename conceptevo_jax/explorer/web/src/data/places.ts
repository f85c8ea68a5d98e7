/** Where neurons are on the map: quantised in the data, in one scale on the page. */

import type { Chunk } from "./format";

export type Extent = [left: number, bottom: number, right: number, top: number];

/** A quantised place of a neuron that has none, and the largest of those that are places. */
const NOWHERE = 65535;
const LARGEST = 65534;

/** Side of the square that a scene's map fills, of 2 by 2 units. */
const FILLED = 1.86;

/** Share of the places on each side that need not be in sight at first. */
const OUTLIERS = 0.01;

/** Width of a dot in quantised places, on a map of 500 pixels. */
const DOT = 0.006 * LARGEST;

/** From quantised places of a scene to the page's map, whose middle is 0. */
export class MapScale {
  private readonly width: number;
  private readonly height: number;

  constructor(readonly extent: Extent) {
    const [x0, y0, x1, y1] = extent;
    // One scale for both axes, so that shapes are kept.
    const fill = FILLED / (Math.max(x1 - x0, y1 - y0) || 1) / LARGEST;
    this.width = (x1 - x0) * fill;
    this.height = (y1 - y0) * fill;
  }

  x(quantised: number): number {
    return (-this.width * LARGEST) / 2 + this.width * quantised;
  }

  y(quantised: number): number {
    return (-this.height * LARGEST) / 2 + this.height * quantised;
  }
}

/** Places of a run's neurons in all of its snapshots. */
export class Places {
  private readonly points: Uint16Array;

  constructor(
    chunk: Chunk,
    name: string,
    private readonly snapshots: number,
    private readonly neurons: number,
    private readonly scale: MapScale,
  ) {
    this.points = chunk.array(name, [snapshots, neurons, 2]);
  }

  has(snapshot: number, neuron: number): boolean {
    return this.points[2 * (snapshot * this.neurons + neuron)] !== NOWHERE;
  }

  /** The snapshot whose place is shown: this one, else the last before, else the next. */
  held(snapshot: number, neuron: number): number {
    if (this.has(snapshot, neuron)) return snapshot;
    for (let t = snapshot - 1; t >= 0; t--) if (this.has(t, neuron)) return t;
    for (let t = snapshot + 1; t < this.snapshots; t++) if (this.has(t, neuron)) return t;
    return -1;
  }

  x(snapshot: number, neuron: number): number {
    return this.scale.x(this.points[2 * (snapshot * this.neurons + neuron)]);
  }

  y(snapshot: number, neuron: number): number {
    return this.scale.y(this.points[2 * (snapshot * this.neurons + neuron) + 1]);
  }

  /** Coordinates of the map as Python knows them. */
  coordinates(snapshot: number, neuron: number): [number, number] | null {
    if (!this.has(snapshot, neuron)) return null;
    const [x0, y0, x1, y1] = this.scale.extent;
    const start = 2 * (snapshot * this.neurons + neuron);
    return [
      x0 + (this.points[start] / LARGEST) * (x1 - x0),
      y0 + (this.points[start + 1] / LARGEST) * (y1 - y0),
    ];
  }

  /** Counts where neurons ever are, in bins of both axes. */
  count(bins: Uint32Array[]): void {
    const width = NOWHERE / bins[0].length;
    for (let i = 0; i < this.points.length; i += 2) {
      if (this.points[i] === NOWHERE) continue;
      bins[0][Math.floor(this.points[i] / width)] += 1;
      bins[1][Math.floor(this.points[i + 1] / width)] += 1;
    }
  }

  /** Whether each neuron lies where that of another run does, as closely as one dot shows. */
  coincide(snapshot: number, compared: Places, comparedSnapshot: number): boolean {
    if (compared.neurons !== this.neurons) return false;
    const comparedPoints = compared.pointsIn(comparedSnapshot);
    return this.pointsIn(snapshot).every((value, i) => Math.abs(value - comparedPoints[i]) <= DOT);
  }

  private pointsIn(snapshot: number): Uint16Array {
    const size = 2 * this.neurons;
    return this.points.subarray(snapshot * size, (snapshot + 1) * size);
  }
}

/** Where nearly all neurons of some runs of a scene ever are, on the map. */
export function boundsOf(runs: Places[], scale: MapScale): Extent {
  const bins = [new Uint32Array(512), new Uint32Array(512)];
  for (const places of runs) places.count(bins);
  const [x, y] = bins.map((counts) => {
    const total = counts.reduce((a, b) => a + b, 0);
    const width = NOWHERE / counts.length;
    const reach = (share: number) => {
      let sum = 0;
      return counts.findIndex((count) => (sum += count) > share * total) * width;
    };
    return [reach(OUTLIERS), reach(1 - OUTLIERS) + width];
  });
  return [scale.x(x[0]), scale.y(y[0]), scale.x(x[1]), scale.y(y[1])];
}
