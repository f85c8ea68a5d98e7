/** What the page's data says of its scenes and runs before any array is read. */

import type { Epoch } from "./epochs";
import type { Extent } from "./places";

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
  extent: Extent;
  images: Images | null;
  /** Concepts of the base; the exemplar is the neuron of the base that shows it best. */
  groups: { name: string; label: number; share: number; size: number; exemplar: number }[];
  /** Groups of a study. */
  given?: { name: string; category: string; members: ShotNumbers[]; intruder: ShotNumbers | null; missing: number }[];
}

/** Numbers of a run among those of its scene, of a snapshot and of a neuron. */
export type ShotNumbers = [number, number, number];

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

export interface RunMeta {
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
