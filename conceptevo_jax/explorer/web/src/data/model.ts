/** All runs of the page, in their scenes, and the times and names that they share. */

import { epochLabel } from "./epochs";
import { type Chunk, DataError } from "./format";
import type { Meta, Scene, ShotNumbers } from "./meta";
import { boundsOf, type Extent, MapScale } from "./places";
import { type NeuronRef, Run, type Shot } from "./run";
import type { Source } from "./source";

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
  readonly scales: MapScale[];
  readonly runs: Run[];
  readonly given: Given[];
  /** Every time at which some run has a snapshot: how much training lies behind it, in epochs. */
  readonly stops: number[];
  private readonly labels: Uint16Array[];
  private readonly names: (string[] | null)[];

  constructor(
    core: Chunk,
    readonly source: Source,
  ) {
    this.meta = core.meta as Meta;
    if (!Array.isArray(this.meta.scenes) || !Array.isArray(this.meta.runs)) {
      throw new DataError("This page's data names no runs. Write the page again.");
    }
    this.scenes = this.meta.scenes;
    this.scales = this.scenes.map(({ extent }) => new MapScale(extent));
    this.labels = this.scenes.map((_, s) => core.array<Uint16Array>(`labels-${s}`));
    this.names = this.scenes.map(() => null);
    this.runs = this.meta.runs.map((_, r) => new Run(r, core, this));
    this.given = this.scenes.flatMap((scene, s) => this.givenIn(scene, s));
    this.stops = this.times();
  }

  static async load(source: Source): Promise<Model> {
    return new Model(await source.chunk("core"), source);
  }

  /** Groups of a study in a scene, whose members are numbered there. */
  private givenIn({ given }: Scene, scene: number): Given[] {
    const runs = this.runs.filter((run) => run.meta.scene === scene);
    const shotOf = ([run, snapshot, neuron]: ShotNumbers): Shot => ({ run: runs[run], snapshot, neuron });
    return (given ?? []).map(({ name, category, members, intruder, missing }) => {
      const odd = intruder && shotOf(intruder);
      return { name, category, missing, shots: [...members.map(shotOf), ...(odd ? [odd] : [])], intruder: odd };
    });
  }

  /** Times of all snapshots but those of a base, in order; a page of bases has their ends. */
  private times(): number[] {
    const trained = this.runs.filter((run) => !run.meta.is_base);
    const times = new Set(trained.flatMap((run) => run.meta.progress));
    if (times.size === 0) for (const run of this.runs) times.add(run.end);
    return [...times].sort((a, b) => a - b);
  }

  /** Where nearly all neurons of a scene ever are. */
  bounds(scene: number): Extent {
    const runs = this.runs.filter((run) => run.meta.scene === scene);
    return boundsOf(runs.map(({ places }) => places), this.scales[scene]);
  }

  run(name: string): Run | undefined {
    return this.runs.find((run) => run.name === name);
  }

  /** The neuron called `run/site/index`. */
  find(id: string): NeuronRef | null {
    for (const run of this.runs) {
      if (!id.startsWith(`${run.name}/`)) continue;
      const path = id.slice(run.name.length + 1);
      const cut = path.lastIndexOf("/");
      const site = run.meta.sites.findIndex(({ name }) => name === path.slice(0, cut));
      const index = Number(path.slice(cut + 1));
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
