/** Runs, snapshots and neurons as the page speaks of them. */

import { type Epoch, epochLabel, snapshotLabel } from "./epochs";
import { type Chunk, DataError } from "./format";
import type { Source } from "./source";

export interface Images {
  count: number;
  side: number;
  tile: number;
  columns: number;
  per_sheet: number;
  sheets: number;
}

export interface Scene {
  title: string;
  base: string;
  method: string;
  stability: number | null;
  classes: string[];
  extent: [number, number, number, number];
  images: Images | null;
  /** Concepts of the base; the exemplar is the neuron of the base that shows it best. */
  groups: { name: string; label: number; share: number; size: number; exemplar: number }[];
  /** Groups of a study; a neuron is told by its run in the scene, snapshot and number. */
  given?: { name: string; category: string; members: Place[]; intruder: Place | null; missing: number }[];
}

type Place = [number, number, number];

export interface Site {
  name: string;
  channels: number;
  field: number;
}

export interface Report {
  epoch: Epoch;
  progress: number;
  status: string;
  reasons: string[];
}

export interface Evolution {
  before: number;
  after: number;
  classes: number[];
  images: number;
}

type Series = (number | null)[];

interface RunMeta {
  name: string;
  title: string;
  architecture: string;
  scene: number;
  is_base: boolean;
  sites: Site[];
  k: number;
  dimensions: number;
  epochs: Epoch[];
  progress: number[];
  table: Record<string, Series> & { progress: number[] };
  measures: Record<string, Series>;
  reports: Report[];
  evolutions: Evolution[];
}

export interface Meta {
  format: number;
  title: string;
  scenes: Scene[];
  runs: RunMeta[];
}

/** A quantised place of a neuron that has none. */
const NOWHERE = 65535;
const UNKNOWN = 255;

/** Importance of an evolution along which a class's logit rises and falls alike. */
const NO_EFFECT = 0.5;

/** Share of the places on each side that need not be in sight at first. */
const OUTLIERS = 0.01;

/** Width of a dot in quantised places, on a map of 500 pixels. */
const DOT = 0.006 * 65534;

export const enum Life {
  born = 1,
  settled = 2,
  left = 3,
  died = 4,
}

/** Patches of a run, loaded when first looked at. */
export interface Patches {
  images: Uint16Array | Uint32Array;
  unused: number;
  peaks: Float32Array;
  corners: Uint16Array | null;
  length: Uint16Array | null;
}

