/** What points are coloured by; palettes that colour-blind people can tell apart. */

import { epochLabel } from "./data/epochs";
import type { Model } from "./data/model";
import { Life, type Run } from "./data/run";
import { movementScale } from "./movement";
import { brief } from "./numbers";
import { basesBelow } from "./panels";
import type { State } from "./state";
import { isDark, mixed, themeColour } from "./theme";

/**
 * Okabe & Ito, https://jfly.uni-koeln.de/color/, as in the figures; then Tol's muted ones,
 * https://personal.sron.nl/~pault/.
 */
const CATEGORIES = [
  "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9",
  "#882255", "#4D4D4D", "#999933", "#332288", "#44AA99", "#8C6D31",
];
export const BASE = "#9a9a9a";
export const UNKNOWN = "#bdbdbd";
const DEAD = "#D55E00";
const ALIVE = "#0072B2";
const NOT_FINITE = "#CC79A7";

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
  dead: "live, dead or not finite",
};

export interface Swatch {
  colour: string;
  label: string;
  /** Its place in the palette, and the scene whose neurons alone it is of. */
  value: number;
  scene?: number;
  /** The run that it stands for. */
  run?: Run;
}

export interface Legend {
  swatches: Swatch[];
  /** Colours from low to high, and what equally distant places among them stand for. */
  ramp: { colours: string[]; stops: string[] } | null;
  note: string | null;
  /** Whether grey, for what is not known, can occur. */
  unknown?: boolean;
  /** Bases that lie in light grey below others. */
  below?: string;
}

/** A way to colour: a palette, and a place in it per neuron. */
export interface Colouring {
  palette: string[];
  /** Whether dead neurons are paler than others. */
  pales: boolean;
  /** Null for a neuron that is left out while an entry of the legend is isolated. */
  of(run: Run, snapshot: number, neuron: number): number | null;
  legend: Legend;
}

function category(number: number): string {
  const colour = CATEGORIES[number % CATEGORIES.length];
  return isDark() ? mixed(colour, 0.7, "#ffffff") : colour;
}

export function runColour(model: Model, run: Run): string {
  if (run.meta.is_base) return BASE;
  const trained = model.runs.filter(({ meta }) => !meta.is_base);
  return category(trained.indexOf(run));
}

/** The colour of a concept, the same in all figures. */
export function conceptColour(number: number): string {
  return category(number);
}

/** For what is dead or has no place. */
export function pale(colour: string): string {
  return mixed(colour, 0.42, themeColour("--paper"));
}

function ramp(stops: string[], note: string | null = null): Legend {
  return { swatches: [], ramp: { colours: VIRIDIS, stops }, note, unknown: note !== null };
}

/** Sixteen steps and one for unknown. */
function step(share: number | null): number {
  if (share === null || Number.isNaN(share)) return VIRIDIS.length;
  return Math.max(0, Math.min(VIRIDIS.length - 1, Math.floor(share * VIRIDIS.length)));
}

/** The colouring that was chosen; with an entry isolated, of its neurons alone. */
export function colouring(model: Model, state: State): Colouring {
  const all = withBases(colouringOfAll(model, state), model, state);
  const isolated = all.legend.swatches.find((_, i) => state.isolated === swatchKey(state.colour, i));
  if (isolated === undefined) return all;
  const { value, scene } = isolated;
  return {
    ...all,
    of: (run, snapshot, neuron) =>
      all.of(run, snapshot, neuron) === value && (scene ?? run.meta.scene) === run.meta.scene ? value : null,
  };
}

function withBases(all: Colouring, model: Model, state: State): Colouring {
  const [base, ...further] = basesBelow(model, state);
  // Among the runs it is listed already.
  if (base === undefined || state.colour === "run") return all;
  return { ...all, legend: { ...all.legend, below: further.length === 0 ? base.title : "bases" } };
}

