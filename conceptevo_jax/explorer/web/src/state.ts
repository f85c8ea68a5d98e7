/** What is looked at: one object, told to all parts, and kept in the address. */

import { COLOURS, type ColourBy } from "./colour";
import { baseOf, contrastingRuns, holders } from "./concepts";
import { type Given, type Model, type NeuronRef, type Run, type Shot } from "./data/model";

export type Tab = "neuron" | "class" | "selection";
/** Maps side by side at most. */
export const MAPS = 15;
export const TABS: Tab[] = ["neuron", "class", "selection"];

/** Chosen neurons, and how they were: a region can be told in an address. */
export interface Selection {
  members: Map<Run, Set<number>>;
  told: string;
  region: { polygon: [number, number][]; at: number; scene: number } | null;
  /** `run/site`, where it is a whole site. */
  site: string | null;
  /** The concept of which it is all holders in some runs at a time. */
  concept?: { runs: Run[]; number: number; at: number };
  /** The group of a study that it is; its neurons are seen in snapshots of their own. */
  given?: Given;
}

export interface State {
  /** How much training lies behind what is shown, in epochs. */
  at: number;
  /**
   * Per panel a run's name, or `*` and a scene's number for all of its runs; with `@` and
   * an epoch the panel stays in that snapshot.
   */
  panels: string[];
  hidden: Set<string>;
  colour: ColourBy;
  /** The entry of a legend whose neurons alone are shown while it is the legend. */
  isolated: string | null;
  metric: string;
  /** The run whose neurons per concept are shown; null leaves it to the maps. */
  counted: string | null;
  cls: string | null;
  neuron: NeuronRef | null;
  selection: Selection | null;
  /** A neuron that a list points at, ringed on the maps; the address leaves it out. */
  pointed: NeuronRef | null;
  tab: Tab;
  /** How far the maps are from showing the whole, and their scale against it. */
  view: { x: number; y: number; zoom: number } | null;
}

export type Change = Partial<State>;
type Listener = (state: State, changed: Set<keyof State>) => void;

/** A change of these is a step of its own, which the browser's Back takes back. */
const STEPS: (keyof State)[] = ["neuron", "cls", "selection", "panels", "colour"];

export class Store {
  private readonly listeners: Listener[] = [];
  state: State;
  /** What the address asks for and the page does not have. */
  unknown: string[] = [];
  /** Steps of this visit by their number: not all that is looked at is in the address. */
  private readonly steps = new Map<number, { hash: string; state: State }>();

  constructor(
    readonly model: Model,
    signal: AbortSignal,
    private readonly live: boolean,
    carried: Change = {},
  ) {
    this.state = { ...this.fromAddress(), ...carried };
    this.steps.set(this.step, { hash: location.hash, state: this.state });
    // Steps may have one address, so that `hashchange` would miss some.
    window.addEventListener("popstate", () => this.follow(), { signal });
    // Who follows reads the address: what was looked at last must be in it.
    signal.addEventListener("abort", () => this.timer !== 0 && this.keep());
  }

  private get step(): number {
    return Number(history.state ?? 0);
  }

  private fromAddress(): State {
    this.unknown = [];
    return { ...initial(this.model, this.live), ...read(this.model, location.hash, this.unknown) };
  }

  /** The address was changed, or the browser went back or on. */
  private follow(): void {
    window.clearTimeout(this.timer);
    this.timer = 0;
    const known = this.steps.get(this.step);
    if (known?.hash === location.hash) this.change(known.state);
    else if (write(this.model, this.state) !== location.hash) this.change(this.fromAddress());
  }

  /** Takes back the last step. */
  undo(): void {
    if (this.step > 0) history.back();
  }

  listen(listener: Listener): void {
    this.listeners.push(listener);
  }

  set(change: Change): void {
    const isStep = STEPS.some((key) => key in change && change[key] !== this.state[key]);
    if (isStep) this.keep();
    if (!this.change(change)) return;
    if (isStep) {
      const hash = write(this.model, this.state);
      history.pushState(this.step + 1, "", hash);
      this.steps.set(this.step, { hash, state: this.state });
    } else this.remember();
  }

  private change(change: Change): boolean {
    const changed = new Set<keyof State>();
    for (const key of Object.keys(change) as (keyof State)[]) {
      if (this.state[key] !== change[key]) changed.add(key);
    }
    if (changed.size === 0) return false;
    this.state = { ...this.state, ...change };
    for (const listener of this.listeners) listener(this.state, changed);
    return true;
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
    const hash = write(this.model, this.state);
    history.replaceState(history.state, "", hash);
    this.steps.set(this.step, { hash, state: this.state });
  }

  /** Every listener once, as if all had changed. */
  begin(): void {
    const all = new Set(Object.keys(this.state) as (keyof State)[]);
    for (const listener of this.listeners) listener(this.state, all);
  }
}

