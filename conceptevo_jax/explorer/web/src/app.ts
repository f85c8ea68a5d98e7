/** The whole page of one model: its parts, its bar, and its keys. */

import { COLOURS, type ColourBy } from "./colour";
import type { Model } from "./data/model";
import { download, h, refill } from "./dom";
import { GRID, gridOf, isGrid, someMaps } from "./grid";
import { Help, type Key } from "./help";
import { legendOf } from "./legend";
import { Maps } from "./map/maps";
import { NeuronPane } from "./panes/neuron";
import { RankingPane } from "./panes/ranking";
import { SelectionPane } from "./panes/selection";
import { classCounts, enlarge } from "./patches";
import { Search } from "./search";
import { carry, shotsOf } from "./selection";
import { sheetHandle } from "./sheet";
import { type State, Store, type Tab, TABS } from "./state";
import { onThemeChange } from "./theme";
import { Timeline } from "./timeline";

const TITLES: Record<Tab, string> = { neuron: "Neuron", class: "Class", selection: "Selection" };

export class App {
  private readonly store: Store;
  private readonly maps: Maps;
  private readonly timeline: Timeline;
  private readonly search: Search;
  private readonly help: Help;
  private readonly actions: Map<string, (event: KeyboardEvent) => void>;
  private readonly live = h("p.sr", { role: "status", "aria-live": "polite" });
  private readonly lassoButton: HTMLButtonElement;
  private readonly stop = new AbortController();

  constructor(
    root: HTMLElement,
    private readonly model: Model,
    finished: boolean | null = null,
    before: App | null = null,
  ) {
    document.title = `${model.meta.title} · conceptevo`;
    const carried = before === null ? {} : carry(before.store.state.selection, model);
    this.store = new Store(model, this.stop.signal, finished !== null, carried);
    const say = (text: string) => {
      this.live.textContent = text;
    };
    this.maps = new Maps(this.store, () => this.lasso(false));
    this.timeline = new Timeline(this.store, (ms) => (this.maps.tween = ms), say);
    this.search = new Search(this.store, say);
    const keys = this.keys();
    this.actions = new Map(keys.flatMap(({ on }) => Object.entries(on)));
    this.help = new Help(model, keys);
    this.lassoButton = h(
      "button.lasso",
      { "aria-pressed": "false", title: "Draw a region on a map (L)", onclick: () => this.lasso(!this.maps.lassoing) },
      "Draw a region",
    );
    root.replaceChildren(
      this.unknown(),
      h("header.bar", null, this.title(finished), this.search.element, ...this.choices(), this.lassoButton, this.helpButton()),
      h("main", null, h("div.stage", null, this.maps.element, this.legend()), this.side(say)),
      this.timeline.element,
      this.timeline.strip.element,
      this.live,
      this.help.element,
    );
    this.announce(say);
    document.addEventListener("keydown", (event) => this.key(event), { signal: this.stop.signal });
    this.store.begin();
    root.dataset.ready = "true";
  }

  /** What the address asks for in vain. */
  private unknown(): HTMLElement {
    const { store } = this;
    const banner = h("p.banner", { role: "alert", hidden: true });
    const told = h("span");
    const close = () => {
      banner.hidden = true;
    };
    banner.append(told, h("button.quiet", { "aria-label": "Close this notice", onclick: close }, "✕"));
    store.listen(() => {
      const { unknown } = store;
      if (unknown.length === 0) return;
      store.unknown = [];
      told.textContent = `The address asks for what is not in this page: ${unknown.join(", ")}.`;
      banner.hidden = false;
    });
    return banner;
  }

  /** Leaves the page to another model; the view is in the address. */
  close(): void {
    this.timeline.close();
    this.stop.abort();
    this.maps.close();
  }

  /** Tells those who do not see it what has changed. */
  private announce(say: (text: string) => void): void {
    this.store.listen((state, changed) => {
      if (changed.size > 4) return;
      if (changed.has("neuron") && state.neuron !== null) {
        const { run, neuron } = state.neuron;
        const first = run.patches === null ? undefined : classCounts(run, run.at(state.at), neuron)[0];
        say(`${run.nameAt(run.at(state.at), neuron)}${first === undefined ? "" : `, mostly ${first[0]}`}`);
      } else if (changed.has("selection") && state.selection !== null) {
        say(`${shotsOf(state.selection, state.at).length} ${state.selection.told}`);
      } else if (changed.has("colour")) say(`coloured by ${COLOURS[state.colour]}`);
      else if (changed.has("panels")) say(`${state.panels.length} maps`);
    });
  }

