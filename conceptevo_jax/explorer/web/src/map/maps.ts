/** Maps side by side, which look at the same place, at one time or each at its own. */

import { createRenderer } from "regl-scatterplot";

import { colouring } from "../colour";
import type { Model } from "../data/model";
import type { Extent } from "../data/places";
import { h, onceAFrame } from "../dom";
import { subject } from "../panels";
import type { State, Store } from "../state";
import { onThemeChange } from "../theme";
import { MapActions } from "./actions";
import { FramedMap } from "./framed_map";
import { picture } from "./picture";
import type { View } from "./view";

/** What the points of the maps depend on. */
const DRAWN = ["at", "panels", "hidden", "colour", "isolated"] as const;

export class Maps {
  readonly element = h("section.maps", { "aria-label": "maps" });
  readonly actions: MapActions;
  private readonly renderer = createRenderer({ canvas: h("canvas") });
  private readonly maps: FramedMap[] = [];
  private readonly model: Model;
  private readonly bounds: Extent[];
  private readonly stopTheme: () => void;
  private readonly observer = new ResizeObserver(onceAFrame(() => this.resize()));
  /** How long points take to their next places, in ms. */
  tween = 0;

  constructor(
    private readonly store: Store,
    onLassoEnd: () => void,
  ) {
    this.model = store.model;
    this.actions = new MapActions(store, this.element, this.maps, () => this.mark(), onLassoEnd);
    this.bounds = this.model.scenes.map((_, scene) => this.model.bounds(scene));
    this.observer.observe(this.element);
    this.stopTheme = onThemeChange(() => this.repaint());
    store.listen((state, changed) => this.update(state, changed));
  }

  private update(state: State, changed: Set<keyof State>): void {
    if (changed.has("panels")) this.rebuild(state.panels);
    const isRecoloured = changed.has("cls") && state.colour === "importance";
    const hasNewPoints = DRAWN.some((key) => changed.has(key));
    if (isRecoloured || hasNewPoints) void this.draw();
    else if (changed.has("selection")) for (const { panel } of this.maps) panel.mark(state.selection);
    // A map that is being moved must not be put back to where it was a frame ago.
    if (changed.has("view") && (state.view === null || state.view !== this.moveView)) {
      for (const map of this.maps) map.panel.look(map.view());
    }
    if (hasNewPoints) this.actions.leave();
    this.mark();
  }

  private rebuild(panels: string[]): void {
    while (this.maps.length > panels.length) this.maps.pop()!.destroy();
    while (this.maps.length < panels.length) this.maps.push(this.newMap());
    for (const [place, map] of this.maps.entries()) {
      map.element.remove();
      map.frame(panels[place], place, (panel) => this.replace(place, panel), (factor) => this.zoom(factor));
    }
    this.element.append(...this.maps.map(({ element }) => element));
    this.element.dataset.count = String(panels.length);
    // More than four are runs by epochs: a row per run.
    const first = subject(panels[0]);
    const columns = panels.filter((panel) => subject(panel) === first).length;
    const rows = Math.ceil(panels.length / columns);
    this.element.style.gridTemplate =
      panels.length > 4 ? `repeat(${rows}, minmax(0, 1fr)) / repeat(${columns}, minmax(0, 1fr))` : "";
    this.resize();
  }

  private newMap(): FramedMap {
    const map: FramedMap = new FramedMap(
      this.store,
      this.renderer,
      this.bounds,
      (view) => this.move(map, view),
      this.mark,
    );
    this.actions.listenTo(map);
    return map;
  }

  private replace(place: number, panel: string): void {
    const panels = [...this.store.state.panels];
    panels[place] = panel;
    this.store.set({ panels });
  }

  /** In the other look, dark or light, all colours are others. */
  private repaint(): void {
    for (const map of this.maps) map.repaint();
    void this.draw();
  }

  /** Larger or smaller around the middle; 0 shows all. */
  zoom(factor: number): void {
    if (factor === 0) return this.store.set({ view: null });
    const view = this.store.state.view ?? { x: 0, y: 0, zoom: 1 };
    this.store.set({ view: { ...view, zoom: view.zoom * factor } });
  }

  /** A map was moved: all others look at the same place. */
  private move(moved: FramedMap, view: View): void {
    const relative = moved.relative(view);
    for (const map of this.maps) if (map !== moved) map.panel.look(map.view(relative));
    this.actions.hideTooltip();
    this.keepView(relative);
    this.mark();
  }

  /** The view that a move has set last. */
  private moveView: View | null = null;
  private readonly keepView = onceAFrame((view: View) => {
    this.moveView = view;
    this.store.set({ view });
  });

  /** Drawings that are not finished; while there are any, no time is told as drawn. */
  private drawing = 0;

  private async draw(): Promise<void> {
    const colours = colouring(this.model, this.store.state);
    const { tween } = this;
    this.tween = 0;
    this.drawing += 1;
    delete this.element.dataset.drawn;
    await Promise.all(this.maps.map((map) => map.draw(colours, tween)));
    this.drawing -= 1;
    if (this.drawing === 0) {
      this.element.dataset.drawn = String(this.store.state.at);
      this.store.tellFirstView();
    }
    for (const map of this.maps) map.writeCount();
    this.mark();
  }

  private resize(): void {
    // By itself it would draw as many pixels as the window has, for every map anew.
    const sizes = this.maps.map(({ panel }) => panel.size);
    const [width, height] = [sizes.map((s) => s.width), sizes.map((s) => s.height)];
    this.renderer.resize(Math.max(1, ...width), Math.max(1, ...height));
    for (const map of this.maps) {
      map.panel.resize();
      map.panel.look(map.view());
    }
    this.mark();
  }

  private readonly mark = onceAFrame(() => {
    for (const map of this.maps) map.mark(this.actions.ringed);
  });

  /** A picture of all maps, with what they show written beneath. */
  picture(caption: string): Promise<Blob> {
    const maps = this.maps.map(({ pictured }) => pictured);
    return picture({ maps, element: this.element, colours: colouring(this.model, this.store.state), caption });
  }

  close(): void {
    this.observer.disconnect();
    this.stopTheme();
    for (const { panel } of this.maps) panel.destroy();
    this.renderer.destroy();
  }

  focus(): void {
    this.maps[0]?.panel.element.focus();
  }
}
