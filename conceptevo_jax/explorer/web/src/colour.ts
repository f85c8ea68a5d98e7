/** What points are coloured by; palettes that colour-blind people can tell apart. */

import { epochLabel } from "./data/epochs";
import type { Model, Run } from "./data/model";
import type { State } from "./state";

/**
 * Okabe & Ito, https://jfly.uni-koeln.de/color/, as in the figures; then Tol's muted ones,
 * https://personal.sron.nl/~pault/.
 */
export const CATEGORIES = [
  "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9",
  "#882255", "#4D4D4D", "#999933", "#332288", "#44AA99", "#8C6D31",
];
export const BASE = "#9a9a9a";
export const UNKNOWN = "#bdbdbd";
const DEAD = "#D55E00";
const ALIVE = "#0072B2";

/** Viridis at sixteen places (matplotlib, CC0). */
const VIRIDIS = [
  "#440154", "#481a6c", "#472f7d", "#414487", "#39568c", "#31688e", "#2a788e", "#23888e",
  "#1f988b", "#22a884", "#35b779", "#54c568", "#7ad151", "#a5db36", "#d2e21b", "#fde725",
];

export type ColourBy =
  | "run" | "depth" | "group" | "importance" | "movement" | "coverage" | "born" | "dead";

export const COLOURS: Record<ColourBy, string> = {
  run: "run",
  depth: "depth of the site",
  group: "concept",
  importance: "importance for a class",
  movement: "movement",
  coverage: "coverage",
  born: "birth of the concept",
  dead: "dead or live",
};

export interface Swatch {
  colour: string;
  label: string;
}

export interface Legend {
  swatches: Swatch[];
  ramp: { colours: string[]; low: string; high: string } | null;
  note: string | null;
  /** Whether grey, for what is not known, can occur. */
  unknown?: boolean;
}

/** A way to colour: a palette, whose second half is pale, and a colour per neuron. */
export interface Colouring {
  palette: string[];
  /** Whether dead neurons are paler than others. */
  pales: boolean;
  of(run: Run, snapshot: number, neuron: number): number;
  legend: Legend;
}

export function runColour(model: Model, run: Run): string {
  if (run.meta.is_base) return BASE;
  const others = model.runs.filter((one) => !one.meta.is_base);
  return CATEGORIES[others.indexOf(run) % CATEGORIES.length];
}

/** Mixed with white: for what is dead or has no place. */
export function pale(colour: string): string {
  const parts = [1, 3, 5].map((i) => parseInt(colour.slice(i, i + 2), 16));
  const mixed = parts.map((part) => Math.round(255 - (255 - part) * 0.42));
  return `#${mixed.map((part) => part.toString(16).padStart(2, "0")).join("")}`;
}

function ramp(low: string, high: string, note: string | null = null): Legend {
  return { swatches: [], ramp: { colours: VIRIDIS, low, high }, note, unknown: note !== null };
}

/** Sixteen steps and one for unknown. */
function step(share: number | null): number {
  if (share === null || Number.isNaN(share)) return VIRIDIS.length;
  return Math.max(0, Math.min(VIRIDIS.length - 1, Math.floor(share * VIRIDIS.length)));
}

export function colouring(model: Model, state: State): Colouring {
  const ordered = { palette: [...VIRIDIS, UNKNOWN], pales: true };
  switch (state.colour) {
    case "run":
      return {
        palette: model.runs.map((run) => runColour(model, run)),
        pales: true,
        of: (run) => run.number,
        legend: {
          swatches: model.runs.map((run) => ({ colour: runColour(model, run), label: run.title })),
          ramp: null,
          note: null,
        },
      };
    case "depth":
      return {
        ...ordered,
        of: (run, _, neuron) => step(run.siteOf(neuron) / Math.max(1, run.meta.sites.length - 1)),
        legend: ramp("first site", "last site"),
      };
    case "group":
      return {
        palette: [...CATEGORIES, UNKNOWN],
        pales: true,
        of: (run, snapshot, neuron) => run.group(snapshot, neuron) ?? CATEGORIES.length,
        legend: groupLegend(model),
      };
    case "importance": {
      const name = state.cls;
      const labels = new Map(model.runs.map((run) => [run, name === null ? -1 : model.labelOf(run, name)]));
      return {
        ...ordered,
        of: (run, snapshot, neuron) => {
          const evolution = run.evolutionAt(snapshot);
          if (evolution === null) return VIRIDIS.length;
          return step(run.importance(evolution, labels.get(run)!, neuron)?.[0] ?? null);
        },
        legend: importanceLegend(model, name),
      };
    }
    case "movement": {
      // A few neurons move far: the scale ends at half of the largest movement.
      const most = Math.max(...model.runs.map((run) => run.meta.moved)) / 2 || 1;
      return {
        ...ordered,
        of: (run, snapshot, neuron) => {
          const moved = run.moved(snapshot, neuron);
          return step(moved === null ? null : moved / most);
        },
        legend: ramp("0", `≥ ${most.toPrecision(2)}`, "since the snapshot before, in the space"),
      };
    }
    case "coverage":
      return {
        ...ordered,
        of: (run, snapshot, neuron) => step(run.coverage(snapshot, neuron)),
        legend: ramp("0", "1", "share of the stimuli that have a vector in the space"),
      };
    case "born": {
      const last = model.stops.at(-1) || 1;
      return {
        ...ordered,
        of: (run, _, neuron) => {
          const born = run.life(1, neuron);
          return step(born < 0 ? null : run.meta.progress[born] / last);
        },
        legend: ramp(epochLabel("init"), model.stopLabel(model.stops.at(-1)!), "when it first held its concept"),
      };
    }
    case "dead":
      return {
        palette: [ALIVE, DEAD],
        pales: false,
        of: (run, snapshot, neuron) => (run.dead(snapshot, neuron) ? 1 : 0),
        legend: {
          swatches: [
            { colour: ALIVE, label: "live" },
            { colour: DEAD, label: "dead" },
          ],
          ramp: null,
          note: null,
        },
      };
  }
}

function groupLegend(model: Model): Legend {
  const many = model.scenes.length > 1;
  const swatches = model.scenes.flatMap(({ title, groups }) =>
    groups.map((group, i) => ({
      colour: CATEGORIES[i % CATEGORIES.length],
      label: `${many ? `${title}: ` : ""}${group.name}`,
    })),
  );
  const note =
    swatches.length === 0
      ? "too few live neurons in the base for clusters"
      : many
        ? "each space has clusters of its own: equal colours on two maps mean nothing"
        : "K-means of the base's neurons; the class most of its stimuli are of";
  return { swatches, ramp: null, note, unknown: true };
}

function importanceLegend(model: Model, name: string | null): Legend {
  if (!model.runs.some((run) => run.meta.evolutions.length > 0)) {
    return { swatches: [], ramp: null, note: "importance was not measured for these runs" };
  }
  if (name === null) return { swatches: [], ramp: null, note: "choose a class above" };
  return ramp("0", "1", `of the evolution shown, for ${name}`);
}