  private title(finished: boolean | null): HTMLElement {
    const state = finished === null ? "" : finished ? "training finished" : "live";
    return h("h1", null, this.model.meta.title, state !== "" && h("span.badge", null, state));
  }

  private helpButton(): HTMLElement {
    return h("button", { onclick: () => this.help.open(), title: "How to read the map, and keys (?)" }, "Help");
  }

  private choices(): HTMLElement[] {
    const { store, model } = this;
    const select = (
      label: string,
      options: [string, string][],
      value: (state: State) => string,
      choose: (value: string) => void,
    ) => {
      const element = h(
        "select",
        { "aria-label": label, onchange: () => choose(element.value) },
        options.map(([key, text]) => h("option", { value: key }, text)),
      );
      store.listen((state) => {
        element.value = value(state);
      });
      return h("label.choice", null, h("span", null, label), element);
    };
    return [
      select(
        "class",
        [["", "none"], ...model.classes.map((name): [string, string] => [name, name])],
        (state) => state.cls ?? "",
        (name) => store.set(name === "" ? { cls: null } : { cls: name, tab: "class" }),
      ),
      select(
        "colour",
        Object.entries(COLOURS),
        (state) => state.colour,
        (colour) => store.set({ colour: colour as ColourBy }),
      ),
      select(
        "maps",
        [...[1, 2, 3, 4].map((n): [string, string] => [String(n), String(n)]), [GRID, "runs × epochs"]],
        (state) => (isGrid(state) ? GRID : String(Math.min(4, state.panels.length))),
        (count) => {
          if (count === GRID) this.store.set({ panels: gridOf(this.model, this.store.state) });
          else this.showMaps(Number(count));
        },
      ),
    ];
  }

  private showMaps(count: number): void {
    this.store.set({ panels: someMaps(this.model, this.store.state, count) });
  }

  private legend(): HTMLElement {
    const entries = h("div.entries");
    const save = h("button", { onclick: () => void this.picture() }, "PNG of the maps");
    const element = h("section.legend", { "aria-label": "legend" }, entries, save);
    const renew = () => refill(entries, ...legendOf(this.store));
    const shown = ["colour", "cls", "isolated", "hidden", "panels"] as const;
    this.store.listen((_, changed) => {
      if (shown.some((key) => changed.has(key))) renew();
    });
    this.stop.signal.addEventListener("abort", onThemeChange(renew));
    return element;
  }

  private side(say: (text: string) => void): HTMLElement {
    const panes: Record<Tab, HTMLElement> = {
      neuron: new NeuronPane(this.store).element,
      class: new RankingPane(this.store).element,
      selection: new SelectionPane(this.store, say).element,
    };
    const tabs = TABS.map((tab) =>
      h(
        "button",
        { role: "tab", id: `tab-${tab}`, "aria-controls": `pane-${tab}`, onclick: () => this.store.set({ tab }) },
        TITLES[tab],
      ),
    );
    const bodies = TABS.map((tab) =>
      h("div.body", { role: "tabpanel", id: `pane-${tab}`, "aria-labelledby": `tab-${tab}`, tabindex: 0 }, panes[tab]),
    );
    const list = h(
      "div.tabs",
      {
        role: "tablist",
        "aria-label": "details",
        onkeydown: (event: KeyboardEvent) => {
          const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
          if (by === undefined) return;
          event.stopPropagation();
          const next = (TABS.indexOf(this.store.state.tab) + by + TABS.length) % TABS.length;
          this.store.set({ tab: TABS[next] });
          tabs[next].focus();
        },
      },
      tabs,
    );
    this.store.listen((state, changed) => {
      if (!changed.has("tab")) return;
      TABS.forEach((tab, i) => {
        const chosen = tab === state.tab;
        tabs[i].setAttribute("aria-selected", String(chosen));
        tabs[i].tabIndex = chosen ? 0 : -1;
        bodies[i].hidden = !chosen;
      });
    });
    const side = h("aside.side", { "aria-label": "neuron, class and selection" }, list, bodies);
    side.prepend(sheetHandle(this.store, side, this.maps.element));
    return side;
  }

  private lasso(on: boolean): void {
    this.maps.lassoing = on;
    this.maps.element.classList.toggle("lassoing", on);
    this.lassoButton.setAttribute("aria-pressed", String(on));
  }

