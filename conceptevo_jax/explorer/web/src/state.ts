/** What is looked at: one object, told to all parts, and kept in the address. */

import { COLOURS, type ColourBy } from "./colour";
import { type Given, type Model, type NeuronRef, type Run, type Shot } from "./data/model";

export type Tab = "neuron" | "class" | "selection";
export const TABS: Tab[] = ["neuron", "class", "selection"];

/** Chosen neurons, and how they were: a region can be told in an address. */
export interface Selection {
  members: Map<Run, Set<number>>;
  told: string;
  region: { polygon: [number, number][]; at: number; scene: number } | null;
  /** `run/site`, where it is a whole site. */
  site: string | null;
  /** The group of a study that it is; its neurons are seen in snapshots of their own. */
  given?: Given;
}

export interface State {
  /** How much training lies behind what is shown, in epochs. */
  at: number;
  /** Per panel a run's name, or `*` and a scene's number for all of its runs. */
  panels: string[];
  hidden: Set<string>;
  colour: ColourBy;
  /** The entry of a legend whose neurons alone are shown while it is the legend. */
  isolated: string | null;
  metric: string;
  cls: string | null;
  neuron: NeuronRef | null;
  selection: Selection | null;
  tab: Tab;
  /** How far the maps are from showing the whole, and their scale against it. */
  view: { x: number; y: number; zoom: number } | null;
}

export type Change = Partial<State>;
type Listener = (state: State, changed: Set<keyof State>) => void;

export class Store {
  private readonly listeners: Listener[] = [];
  state: State;

  constructor(
    readonly model: Model,
    signal: AbortSignal,
    carried: Change = {},
  ) {
    this.state = { ...initial(model), ...read(model, location.hash), ...carried };
    const renew = () => {
      if (write(this.model, this.state) !== location.hash) {
        this.set({ ...initial(model), ...read(model, location.hash) });
      }
    };
    window.addEventListener("hashchange", renew, { signal });
    // Who follows reads the address: what was looked at last must be in it.
    signal.addEventListener("abort", () => this.timer !== 0 && this.keep());
  }

  listen(listener: Listener): void {
    this.listeners.push(listener);
  }

  set(change: Change): void {
    const changed = new Set<keyof State>();
    for (const key of Object.keys(change) as (keyof State)[]) {
      if (this.state[key] !== change[key]) changed.add(key);
    }
    if (changed.size === 0) return;
    this.state = { ...this.state, ...change };
    for (const listener of this.listeners) listener(this.state, changed);
    this.remember();
  }

  /** A frame that is tweened, or dragged through, would ask too much of the history. */
  private timer = 0;
  private remember(): void {
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => this.keep(), 120);
  }

  private keep(): void {
    window.clearTimeout(this.timer);
    this.timer = 0;
    history.replaceState(null, "", write(this.model, this.state));
  }

  /** Every listener once, as if all had changed. */
  begin(): void {
    const all = new Set(Object.keys(this.state) as (keyof State)[]);
    for (const listener of this.listeners) listener(this.state, all);
  }
}

function initial(model: Model): State {
  return {
    at: model.stops.at(-1)!,
    panels: model.scenes.map((_, s) => `*${s}`),
    hidden: new Set(),
    colour: "run",
    isolated: null,
    metric: "test_top1",
    cls: null,
    neuron: null,
    selection: null,
    tab: "neuron",
    view: null,
  };
}

/** Runs that a panel shows. */
export function runsOf(model: Model, state: State, panel: string): Run[] {
  const shown = panel.startsWith("*")
    ? model.runs.filter((run) => run.meta.scene === Number(panel.slice(1)))
    : model.runs.filter((run) => run.name === panel);
  return shown.filter((run) => !state.hidden.has(run.name));
}

/** Runs that some panel shows. */
export function shownRuns(model: Model, state: State): Run[] {
  const names = new Set(state.panels.flatMap((p) => runsOf(model, state, p)));
  return model.runs.filter((run) => names.has(run));
}

