/** Maps side by side, which look at the same place, at one time or each at its own. */

import { createRenderer } from "regl-scatterplot";

import { colouring } from "../colour";
import { countedRuns } from "../concepts";
import type { Model } from "../data/model";
import type { NeuronRef } from "../data/run";
import { h, onceAFrame } from "../dom";
import { backdropOf, pinnedEpoch, runsOf, subject, timeOf } from "../panels";
import { inside, ofConcept, type Selection } from "../selection";
import type { State, Store } from "../state";
import { onThemeChange } from "../theme";
import { coinciding, frameHead } from "./frame";
import { Labels } from "./labels";
import { drawMarks, showPatches } from "./marks";
import { Panel, type View } from "./panel";
import { picture } from "./picture";
import { listenTo } from "./pointer";
import { Tooltip } from "./tooltip";
import type { Bend } from "./trail";

/** Pixels within which a neuron is meant, and where the words of a label are. */
const REACH = 9;
const CLOSE = 4;

/** Share of a map's sides that its points take up at first. */
const MARGIN = 0.92;

export class Maps {
  readonly element = h("section.maps", { "aria-label": "maps" });
  private readonly renderer = createRenderer({ canvas: h("canvas") });
  private panels: Panel[] = [];
  private readonly labels = new Map<Panel, Labels>();
  private readonly bends = new Map<Panel, Bend[]>();
  private frames: HTMLElement[] = [];
  private readonly tooltip: Tooltip;
  private readonly model: Model;
  private readonly bounds: [number, number, number, number][];
  private hovered: NeuronRef | null = null;
  private readonly stopTheme: () => void;
  /** Whether dragging draws a region in place of moving the map. */
  lassoing = false;
  private readonly observer = new ResizeObserver(onceAFrame(() => this.resize()));
  /** How long points take to their next places, in ms. */
  tween = 0;

  constructor(
    private readonly store: Store,
    private readonly onLassoEnd: () => void,
  ) {
    this.model = store.model;
    this.tooltip = new Tooltip(this.element);
    this.bounds = this.model.scenes.map((_, scene) => this.model.bounds(scene));
    this.observer.observe(this.element);
    this.stopTheme = onThemeChange(() => this.repaint());
    store.listen((state, changed) => this.update(state, changed));
  }

  private get state(): State {
    return this.store.state;
  }

  private get scenes(): number[] {
    return this.state.panels.map(subject).map((p) =>
      p.startsWith("*") ? Number(p.slice(1)) : this.model.run(p)!.meta.scene,
    );
  }

  /** The time that a map shows. */
  private at(place: number): number {
    return timeOf(this.model, this.state, this.state.panels[place]);
  }

  private update(state: State, changed: Set<keyof State>): void {
    if (changed.has("panels")) this.rebuild();
    const drawn = ["at", "panels", "hidden", "colour", "isolated"] as const;
    const recoloured = changed.has("cls") && state.colour === "importance";
    if (recoloured || drawn.some((key) => changed.has(key))) void this.draw();
    else if (changed.has("selection")) for (const panel of this.panels) panel.mark(state.selection);
    // A map that is being moved must not be put back to where it was a frame ago.
    if (changed.has("view") && (state.view === null || state.view !== this.told)) {
      for (const panel of this.panels) panel.look(this.view(panel));
    }
    if (drawn.some((key) => changed.has(key))) this.leave();
    this.marks();
  }

  /** What the mouse pointed at may be elsewhere now. */
  private leave(): void {
    this.hovered = null;
    this.tooltip.hide();
  }

  /** The whole of a map, but for a few outliers. */
  private whole(panel: Panel): View {
    const { width, height } = panel.size;
    const [left, bottom, right, top] = this.bounds[this.scenes[this.panels.indexOf(panel)] ?? 0];
    const aspect = width / Math.max(1, height);
    const zoom = MARGIN * Math.min((2 * aspect) / (right - left), 2 / (top - bottom));
    return { x: (left + right) / 2, y: (bottom + top) / 2, zoom };
  }

  /** What is looked at is told from the whole, so that it fits any map and window. */
  private view(panel: Panel, seen = this.state.view): View {
    const whole = this.whole(panel);
    if (seen === null) return whole;
    return { x: whole.x + seen.x, y: whole.y + seen.y, zoom: whole.zoom * seen.zoom };
  }

  private seen(panel: Panel, view: View): View {
    const whole = this.whole(panel);
    return { x: view.x - whole.x, y: view.y - whole.y, zoom: view.zoom / whole.zoom };
  }