/** The colour of a neuron on the maps, be it left out there or not. */
export function neuronColour(model: Model, state: State, run: Run, neuron: number): string {
  const { palette, of } = colouringOfAll(model, state);
  return run.meta.is_base ? BASE : palette[of(run, run.at(state.at), neuron) ?? 0];
}

/** How an entry of the legend is called in the address. */
export function swatchKey(by: ColourBy, number: number): string {
  return `${by}/${number}`;
}

function colouringOfAll(model: Model, state: State): Colouring {
  const ordered = { palette: [...VIRIDIS, UNKNOWN], pales: true };
  switch (state.colour) {
    case "run":
      return {
        palette: model.runs.map((run) => runColour(model, run)),
        pales: true,
        of: (run) => run.number,
        legend: {
          swatches: model.runs.map((run) => ({ colour: runColour(model, run), label: run.title, value: run.number, run })),
          ramp: null,
          note: null,
        },
      };
    case "depth":
      return {
        ...ordered,
        of: (run, _, neuron) => step(run.siteOf(neuron) / Math.max(1, run.meta.sites.length - 1)),
        legend: ramp(["first site", "last site"]),
      };
    case "group":
      return {
        palette: [...CATEGORIES.map((_, number) => category(number)), UNKNOWN],
        pales: true,
        of: (run, snapshot, neuron) => {
          const group = run.group(snapshot, neuron);
          return group === null ? CATEGORIES.length : group % CATEGORIES.length;
        },
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
      const { rank, quantiles } = movementScale(model);
      return {
        ...ordered,
        of: (run, snapshot, neuron) => {
          const moved = run.moved(snapshot, neuron);
          return step(moved === null ? null : rank(moved));
        },
        legend: ramp(
          quantiles.map(brief),
          "in the space since the snapshot before; each part of the scale is a quarter of all movements",
        ),
      };
    }
    case "coverage":
      return {
        ...ordered,
        of: (run, snapshot, neuron) => step(run.coverage(snapshot, neuron)),
        legend: ramp(["0", "1"], "share of the stimuli that have a vector in the space"),
      };
    case "born": {
      const last = model.stops.at(-1) || 1;
      return {
        ...ordered,
        of: (run, _, neuron) => {
          const born = run.life(Life.born, neuron);
          return step(born < 0 ? null : run.meta.progress[born] / last);
        },
        legend: ramp([epochLabel("init"), model.stopLabel(model.stops.at(-1)!)], "when it first held its concept"),
      };
    }
    case "dead":
      return {
        palette: [ALIVE, DEAD, NOT_FINITE],
        pales: false,
        of: (run, snapshot, neuron) =>
          run.nonfinite(snapshot, neuron) ? 2 : run.dead(snapshot, neuron) ? 1 : 0,
        legend: {
          swatches: [
            { colour: ALIVE, label: "live", value: 0 },
            { colour: DEAD, label: "dead", value: 1 },
            { colour: NOT_FINITE, label: "not finite", value: 2 },
          ],
          ramp: null,
          note: null,
        },
      };
  }
}

function groupLegend(model: Model): Legend {
  const many = model.scenes.length > 1;
  const swatches = model.scenes.flatMap(({ title, groups }, scene) =>
    groups.map((group, i) => ({
      colour: category(i),
      label: `${many ? `${title}: ` : ""}${group.name}`,
      value: i % CATEGORIES.length,
      scene,
    })),
  );
  const note =
    swatches.length === 0
      ? "too few live neurons in the base for concepts"
      : many
        ? "each space has concepts of its own: equal colours on two maps mean nothing"
        : "clusters of the base’s neurons, named after what most of their stimuli are";
  return { swatches, ramp: null, note, unknown: true };
}

function importanceLegend(model: Model, name: string | null): Legend {
  if (!model.runs.some((run) => run.meta.evolutions.length > 0)) {
    return { swatches: [], ramp: null, note: "importance was not measured for these runs" };
  }
  if (name === null) return { swatches: [], ramp: null, note: "choose a class above" };
  return ramp(["0", "1"], `of the evolution shown, for ${name}`);
}