/** Corners of a region that an address tells at most. */
const CORNERS = 80;

export function write(model: Model, state: State): string {
  const parts: string[] = [];
  const put = (key: string, value: string | number) =>
    parts.push(`${key}=${encodeURIComponent(value).replaceAll("%2F", "/").replaceAll("%2C", ",")}`);
  // The last time is not named: who looks at it in a live page goes on with the training.
  if (state.at !== model.stops.at(-1)) put("e", round(state.at, 6));
  put("p", state.panels.map(encodeURIComponent).join(","));
  if (state.hidden.size > 0) put("h", [...state.hidden].map(encodeURIComponent).join(","));
  put("c", state.colour);
  if (state.isolated !== null) put("i", state.isolated);
  put("m", state.metric);
  put("t", state.tab);
  if (state.cls !== null) put("k", state.cls);
  if (state.neuron !== null) put("n", state.neuron.run.id(state.neuron.neuron));
  if (state.view !== null) put("v", [state.view.x, state.view.y, state.view.zoom].map((value) => round(value, 6)).join(","));
  const region = state.selection?.region;
  if (region) {
    const corners = thin(region.polygon).flat().map((value) => round(value, 5));
    put("l", [region.scene, round(region.at, 6), ...corners].join(","));
  }
  if (state.selection?.site) put("s", state.selection.site);
  return `#${parts.join("&")}`;
}

function round(value: number, places: number): number {
  return Number(value.toFixed(places));
}

function thin(polygon: [number, number][]): [number, number][] {
  const every = Math.ceil(polygon.length / CORNERS);
  return polygon.filter((_, i) => i % every === 0);
}

