/** What is looked at: one object, told to all parts, and kept in the address. */

import { read, write } from "./address";
import type { ColourBy } from "./colour";
import { contrastingRuns } from "./concepts";
import type { Model } from "./data/model";
import type { NeuronRef } from "./data/run";
import type { Selection } from "./selection";

export type Tab = "neuron" | "class" | "selection";
export const TABS: Tab[] = ["neuron", "class", "selection"];

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
  /** Whether of a class's ranking only evolutions that become the class are listed. */
  becoming: boolean;
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
const STEPS: (keyof State)[] = ["neuron", "cls", "becoming", "selection", "panels", "colour"];

export class Store {
  private readonly listeners: Listener[] = [];
  state: State;
  /** What the address asks for and the page does not have. */
  unknown: string[] = [];
  /** Steps of this visit by their number: not all that is looked at is in the address. */
  private readonly steps = new Map<number, { hash: string; state: State }>();
  /** Call when all maps are drawn. */
  tellFirstView!: () => void;
  /** Settles when the maps are drawn for the first time: what can wait is loaded then. */
  readonly firstView = new Promise<void>((resolve) => (this.tellFirstView = resolve));

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
    const start = initial(this.model, this.live);
    return { ...start, ...read(this.model, location.hash, start, this.unknown) };
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
    becoming: false,
    neuron: null,
    selection: null,
    pointed: null,
    tab: "neuron",
    view: null,
  };
}