  private async picture(): Promise<void> {
    const { state } = this.store;
    const label = this.model.stopLabel(state.at);
    const caption = `${this.model.meta.title} · ${label} · coloured by ${COLOURS[state.colour]}`;
    const names = state.panels.map((panel) => (panel.startsWith("*") ? "all runs" : panel));
    const name = [this.model.meta.title, ...new Set(names), `by ${COLOURS[state.colour]}`, label].join(" ");
    download(`${name.replaceAll(/[^\p{L}\p{N}_.]+/gu, "-")}.png`, await this.maps.picture(caption));
  }

  private key(event: KeyboardEvent): void {
    const target = event.target as HTMLElement;
    const typing = target.matches("input:not([type=range], [type=checkbox]), select, textarea") || document.querySelector("dialog[open]") !== null;
    if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
    const name = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const action = this.actions.get(name);
    // A button, a box or a heading that opens, if it has the focus, is pressed by space.
    if (action === undefined || (event.key === " " && target.closest("button, summary, [type=checkbox]"))) return;
    event.preventDefault();
    action(event);
  }

  /** Every key, as help tells it. */
  private keys(): Key[] {
    const { store, maps, timeline } = this;
    const colours = Object.keys(COLOURS) as ColourBy[];
    const next = () => colours[(colours.indexOf(store.state.colour) + 1) % colours.length];
    const step = (by: number) => (event: KeyboardEvent) => {
      timeline.pause();
      timeline.step(event.shiftKey ? 5 * by : by);
    };
    const panels = Object.fromEntries([1, 2, 3, 4].map((n) => [String(n), () => this.showMaps(n)]));
    const tab = (name: Tab) => () => store.set({ tab: name });
    const larger = () => maps.zoom(1.4);
    return [
      { shown: "space", what: "play or pause", on: { " ": () => timeline.toggle() } },
      {
        shown: "← →",
        what: "one snapshot back or on (shift: five)",
        on: { ArrowLeft: step(-1), ArrowRight: step(1) },
      },
      { shown: "home, end", what: "first or last snapshot", on: { Home: step(-Infinity), End: step(Infinity) } },
      { shown: "/", what: "search", on: { "/": () => this.search.focus() } },
      { shown: "L", what: "draw a region", on: { l: () => this.lasso(!maps.lassoing) } },
      { shown: "R", what: "select what lies around the chosen neuron", on: { r: () => maps.selectAround() } },
      {
        shown: "[ ]",
        what: "neuron before or after in its run",
        on: { "[": () => this.beside(-1), "]": () => this.beside(1) },
      },
      {
        shown: "M",
        what: "go to the map; there the arrows walk from neuron to neuron, with shift they move the map",
        on: { m: () => maps.focus() },
      },
      {
        shown: "+ − 0",
        what: "larger, smaller, all",
        on: { "+": larger, "=": larger, "-": () => maps.zoom(1 / 1.4), "0": () => maps.zoom(0) },
      },
      { shown: "C", what: "next colouring", on: { c: () => store.set({ colour: next() }) } },
      { shown: "1 2 3 4", what: "so many maps side by side", on: panels },
      {
        shown: "N K S",
        what: "neuron, class, selection",
        on: { n: tab("neuron"), k: tab("class"), s: tab("selection") },
      },
      { shown: "P", what: "the chosen neuron's patches, larger", on: { p: () => this.enlarge() } },
      { shown: "Z", what: "take back the last step, as the browser's Back", on: { z: () => store.undo() } },
      { shown: "esc", what: "clear: region, selection, then neuron", on: { Escape: () => this.clear() } },
      { shown: "?", what: "this page", on: { "?": () => this.help.open() } },
    ];
  }

  private enlarge(): void {
    const { neuron, at } = this.store.state;
    if (neuron === null) return;
    const { run } = neuron;
    void run.loadPatches().then(() => enlarge(run, run.at(at), neuron.neuron));
  }

  private beside(by: number): void {
    const { neuron } = this.store.state;
    const run = neuron?.run ?? this.model.runs.find((one) => !one.meta.is_base) ?? this.model.runs[0];
    const now = neuron === null ? (by > 0 ? -1 : run.neurons) : neuron.neuron;
    const next = Math.max(0, Math.min(run.neurons - 1, now + by));
    this.store.set({ neuron: { run, neuron: next }, tab: "neuron" });
  }

  private clear(): void {
    if (this.maps.lassoing) this.lasso(false);
    else if (this.store.state.selection !== null) this.store.set({ selection: null });
    else this.store.set({ neuron: null });
  }
}
