/** A training as the page speaks of it: its neurons in each of its snapshots. */

import { epochLabel, snapshotLabel } from "./epochs";
import type { Chunk } from "./format";
import { Importances } from "./importance";
import type { RunMeta, Scene } from "./meta";
import type { Model } from "./model";
import { Places } from "./places";
import { type Patches, readPatches, stimuliOf } from "./stimuli";

/** What stands for an unknown share or concept, and for the largest share. */
const UNKNOWN = 255;
const LARGEST = 254;

/** What happens in a neuron's life: rows of the lives, by the concept that it shows in the clearest one. */
export const enum Life {
  clearest = 0,
  born = 1,
  settled = 2,
  left = 3,
  died = 4,
}

/** One training on the map. */
export class Run {
  readonly meta: RunMeta;
  readonly neurons: number;
  readonly snapshots: number;
  readonly places: Places;
  private readonly starts: number[];
  private readonly state: Uint8Array;
  private readonly coverages: Uint8Array;
  /** Every movement since the snapshot before; NaN where there is none. */
  readonly moves: Float32Array;
  private readonly groups: Uint8Array;
  private readonly lives: Int16Array;
  private readonly importances: Importances;
  patches: Patches | null = null;
  vectors: Int8Array | null = null;

  constructor(
    readonly number: number,
    core: Chunk,
    readonly model: Model,
  ) {
    const meta: RunMeta = core.meta.runs[number];
    this.meta = meta;
    this.starts = [0];
    for (const site of meta.sites) this.starts.push(this.starts.at(-1)! + site.channels);
    const n = this.starts.at(-1)!;
    const e = meta.epochs.length;
    this.neurons = n;
    this.snapshots = e;
    this.places = new Places(core, `${number}.points`, e, n, model.scales[meta.scene]);
    this.state = core.array(`${number}.state`, [e, n]);
    this.coverages = core.array(`${number}.coverage`, [e, n]);
    this.moves = core.floats(`${number}.moved`, [e, n]);
    this.groups = core.array(`${number}.group`, [e, n]);
    this.lives = core.array(`${number}.lives`, [5, n]);
    this.importances = new Importances(core, number, meta.evolutions, n);
  }

  get name(): string {
    return this.meta.name;
  }

  /** How people read it. */
  get title(): string {
    return this.meta.title || this.meta.name;
  }

  get scene(): Scene {
    return this.model.scenes[this.meta.scene];
  }

  get end(): number {
    return this.meta.progress[this.snapshots - 1];
  }

  /** The last snapshot that is not after `progress`: longer runs go on, this one waits. */
  at(progress: number): number {
    if (this.meta.is_base) return this.snapshots - 1;
    let last = 0;
    for (let t = 0; t < this.snapshots; t++) {
      if (this.meta.progress[t] <= progress + 1e-6) last = t;
    }
    return last;
  }

  siteOf(neuron: number): number {
    let low = 0;
    let high = this.meta.sites.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.starts[middle] <= neuron) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  siteRange(site: number): [number, number] {
    return [this.starts[site], this.starts[site + 1]];
  }

  /** `site/index`. */
  siteName(neuron: number): string {
    return this.id(neuron).slice(this.name.length + 1);
  }

  /** `run/site/index`. */
  id(neuron: number): string {
    const site = this.siteOf(neuron);
    return `${this.name}/${this.meta.sites[site].name}/${neuron - this.starts[site]}`;
  }

  /** How people read one of its snapshots: `init`, `epoch 3`. */
  label(snapshot: number): string {
    return epochLabel(this.meta.epochs[snapshot]);
  }

  /** How people read a neuron in a snapshot. */
  nameAt(snapshot: number, neuron: number): string {
    return `${snapshotLabel(this.title, this.meta.epochs[snapshot])}: ${this.siteName(neuron)}`;
  }

