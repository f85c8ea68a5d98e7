/** Every key, and what it does. */

import { COLOURS, type ColourBy } from "../colour";
import { someMaps } from "../grid";
import type { Maps } from "../map/maps";
import { enlarge } from "../patches";
import type { Store, Tab } from "../state";
import type { Timeline } from "../time/timeline";
import type { Search } from "./search";

type Action = (event: KeyboardEvent) => void;

/** A key or several alike: how they are told, and what each does. */
export interface Key {
  shown: string;
  description: string;
  actions: Record<string, Action>;
}

/** The parts of the page that keys act on. */
export interface Controls {
  store: Store;
  maps: Maps;
  timeline: Timeline;
  search: Search;
  lasso(isOn: boolean): void;
  openHelp(): void;
}

/** Every key, as help tells it. */
export function keysOf(controls: Controls): Key[] {
  const { store, maps, timeline, search } = controls;
  const colours = Object.keys(COLOURS) as ColourBy[];
  const next = () => colours[(colours.indexOf(store.state.colour) + 1) % colours.length];
  const step = (by: number) => (event: KeyboardEvent) => {
    timeline.pause();
    timeline.step(event.shiftKey ? 5 * by : by);
  };
  const show = (count: number) => () => store.set({ panels: someMaps(store.model, store.state, count) });
  const tab = (name: Tab) => () => store.set({ tab: name });
  const larger = () => maps.zoom(1.4);
  return [
    { shown: "space", description: "play or pause", actions: { " ": () => timeline.toggle() } },
    {
      shown: "← →",
      description: "one snapshot back or on (shift: five)",
      actions: { ArrowLeft: step(-1), ArrowRight: step(1) },
    },
    { shown: "home, end", description: "first or last snapshot", actions: { Home: step(-Infinity), End: step(Infinity) } },
    { shown: "/", description: "search", actions: { "/": () => search.focus() } },
    { shown: "L", description: "draw a region", actions: { l: () => controls.lasso(!maps.actions.isLassoing) } },
    {
      shown: "R",
      description: "select what lies around the chosen neuron",
      actions: { r: () => maps.actions.selectAround() },
    },
    {
      shown: "[ ]",
      description: "neuron before or after in its run",
      actions: { "[": () => chooseBeside(store, -1), "]": () => chooseBeside(store, 1) },
    },
    {
      shown: "M",
      description: "go to the map; there the arrows walk from neuron to neuron, with shift they move the map",
      actions: { m: () => maps.focus() },
    },
    {
      shown: "+ − 0",
      description: "larger, smaller, all",
      actions: { "+": larger, "=": larger, "-": () => maps.zoom(1 / 1.4), "0": () => maps.zoom(0) },
    },
    { shown: "C", description: "next colouring", actions: { c: () => store.set({ colour: next() }) } },
    {
      shown: "1 2 3 4",
      description: "so many maps side by side",
      actions: { "1": show(1), "2": show(2), "3": show(3), "4": show(4) },
    },
    {
      shown: "N K S",
      description: "neuron, class, selection",
      actions: { n: tab("neuron"), k: tab("class"), s: tab("selection") },
    },
    { shown: "P", description: "the chosen neuron's patches, larger", actions: { p: () => enlargePatches(store) } },
    { shown: "Z", description: "take back the last step, as the browser's Back", actions: { z: () => store.undo() } },
    { shown: "esc", description: "clear: region, selection, then neuron", actions: { Escape: () => clear(controls) } },
    { shown: "?", description: "this page", actions: { "?": () => controls.openHelp() } },
  ];
}

/** Follows keys on the whole page until the signal, but for those that are typed. */
export function listenToKeys(keys: Key[], signal: AbortSignal): void {
  const actions = new Map(keys.flatMap((key) => Object.entries(key.actions)));
  const press = (event: KeyboardEvent) => {
    const target = event.target as HTMLElement;
    const isTyping =
      target.matches("input:not([type=range], [type=checkbox]), select, textarea") || document.querySelector("dialog[open]") !== null;
    if (isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
    const name = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const action = actions.get(name);
    // A button, a box or a heading that opens, if it has the focus, is pressed by space.
    if (action === undefined || (event.key === " " && target.closest("button, summary, [type=checkbox]"))) return;
    event.preventDefault();
    action(event);
  };
  document.addEventListener("keydown", press, { signal });
}

function enlargePatches({ state: { neuron, at } }: Store): void {
  if (neuron === null) return;
  const { run } = neuron;
  void run.loadPatches().then(() => enlarge(run, run.at(at), neuron.neuron));
}

/** Chooses the neuron before or after in its run; without any, the first or last of a run. */
function chooseBeside(store: Store, by: number): void {
  const { neuron } = store.state;
  const { runs } = store.model;
  const run = neuron?.run ?? runs.find(({ meta }) => !meta.is_base) ?? runs[0];
  const current = neuron === null ? (by > 0 ? -1 : run.neurons) : neuron.neuron;
  const next = Math.max(0, Math.min(run.neurons - 1, current + by));
  store.set({ neuron: { run, neuron: next }, tab: "neuron" });
}

function clear({ store, maps, lasso }: Controls): void {
  if (maps.actions.isLassoing) lasso(false);
  else if (store.state.selection !== null) store.set({ selection: null });
  else store.set({ neuron: null });
}