/** One training on the map. */
export class Run {
  readonly meta: RunMeta;
  readonly neurons: number;
  readonly snapshots: number;
  private readonly starts: number[];
  private readonly points: Uint16Array;
  private readonly state: Uint8Array;
  private readonly coverages: Uint8Array;
  /** Every movement since the snapshot before; NaN where there is none. */
  readonly moves: Float32Array;
  private readonly groups: Uint8Array;
  private readonly lives: Int16Array;
  private readonly importances: Uint16Array | null;
  private readonly ranks: Uint32Array | Uint16Array | null;
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
    this.points = core.array(`${number}.points`, [e, n, 2]);
    this.state = core.array(`${number}.state`, [e, n]);
    this.coverages = core.array(`${number}.coverage`, [e, n]);
    this.moves = core.floats(`${number}.moved`, [e, n]);
    this.groups = core.array(`${number}.group`, [e, n]);
    this.lives = core.array(`${number}.lives`, [5, n]);
    const v = meta.evolutions.length;
    const m = v ? meta.evolutions[0].classes.length : 0;
    this.importances = v ? core.array(`${number}.importance`, [v, m, 3, n]) : null;
    this.ranks = v ? core.array(`${number}.rank`, [v, m, n]) : null;
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
    let found = 0;
    for (let t = 0; t < this.snapshots; t++) {
      if (this.meta.progress[t] <= progress + 1e-6) found = t;
    }
    return found;
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
    return this.points[2 * (snapshot * this.neurons + neuron)] !== NOWHERE;
  }

  /** The snapshot whose place is shown: this one, else the last before, else the next. */
  held(snapshot: number, neuron: number): number {
    if (this.placed(snapshot, neuron)) return snapshot;
    for (let t = snapshot - 1; t >= 0; t--) if (this.placed(t, neuron)) return t;
    for (let t = snapshot + 1; t < this.snapshots; t++) if (this.placed(t, neuron)) return t;
    return -1;
  }

  x(snapshot: number, neuron: number): number {
    return this.model.mapX(this.meta.scene, this.points[2 * (snapshot * this.neurons + neuron)]);
  }

  y(snapshot: number, neuron: number): number {
    return this.model.mapY(this.meta.scene, this.points[2 * (snapshot * this.neurons + neuron) + 1]);
  }

  /** Counts where its neurons ever are, in bins of both axes. */
  countPlaces(bins: Uint32Array[]): void {
    const width = NOWHERE / bins[0].length;
    for (let i = 0; i < this.points.length; i += 2) {
      if (this.points[i] === NOWHERE) continue;
      bins[0][Math.floor(this.points[i] / width)] += 1;
      bins[1][Math.floor(this.points[i + 1] / width)] += 1;
    }
  }

  /** Coordinates of the map as Python knows them. */
  place(snapshot: number, neuron: number): [number, number] | null {
    if (!this.placed(snapshot, neuron)) return null;
    const [x0, y0, x1, y1] = this.scene.extent;
    const at = 2 * (snapshot * this.neurons + neuron);
    return [
      x0 + (this.points[at] / 65534) * (x1 - x0),
      y0 + (this.points[at + 1] / 65534) * (y1 - y0),
    ];
  }

  coverage(snapshot: number, neuron: number): number | null {
    const value = this.coverages[snapshot * this.neurons + neuron];
    return value === UNKNOWN ? null : value / 254;
  }

  /** Movement since the snapshot before, in the space. */
  moved(snapshot: number, neuron: number): number | null {
    const value = this.moves[snapshot * this.neurons + neuron];
    return Number.isNaN(value) ? null : value;
  }

  /** Whether each neuron lies where that of another run does, as closely as one dot shows. */
  coincides(snapshot: number, other: Run, otherSnapshot: number): boolean {
    if (other.neurons !== this.neurons) return false;
    const size = 2 * this.neurons;
    const own = this.points.subarray(snapshot * size, (snapshot + 1) * size);
    const others = other.points.subarray(otherSnapshot * size, (otherSnapshot + 1) * size);
    return own.every((value, i) => Math.abs(value - others[i]) <= DOT);
  }

  group(snapshot: number, neuron: number): number | null {
    const value = this.groups[snapshot * this.neurons + neuron];
    return value === UNKNOWN ? null : value;
  }

  life(what: Life, neuron: number): number {
    return this.lives[what * this.neurons + neuron];
  }

  /** The evolution that a snapshot belongs to; the last one for those after it. */
  evolutionAt(snapshot: number): number | null {
    const list = this.meta.evolutions;
    if (list.length === 0) return null;
    const found = list.findIndex((one) => snapshot <= one.after);
    return found < 0 ? list.length - 1 : found;
  }

  /** Importance with its 95 % interval; null where it was not measured. */
  importance(evolution: number, label: number, neuron: number): [number, number, number] | null {
    const place = this.meta.evolutions[evolution]?.classes.indexOf(label) ?? -1;
    if (this.importances === null || place < 0) return null;
    const m = this.meta.evolutions[0].classes.length;
    const at = (evolution * m + place) * 3 * this.neurons + neuron;
    const values = [0, 1, 2].map((i) => this.importances![at + i * this.neurons]);
    if (values[0] === NOWHERE) return null;
    return values.map((value) => value / 65534) as [number, number, number];
  }

  /** The most important neurons of an evolution for a class; none where not measured. */
  ranking(evolution: number, label: number, count: number): number[] {
    const place = this.meta.evolutions[evolution]?.classes.indexOf(label) ?? -1;
    if (this.ranks === null || place < 0) return [];
    const m = this.meta.evolutions[0].classes.length;
    const start = (evolution * m + place) * this.neurons;
    const found: number[] = [];
    for (let neuron = 0; neuron < this.neurons; neuron++) {
      const rank = this.ranks[start + neuron];
      if (rank < count) found[rank] = neuron;
    }
    return found.filter((neuron) => neuron !== undefined);
  }

  /** Neurons whose importance for a class is nearest to that of no effect. */
  unimportant(evolution: number, label: number, count: number): number[] {
    const measured = Array.from({ length: this.neurons }, (_, neuron) => ({
      neuron,
      importance: this.importance(evolution, label, neuron)?.[0] ?? Infinity,
    })).filter(({ importance }) => importance !== Infinity);
    const apart = ({ importance }: { importance: number }) => Math.abs(importance - NO_EFFECT);
    return measured.sort((a, b) => apart(a) - apart(b)).slice(0, count).map(({ neuron }) => neuron);
  }

  /** Images of a neuron in a snapshot, the strongest first; needs `loadPatches`. */
  stimuli(snapshot: number, neuron: number): number[] {
    if (this.patches === null) return [];
    const { images, unused } = this.patches;
    const start = (snapshot * this.neurons + neuron) * this.meta.k;
    return Array.from(images.subarray(start, start + this.meta.k)).filter((i) => i !== unused);
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
    const first = this.model.runs.find((one) => one.meta.scene === this.meta.scene)!;
    if (first !== this) await first.loadPatches();
    const { neurons: n, snapshots: e } = this;
    const k = this.meta.k;
    const images = chunk.array<Uint16Array | Uint32Array>("images", [e, n, k]);
    const shown = chunk.has("corners");
    this.model.keepNames(this.meta.scene, chunk.meta.names);
    this.patches = {
      images,
      unused: images.BYTES_PER_ELEMENT === 2 ? 65535 : 4294967295,
      peaks: chunk.floats("peaks", [e, n, k]),
      corners: shown ? chunk.array("corners", [e, n, k, 2]) : null,
      length: shown ? chunk.array("length", [n]) : null,
    };
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

/** A group that a study asked about; of its neurons those that the page shows. */
export interface Given {
  name: string;
  category: string;
  /** The intruder, where it is shown, is the last. */
  shots: Shot[];
  intruder: Shot | null;
  missing: number;
}

/** All that the page shows. */
export class Model {
  readonly meta: Meta;
  readonly scenes: Scene[];
  readonly runs: Run[];
  readonly given: Given[];
  /** Every time at which some run has a snapshot: how much training lies behind it, in epochs. */
  readonly stops: number[];
  private readonly labels: Uint16Array[];
  private readonly names: (string[] | null)[];
  private readonly scales: { x: number; y: number; left: number; bottom: number }[];

  constructor(
    core: Chunk,
    readonly source: Source,
  ) {
    this.meta = core.meta as Meta;
    if (!Array.isArray(this.meta.scenes) || !Array.isArray(this.meta.runs)) {
      throw new DataError("This page's data names no runs. Write the page again.");
    }
    this.scenes = this.meta.scenes;
    this.scales = this.scenes.map(({ extent: [x0, y0, x1, y1] }) => {
      // One scale for both axes, so that shapes are kept.
      const size = Math.max(x1 - x0, y1 - y0) || 1;
      const fill = 1.86 / size / 65534;
      const x = (x1 - x0) * fill;
      const y = (y1 - y0) * fill;
      return { x, y, left: (-x * 65534) / 2, bottom: (-y * 65534) / 2 };
    });
    this.labels = this.scenes.map((_, s) => core.array<Uint16Array>(`labels-${s}`));
    this.names = this.scenes.map(() => null);
    this.runs = this.meta.runs.map((_, r) => new Run(r, core, this));
    this.given = this.scenes.flatMap((scene, s) => {
      const own = this.runs.filter((run) => run.meta.scene === s);
      const shot = ([run, snapshot, neuron]: Place): Shot => ({ run: own[run], snapshot, neuron });
      return (scene.given ?? []).map(({ members, intruder, ...told }) => {
        const odd = intruder && shot(intruder);
        return { ...told, shots: [...members.map(shot), ...(odd ? [odd] : [])], intruder: odd };
      });
    });
    const stops = new Set<number>();
    for (const run of this.runs) {
      if (!run.meta.is_base) for (const at of run.meta.progress) stops.add(at);
    }
    if (stops.size === 0) for (const run of this.runs) stops.add(run.end);
    this.stops = [...stops].sort((a, b) => a - b);
  }

  static async load(source: Source): Promise<Model> {
    return new Model(await source.chunk("core"), source);
  }

  mapX(scene: number, quantised: number): number {
    const scale = this.scales[scene];
    return scale.left + scale.x * quantised;
  }

  mapY(scene: number, quantised: number): number {
    const scale = this.scales[scene];
    return scale.bottom + scale.y * quantised;
  }

  /** Where nearly all neurons of a scene ever are: left, bottom, right and top. */
  bounds(scene: number): [number, number, number, number] {
    const bins = [new Uint32Array(512), new Uint32Array(512)];
    for (const run of this.runs) if (run.meta.scene === scene) run.countPlaces(bins);
    const [x, y] = bins.map((counts) => {
      const total = counts.reduce((a, b) => a + b, 0);
      const width = NOWHERE / counts.length;
      const reach = (share: number) => {
        let sum = 0;
        return counts.findIndex((count) => (sum += count) > share * total) * width;
      };
      return [reach(OUTLIERS), reach(1 - OUTLIERS) + width];
    });
    return [this.mapX(scene, x[0]), this.mapY(scene, y[0]), this.mapX(scene, x[1]), this.mapY(scene, y[1])];
  }

  run(name: string): Run | undefined {
    return this.runs.find((run) => run.name === name);
  }

  /** The neuron called `run/site/index`. */
  find(id: string): NeuronRef | null {
    for (const run of this.runs) {
      if (!id.startsWith(`${run.name}/`)) continue;
      const rest = id.slice(run.name.length + 1);
      const cut = rest.lastIndexOf("/");
      const site = run.meta.sites.findIndex((one) => one.name === rest.slice(0, cut));
      const index = Number(rest.slice(cut + 1));
      if (site < 0 || !Number.isInteger(index) || index < 0) continue;
      if (index < run.meta.sites[site].channels) {
        return { run, neuron: run.siteRange(site)[0] + index };
      }
    }
    return null;
  }

  /** Every class of every scene, once. */
  get classes(): string[] {
    return [...new Set(this.scenes.flatMap((scene) => scene.classes))];
  }

  /** The number of a class in a run's scene; -1 where it has none so called. */
  labelOf(run: Run, name: string): number {
    return run.scene.classes.indexOf(name);
  }

  classOfImage(run: Run, image: number): string {
    return run.scene.classes[this.labels[run.meta.scene][image]] ?? "unknown";
  }

  /** Share of each class among all images that are stimuli of a scene. */
  priors(scene: number): Float64Array {
    const counts = new Float64Array(this.scenes[scene].classes.length);
    for (const label of this.labels[scene]) counts[label] += 1;
    const total = this.labels[scene].length || 1;
    return counts.map((count) => count / total);
  }

  keepNames(scene: number, names: string[] | undefined): void {
    if (names !== undefined) this.names[scene] = names;
  }

  nameOfImage(run: Run, image: number): string | null {
    return this.names[run.meta.scene]?.[image] ?? null;
  }

  /** The stop nearest to a time. */
  nearestStop(progress: number): number {
    return this.stops.reduce((best, stop) =>
      Math.abs(stop - progress) < Math.abs(best - progress) ? stop : best,
    );
  }

  /**
   * How a stop is called: as the snapshots that runs have then. Within an epoch, runs with
   * batches of different sizes count other steps.
   */
  stopLabel(stop: number): string {
    const timed = this.runs.filter((run) => !run.meta.is_base);
    const labels = (timed.length > 0 ? timed : this.runs)
      .filter((run) => Math.abs(run.meta.progress[run.at(stop)] - stop) < 1e-6)
      .map((run) => epochLabel(run.meta.epochs[run.at(stop)]));
    return [...new Set(labels)].join(" / ");
  }
}