  /** `run@epoch/site/index`, as the tables call it. */
  idAt(snapshot: number, neuron: number): string {
    return `${this.name}@${this.meta.epochs[snapshot]}${this.id(neuron).slice(this.name.length)}`;
  }

  dead(snapshot: number, neuron: number): boolean {
    return (this.state[snapshot * this.neurons + neuron] & 1) === 1;
  }

  nonfinite(snapshot: number, neuron: number): boolean {
    return (this.state[snapshot * this.neurons + neuron] & 2) === 2;
  }

  placed(snapshot: number, neuron: number): boolean {
    return this.places.has(snapshot, neuron);
  }

  x(snapshot: number, neuron: number): number {
    return this.places.x(snapshot, neuron);
  }

  y(snapshot: number, neuron: number): number {
    return this.places.y(snapshot, neuron);
  }

  coverage(snapshot: number, neuron: number): number | null {
    const value = this.coverages[snapshot * this.neurons + neuron];
    return value === UNKNOWN ? null : value / LARGEST;
  }

  /** Movement since the snapshot before, in the space. */
  moved(snapshot: number, neuron: number): number | null {
    const value = this.moves[snapshot * this.neurons + neuron];
    return Number.isNaN(value) ? null : value;
  }

  group(snapshot: number, neuron: number): number | null {
    const value = this.groups[snapshot * this.neurons + neuron];
    return value === UNKNOWN ? null : value;
  }

  /** The snapshot in which something happens to a neuron; below 0 where it never does. */
  life(event: Life, neuron: number): number {
    return this.lives[event * this.neurons + neuron];
  }

  /** The evolution that a snapshot belongs to; the last one for those after it. */
  evolutionAt(snapshot: number): number | null {
    const { evolutions } = this.meta;
    if (evolutions.length === 0) return null;
    const number = evolutions.findIndex(({ after }) => snapshot <= after);
    return number < 0 ? evolutions.length - 1 : number;
  }

  importance(evolution: number, label: number, neuron: number): [number, number, number] | null {
    return this.importances.interval(evolution, label, neuron);
  }

  ranking(evolution: number, label: number, count: number): number[] {
    return this.importances.ranking(evolution, label, count);
  }

  unimportant(evolution: number, label: number, count: number): number[] {
    return this.importances.unimportant(evolution, label, count);
  }

  /** Images of a neuron in a snapshot, the strongest first; needs `loadPatches`. */
  stimuli(snapshot: number, neuron: number): number[] {
    if (this.patches === null) return [];
    return stimuliOf(this.patches, snapshot * this.neurons + neuron, this.meta.k);
  }

  /** Its responses to its first stimuli; needs `loadPatches`. */
  responses(snapshot: number, neuron: number, count = Infinity): number[] {
    const start = (snapshot * this.neurons + neuron) * this.meta.k;
    const used = Math.min(count, this.stimuli(snapshot, neuron).length);
    return Array.from(this.patches!.peaks.subarray(start, start + used));
  }

  async loadPatches(): Promise<void> {
    if (this.patches !== null) return;
    const chunk = await this.model.source.chunk(`patches-${this.number}`);
    // The names of a scene's images come with its first run.
    const first = this.model.runs.find((run) => run.meta.scene === this.meta.scene)!;
    if (first !== this) await first.loadPatches();
    const patches = readPatches(chunk, this.snapshots, this.neurons, this.meta.k);
    this.model.keepNames(this.meta.scene, chunk.meta.names);
    this.patches = patches;
  }

  async loadVectors(): Promise<void> {
    const name = `vectors-${this.number}`;
    if (this.vectors !== null || this.meta.dimensions === 0) return;
    const chunk = await this.model.source.chunk(name);
    this.vectors = chunk.array("vectors", [this.snapshots, this.neurons, this.meta.dimensions]);
  }
}

export interface NeuronRef {
  run: Run;
  neuron: number;
}

/** A neuron in one snapshot. */
export interface Shot extends NeuronRef {
  snapshot: number;
}