/** The maps that open: the healthiest and the worst run, or a map of all runs per space. */
function openingPanels(model: Model): string[] {
  const runs = contrastingRuns(model);
  if (model.scenes.length > 1 || runs.length === 0) return model.scenes.map((_, s) => `*${s}`);
  return runs.map((run) => run.name);
}

/** The view that opens: concepts before training, and of a training that runs the newest. */
export function initial(model: Model, live: boolean): State {
  return {
    at: live ? model.stops.at(-1)! : model.stops[0],
    panels: openingPanels(model),
    hidden: new Set(),
    colour: "group",
    isolated: null,
    metric: model.scenes.some(({ groups }) => groups.length > 0) ? "concepts" : "test_top1",
    counted: null,
    cls: null,
    neuron: null,
    selection: null,
    pointed: null,
    tab: "neuron",
    view: null,
  };
}

/** What a panel shows, without the epoch in which it stays. */
export function subject(panel: string): string {
  return panel.replace(/@[^@]*$/, "");
}

/** The epoch in which a panel stays; null where it follows the slider. */
export function pinnedEpoch(panel: string): string | null {
  return panel.includes("@") ? panel.slice(subject(panel).length + 1) : null;
}

/** All runs of a panel's kind, hidden or not. */
function candidates(model: Model, panel: string): Run[] {
  const name = subject(panel);
  return name.startsWith("*")
    ? model.runs.filter((run) => run.meta.scene === Number(name.slice(1)))
    : model.runs.filter((run) => run.name === name);
}

/** Runs that a panel shows. */
export function runsOf(model: Model, state: State, panel: string): Run[] {
  return candidates(model, panel).filter((run) => !state.hidden.has(run.name));
}

/** The base that a panel shows in grey below its runs; null where it is one of them, or hidden. */
export function backdropOf(model: Model, state: State, panel: string): Run | null {
  const runs = candidates(model, panel);
  const base = runs.length === 0 ? undefined : baseOf(model, runs[0].meta.scene);
  return base === undefined || runs.includes(base) || state.hidden.has(base.name) ? null : base;
}

/** Snapshots in which a panel may stay: their times by their epochs. */
export function pinnable(model: Model, panel: string): Map<string, number> {
  const runs = candidates(model, panel);
  const timed = runs.filter((run) => !run.meta.is_base);
  const times = (timed.length > 0 ? timed : runs).flatMap(({ meta }) =>
    meta.epochs.map((epoch, t): [string, number] => [String(epoch), meta.progress[t]]),
  );
  return new Map(times.sort((a, b) => a[1] - b[1]));
}

/** The time that a panel shows. */
export function timeOf(model: Model, state: State, panel: string): number {
  const epoch = pinnedEpoch(panel);
  return (epoch === null ? undefined : pinnable(model, panel).get(epoch)) ?? state.at;
}

/** Runs that some panel shows. */
export function shownRuns(model: Model, state: State): Run[] {
  const names = new Set(state.panels.flatMap((p) => runsOf(model, state, p)));
  return model.runs.filter((run) => names.has(run));
}

/** The last time, in an address. */
const LAST = "last";

/** Corners of a region that an address tells at most. */
const CORNERS = 80;

export function write(model: Model, state: State): string {
  const parts: string[] = [];
  const put = (key: string, value: string | number) =>
    parts.push(`${key}=${encodeURIComponent(value).replaceAll("%2F", "/").replaceAll("%2C", ",")}`);
  // The last time is not told as a number: who looks at it in a live page goes on with the training.
  put("e", state.at === model.stops.at(-1) ? LAST : round(state.at, 6));
  put("p", state.panels.map(encodeURIComponent).join(","));
  if (state.hidden.size > 0) put("h", [...state.hidden].map(encodeURIComponent).join(","));
  put("c", state.colour);
  if (state.isolated !== null) put("i", state.isolated);
  put("m", state.metric);
  if (state.counted !== null) put("b", state.counted);
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
  const concept = state.selection?.concept;
  if (concept) put("g", [concept.number, round(concept.at, 6), ...concept.runs.map(({ name }) => encodeURIComponent(name))].join(","));
  return `#${parts.join("&")}`;
}

function round(value: number, places: number): number {
  return Number(value.toFixed(places));
}

function thin(polygon: [number, number][]): [number, number][] {
  const every = Math.ceil(polygon.length / CORNERS);
  return polygon.filter((_, i) => i % every === 0);
}