  private rebuild(): void {
    const count = this.state.panels.length;
    while (this.panels.length > count) this.remove(this.panels.pop()!);
    while (this.panels.length < count) this.panels.push(this.newPanel());
    for (const frame of this.frames) frame.remove();
    this.frames = this.panels.map((panel, i) => this.frame(panel, i));
    this.element.append(...this.frames);
    this.element.dataset.count = String(count);
    // More than four are runs by epochs: a row per run.
    const first = subject(this.state.panels[0]);
    const columns = this.state.panels.filter((p) => subject(p) === first).length;
    this.element.style.gridTemplate = count > 4 ? `repeat(${Math.ceil(count / columns)}, minmax(0, 1fr)) / repeat(${columns}, minmax(0, 1fr))` : "";
    this.resize();
  }

  private remove(panel: Panel): void {
    this.labels.delete(panel);
    this.bends.delete(panel);
    panel.destroy();
  }

  /** In the other look, dark or light, all colours are others. */
  private repaint(): void {
    for (const panel of this.panels) {
      panel.repaint();
      this.labels.get(panel)!.repaint();
    }
    void this.draw();
  }

  private frame(panel: Panel, place: number): HTMLElement {
    const onChoose = (shown: string) => {
      const panels = [...this.state.panels];
      panels[place] = shown;
      this.store.set({ panels });
    };
    const head = frameHead(this.model, this.state.panels[place], place, onChoose, (factor) => this.zoom(factor));
    return h("div.frame", null, head, panel.element);
  }

  private newPanel(): Panel {
    const panel = new Panel(this.model, this.renderer, (view) => this.moved(panel, view));
    this.labels.set(panel, new Labels(this.model, panel, this.marks));
    listenTo(panel, {
      isLassoing: () => this.lassoing,
      onPress: () => this.tooltip.hide(),
      onLasso: (polygon) => this.select(panel, polygon),
      onClick: (x, y) => this.choose(panel, x, y),
      onHover: (x, y) => this.hover(panel, x, y),
      onLeave: () => {
        this.leave();
        this.marks();
      },
    });
    panel.element.addEventListener("keydown", (event) => this.walk(panel, event));
    return panel;
  }

  private choose(panel: Panel, x: number, y: number): void {
    const { concept, neuron } = this.pointedAt(panel, x, y);
    const at = this.at(this.panels.indexOf(panel));
    if (concept !== null) this.store.set({ selection: this.holding(panel, concept), tab: "selection", at });
    else if (neuron !== null) this.store.set({ neuron, tab: "neuron", at });
  }

  private hover(panel: Panel, x: number, y: number): void {
    // It is told a frame later, when the map may be gone.
    if (!this.panels.includes(panel)) return;
    const { concept, neuron: found } = this.pointedAt(panel, x, y);
    this.labels.get(panel)?.point(concept);
    panel.element.classList.toggle("on-label", concept !== null);
    const same = found?.run === this.hovered?.run && found?.neuron === this.hovered?.neuron;
    if (!same) {
      this.hovered = found;
      this.marks();
    }
    if (found === null) this.tooltip.hide();
    else this.tooltip.show(found, this.at(this.panels.indexOf(panel)), panel.element, x, y);
  }

  /** A label shows no point of those that its patch covers; among its words points are seen. */
  private pointedAt(panel: Panel, x: number, y: number): { concept: number | null; neuron: NeuronRef | null } {
    const label = this.labels.get(panel)?.at(x, y) ?? null;
    if (label === null) return { concept: null, neuron: panel.nearest(x, y, REACH) };
    const neuron = label.onPatch ? null : panel.nearest(x, y, CLOSE);
    return { concept: neuron === null ? label.concept : null, neuron };
  }

  /** The neurons that a map's label counts. */
  private holding(panel: Panel, concept: number): Selection {
    const place = this.panels.indexOf(panel);
    const runs = countedRuns(runsOf(this.model, this.state, this.state.panels[place]));
    return ofConcept(runs, concept, this.at(place));
  }

  private select(panel: Panel, polygon: [number, number][]): void {
    const place = this.panels.indexOf(panel);
    const scene = this.scenes[place];
    // What is drawn on one map holds on all maps of the same space.
    const runs = this.model.runs.filter((run) =>
      this.state.panels.some((p) => runsOf(this.model, this.state, p).includes(run)) &&
      run.meta.scene === scene,
    );
    this.onLassoEnd();
    const at = this.at(place);
    const selection = inside(this.model, runs, polygon, at, scene);
    this.store.set({ selection, tab: "selection", at });
  }

  /** Selects what lies around the chosen neuron, for those who cannot draw. */
  selectAround(): void {
    const { neuron } = this.state;
    if (neuron === null) return;
    const panel = this.panels.find((one) => one.placeOf(neuron) !== null);
    if (panel === undefined) return;
    const [x, y] = panel.placeOf(neuron)!;
    const reach = 0.12 / this.view(panel).zoom;
    const polygon = Array.from({ length: 24 }, (_, i): [number, number] => {
      const angle = (i / 24) * 2 * Math.PI;
      return [x + reach * Math.cos(angle), y + reach * Math.sin(angle)];
    });
    this.select(panel, polygon);
  }