/** Reads an address; what it does not know, or is no longer there, is left out. */
export function read(model: Model, hash: string): Change {
  const found: Change = {};
  const values = new Map<string, string>();
  for (const part of hash.replace(/^#/, "").split("&")) {
    const cut = part.indexOf("=");
    if (cut > 0) values.set(part.slice(0, cut), safely(part.slice(cut + 1)));
  }
  const list = (key: string) => (values.get(key) ?? "").split(",").filter(Boolean).map(safely);
  const at = Number(values.get("e"));
  if (values.get("e") && Number.isFinite(at)) found.at = model.nearestStop(at);
  const panels = list("p").filter((p) => /^\*\d+$/.test(p) ? model.scenes[Number(p.slice(1))] : model.run(p));
  if (panels.length > 0) found.panels = panels.slice(0, 4);
  const hidden = list("h").filter((name) => model.run(name));
  if (hidden.length > 0) found.hidden = new Set(hidden);
  const colour = values.get("c");
  if (colour !== undefined && Object.hasOwn(COLOURS, colour)) found.colour = colour as ColourBy;
  const isolated = values.get("i");
  if (isolated !== undefined) found.isolated = isolated;
  const metric = values.get("m");
  if (metric !== undefined && Object.hasOwn(METRICS, metric)) found.metric = metric;
  const tab = values.get("t") as Tab;
  if (TABS.includes(tab)) found.tab = tab;
  const cls = values.get("k");
  if (cls !== undefined && model.classes.includes(cls)) found.cls = cls;
  const neuron = model.find(values.get("n") ?? "");
  if (neuron !== null) found.neuron = neuron;
  const view = list("v").map(Number);
  if (view.length === 3 && view.every(Number.isFinite) && view[2] > 0) {
    found.view = { x: view[0], y: view[1], zoom: view[2] };
  }
  const region = list("l").map(Number);
  if (region.length >= 8 && region.length % 2 === 0 && region.every(Number.isFinite)) {
    const [scene, time, ...corners] = region;
    const polygon = corners.flatMap((x, i) => (i % 2 === 0 ? [[x, corners[i + 1]]] : [])) as [number, number][];
    if (model.scenes[scene]) {
      const runs = shownRuns(model, { ...initial(model), ...found }).filter((run) => run.meta.scene === scene);
      found.selection = inside(model, runs, polygon, model.nearestStop(time), scene);
    }
  }
  for (const run of model.runs) {
    const site = run.meta.sites.findIndex((one) => values.get("s") === `${run.name}/${one.name}`);
    if (site >= 0) found.selection = ofSite(run, site);
  }
  return found;
}

function safely(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** All neurons of a site. */
export function ofSite(run: Run, site: number): Selection {
  const [start, stop] = run.siteRange(site);
  const own = new Set(Array.from({ length: stop - start }, (_, i) => start + i));
  const name = `${run.name}/${run.meta.sites[site].name}`;
  return { members: new Map([[run, own]]), told: `neurons of ${name}`, region: null, site: name };
}

/** The neurons of a group, at the time at which most are seen in their own snapshots. */
export function ofGiven(model: Model, given: Given): Change {
  const members = new Map<Run, Set<number>>();
  for (const { run, neuron } of given.shots) {
    members.set(run, (members.get(run) ?? new Set()).add(neuron));
  }
  const own = (at: number) => given.shots.filter(({ run, snapshot }) => run.at(at) === snapshot).length;
  const at = model.stops.reduce((best, stop) => (own(stop) >= own(best) ? stop : best));
  const told = `neurons of the study group ${given.name}${given.missing ? ` (${given.missing} not in this page)` : ""}`;
  return { selection: { members, told, region: null, site: null, given }, tab: "selection", at };
}

/** The selected neurons in the snapshots that are looked at. */
export function shotsOf(selection: Selection, at: number): Shot[] {
  if (selection.given !== undefined) return selection.given.shots;
  return [...selection.members].flatMap(([run, own]) =>
    [...own].sort((a, b) => a - b).map((neuron) => ({ run, neuron, snapshot: run.at(at) })),
  );
}

/** The same selection among the runs of another model, by their names. */
export function carry(selection: Selection | null, model: Model): Change {
  if (selection === null || selection.region !== null) return {};
  const members = new Map<Run, Set<number>>();
  for (const [run, own] of selection.members) {
    const heir = model.run(run.name);
    if (heir !== undefined && heir.neurons === run.neurons) members.set(heir, own);
  }
  return { selection: { ...selection, members } };
}

/** The neurons that lie in a region at a time. */
export function inside(model: Model, runs: Run[], polygon: [number, number][], at: number, scene: number): Selection {
  const members = new Map<Run, Set<number>>();
  const [xs, ys] = [polygon.map((p) => p[0]), polygon.map((p) => p[1])];
  const box = [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
  for (const run of runs) {
    const snapshot = run.at(at);
    const own = new Set<number>();
    for (let neuron = 0; neuron < run.neurons; neuron++) {
      const held = run.held(snapshot, neuron);
      if (held < 0) continue;
      const x = run.x(held, neuron);
      const y = run.y(held, neuron);
      if (x < box[0] || y < box[1] || x > box[2] || y > box[3]) continue;
      if (contains(polygon, x, y)) own.add(neuron);
    }
    if (own.size > 0) members.set(run, own);
  }
  const told = `neurons in the region at ${model.stopLabel(at)}`;
  return { members, told, region: { polygon, at, scene }, site: null };
}

function contains(polygon: [number, number][], x: number, y: number): boolean {
  let odd = false;
  for (let i = 0, j = polygon.length - 1; i < polygon.length; j = i++) {
    const [xi, yi] = polygon[i];
    const [xj, yj] = polygon[j];
    if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) odd = !odd;
  }
  return odd;
}

/** What the strip under the slider can show. */
export const METRICS: Record<string, string> = {
  test_top1: "accuracy, test",
  train_top1: "accuracy, training",
  entropy: "entropy in the space",
  effective_rank: "effective rank",
  movement: "mean movement",
  dead_share: "share of dead neurons",
  coverage: "mean coverage",
};