/** Reads an address; what it does not know, or is no longer there, is left out and listed. */
export function read(model: Model, hash: string, unknown: string[]): Change {
  const found: Change = {};
  const values = new Map<string, string>();
  for (const part of hash.replace(/^#/, "").split("&")) {
    const cut = part.indexOf("=");
    if (cut > 0) values.set(part.slice(0, cut), safely(part.slice(cut + 1)));
  }
  const list = (key: string) => (values.get(key) ?? "").split(",").filter(Boolean).map(safely);
  const known = <T>(key: string, value: T | null | undefined | false): value is T => {
    const isKnown = value !== null && value !== undefined && value !== false;
    if (!isKnown && values.has(key)) unknown.push(values.get(key)!);
    return isKnown;
  };
  const all = (key: string, has: (name: string) => unknown) =>
    list(key).filter((name) => has(name) || (unknown.push(name), false));
  const asked = values.get("e");
  const at = asked === LAST ? model.stops.at(-1)! : Number(asked);
  if (known("e", asked && Number.isFinite(at))) found.at = model.nearestStop(at);
  const panels = all("p", (panel) => isPanel(model, panel));
  if (panels.length > 0) found.panels = panels.slice(0, MAPS);
  const hidden = all("h", (name) => model.run(name));
  if (hidden.length > 0) found.hidden = new Set(hidden);
  const colour = values.get("c") ?? "";
  if (known("c", Object.hasOwn(COLOURS, colour))) found.colour = colour as ColourBy;
  const isolated = values.get("i");
  if (isolated !== undefined) found.isolated = isolated;
  const metric = values.get("m") ?? "";
  if (known("m", Object.hasOwn(METRICS, metric))) found.metric = metric;
  const counted = model.run(values.get("b") ?? "");
  if (known("b", counted)) found.counted = counted.name;
  const tab = values.get("t") as Tab;
  if (known("t", TABS.includes(tab))) found.tab = tab;
  const cls = values.get("k") ?? "";
  if (known("k", model.classes.includes(cls))) found.cls = cls;
  const neuron = model.find(values.get("n") ?? "");
  if (known("n", neuron)) found.neuron = neuron;
  const view = list("v").map(Number);
  if (view.length === 3 && view.every(Number.isFinite) && view[2] > 0) {
    found.view = { x: view[0], y: view[1], zoom: view[2] };
  }
  const region = list("l").map(Number);
  if (region.length >= 8 && region.length % 2 === 0 && region.every(Number.isFinite)) {
    const [scene, time, ...corners] = region;
    const polygon = corners.flatMap((x, i) => (i % 2 === 0 ? [[x, corners[i + 1]]] : [])) as [number, number][];
    if (model.scenes[scene]) {
      const runs = shownRuns(model, { ...initial(model, false), ...found }).filter((run) => run.meta.scene === scene);
      found.selection = inside(model, runs, polygon, model.nearestStop(time), scene);
    }
  }
  const sited = model.runs
    .map((run) => ({ run, site: run.meta.sites.findIndex(({ name }) => values.get("s") === `${run.name}/${name}`) }))
    .find(({ site }) => site >= 0);
  if (known("s", sited)) found.selection = ofSite(sited.run, sited.site);
  const [number, time, ...names] = list("g");
  const holding = names.map((name) => model.run(name)).filter((run) => run !== undefined);
  const isThere = holding.length > 0 && holding.length === names.length && Number.isFinite(Number(time));
  if (known("g", isThere && holding.every((run) => run.scene === holding[0].scene && run.scene.groups[Number(number)]))) {
    found.selection = ofConcept(holding, Number(number), model.nearestStop(Number(time)));
  }
  return found;
}

function isPanel(model: Model, panel: string): boolean {
  const name = subject(panel);
  const epoch = pinnedEpoch(panel);
  const exists = /^\*\d+$/.test(name) ? model.scenes[Number(name.slice(1))] : model.run(name);
  return exists !== undefined && (epoch === null || pinnable(model, panel).has(epoch));
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
  const { name: layer } = run.meta.sites[site];
  const name = `${run.name}/${layer}`;
  return { members: new Map([[run, own]]), told: `neurons of ${run.title}, ${layer}`, region: null, site: name };
}

/** The live neurons of some runs of a scene that hold a concept at a time. */
export function ofConcept(runs: Run[], number: number, at: number): Selection {
  const [run, ...others] = runs;
  const members = new Map(runs.map((one) => [one, holders(one, one.at(at), number)]));
  const { name } = run.scene.groups[number];
  const isOfOne = others.length === 0;
  const when = isOfOne ? run.label(run.at(at)) : run.model.stopLabel(at);
  const told = `neurons${isOfOne ? ` of ${run.title}` : ""} that hold ${name} at ${when}`;
  return { members, told, region: null, site: null, concept: { runs, number, at } };
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

/** The same selection among the runs of another model, by their names; of some the address tells. */
export function carry(selection: Selection | null, model: Model): Change {
  if (selection === null || selection.region !== null || selection.concept !== undefined) return {};
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

/** Whether a neuron has a place within a region. */
export function liesIn(polygon: [number, number][], { run, neuron, snapshot }: Shot): boolean {
  return run.placed(snapshot, neuron) && contains(polygon, run.x(snapshot, neuron), run.y(snapshot, neuron));
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
  concepts: "neurons per concept",
  selection: "neurons of the selection",
  test_top1: "accuracy, test",
  train_top1: "accuracy, training",
  entropy: "entropy in the space",
  effective_rank: "effective rank",
  movement: "mean movement",
  dead_share: "share of dead neurons",
  coverage: "mean coverage",
};