  private walk(panel: Panel, event: KeyboardEvent): void {
    const ways: Record<string, [number, number]> = {
      ArrowLeft: [-1, 0],
      ArrowRight: [1, 0],
      ArrowUp: [0, 1],
      ArrowDown: [0, -1],
    };
    const way = ways[event.key];
    if (way === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    if (event.shiftKey) {
      const view = this.view(panel);
      const step = 0.2 / view.zoom;
      const next = { ...view, x: view.x + way[0] * step, y: view.y + way[1] * step };
      this.store.set({ view: this.seen(panel, next) });
    } else {
      const neuron = panel.towards(this.state.neuron, ...way);
      if (neuron !== null) this.store.set({ neuron, tab: "neuron" });
    }
  }

  /** Larger or smaller around the middle; 0 shows all. */
  zoom(factor: number): void {
    if (factor === 0) return this.store.set({ view: null });
    const seen = this.state.view ?? { x: 0, y: 0, zoom: 1 };
    this.store.set({ view: { ...seen, zoom: seen.zoom * factor } });
  }

  private moved(from: Panel, view: View): void {
    const seen = this.seen(from, view);
    for (const panel of this.panels) if (panel !== from) panel.look(this.view(panel, seen));
    this.tooltip.hide();
    this.keep(seen);
    this.marks();
  }

  private told: View | null = null;
  private readonly keep = onceAFrame((view: View) => {
    this.told = view;
    this.store.set({ view });
  });

  /** Drawings that are not finished; while there are any, no time is told as drawn. */
  private drawing = 0;

  async draw(): Promise<void> {
    const colours = colouring(this.model, this.state);
    const { tween, state, scenes } = this;
    this.tween = 0;
    this.drawing += 1;
    delete this.element.dataset.drawn;
    await Promise.all(
      this.panels.map((panel, i) => {
        const runs = runsOf(this.model, state, state.panels[i]);
        const at = this.at(i);
        this.labels.get(panel)!.tell(scenes[i], runs, at);
        this.frames[i].querySelector(".same")!.textContent = coinciding(runs, at);
        return panel.show(runs, backdropOf(this.model, state, state.panels[i]), at, colours, state.selection, tween);
      }),
    );
    this.drawing -= 1;
    if (this.drawing === 0) this.element.dataset.drawn = String(this.state.at);
    this.panels.forEach((panel, i) => {
      const told = this.frames[i].querySelector(".count")!;
      told.textContent = `${panel.count.toLocaleString("en")} neurons`;
    });
    this.marks();
  }

  private resize(): void {
    // By itself it would draw as many pixels as the window has, for every map anew.
    const sizes = this.panels.map((panel) => panel.size);
    const [width, height] = [sizes.map((s) => s.width), sizes.map((s) => s.height)];
    this.renderer.resize(Math.max(1, ...width), Math.max(1, ...height));
    for (const panel of this.panels) {
      panel.resize();
      panel.look(this.view(panel));
    }
    this.marks();
  }

  private readonly marks = onceAFrame(() => {
    const scenes = this.scenes;
    this.panels.forEach((panel, i) => {
      const labels = this.labels.get(panel)!;
      labels.place();
      const taken = labels.shown.map(({ box }) => box);
      const at = this.at(i);
      const hovered = this.hovered ?? this.state.pointed;
      const bends = drawMarks(panel, scenes[i], { ...this.state, at }, { hovered, taken });
      this.bends.set(panel, bends);
      showPatches(panel, { at, enlarged: this.enlarged, bends, onLoad: this.marks });
    });
  });

  private get enlarged(): number {
    return this.state.view?.zoom ?? 1;
  }

  /** A picture of all maps, with what they show written beneath. */
  picture(caption: string): Promise<Blob> {
    const maps = this.panels.map((panel, i) => ({
      panel,
      name: this.name(i),
      labels: this.labels.get(panel)!,
      at: this.at(i),
      enlarged: this.enlarged,
      bends: this.bends.get(panel) ?? [],
    }));
    return picture({ maps, element: this.element, colours: colouring(this.model, this.state), caption });
  }

  /** What a map shows, and when, if it stays there. */
  private name(place: number): string {
    const [name, epoch] = [...this.frames[place].querySelectorAll("select")].map((one) => one.selectedOptions[0].text);
    return pinnedEpoch(this.state.panels[place]) === null ? name : `${name}, ${epoch}`;
  }

  close(): void {
    this.observer.disconnect();
    this.stopTheme();
    for (const panel of this.panels) panel.destroy();
    this.renderer.destroy();
  }

  focus(): void {
    this.panels[0]?.element.focus();
  }
}
