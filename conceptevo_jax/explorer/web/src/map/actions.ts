/** What mouse, fingers and keys do with the neurons of the maps: hover, choose, select, walk. */

import type { Model } from "../data/model";
import type { NeuronRef } from "../data/run";
import { runsOf } from "../panels";
import { inside } from "../selection";
import type { Store } from "../state";
import type { FramedMap } from "./framed_map";
import { listenTo } from "./pointer";
import { Tooltip } from "./tooltip";

/** Pixels within which a neuron is meant, and where the words of a label are. */
const REACH = 9;
const CLOSE = 4;

/** Radius of the region around a neuron, in units of a whole map. */
const AROUND = 0.12;

const DIRECTIONS: Record<string, [number, number]> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, 1],
  ArrowDown: [0, -1],
};

export class MapActions {
  /** Whether dragging draws a region in place of moving the map. */
  isLassoing = false;
  private hovered: NeuronRef | null = null;
  private readonly model: Model;
  private readonly tooltip: Tooltip;

  constructor(
    private readonly store: Store,
    element: HTMLElement,
    private readonly maps: FramedMap[],
    private readonly onHover: () => void,
    private readonly onLassoEnd: () => void,
  ) {
    this.model = store.model;
    this.tooltip = new Tooltip(element);
  }

  /** The neuron that is ringed on all maps: the mouse, or a list, points at it. */
  get ringed(): NeuronRef | null {
    return this.hovered ?? this.store.state.pointed;
  }

  listenTo(map: FramedMap): void {
    listenTo(map.panel, {
      isLassoing: () => this.isLassoing,
      onPress: () => this.tooltip.hide(),
      onLasso: (polygon) => this.select(map, polygon),
      onClick: (x, y) => this.choose(map, x, y),
      onHover: (x, y) => this.hover(map, x, y),
      onLeave: () => {
        this.leave();
        this.onHover();
      },
    });
    map.panel.element.addEventListener("keydown", (event) => this.walk(map, event));
  }

  /** What the mouse pointed at may be elsewhere now. */
  leave(): void {
    this.hovered = null;
    this.tooltip.hide();
  }

  hideTooltip(): void {
    this.tooltip.hide();
  }

  private choose(map: FramedMap, x: number, y: number): void {
    const { concept, neuron } = this.pointedAt(map, x, y);
    const { at } = map;
    if (concept !== null) this.store.set({ selection: map.holding(concept), tab: "selection", at });
    else if (neuron !== null) this.store.set({ neuron, tab: "neuron", at });
  }

  private hover(map: FramedMap, x: number, y: number): void {
    // It is told a frame later, when the map may be gone.
    if (!this.maps.includes(map)) return;
    const { concept, neuron } = this.pointedAt(map, x, y);
    map.labels.point(concept);
    map.panel.element.classList.toggle("on-label", concept !== null);
    const isSame = neuron?.run === this.hovered?.run && neuron?.neuron === this.hovered?.neuron;
    if (!isSame) {
      this.hovered = neuron;
      this.onHover();
    }
    if (neuron === null) this.tooltip.hide();
    else this.tooltip.show(neuron, map.at, map.panel.element, x, y);
  }

  /** A label shows no point of those that its patch covers; among its words points are seen. */
  private pointedAt({ labels, panel }: FramedMap, x: number, y: number): { concept: number | null; neuron: NeuronRef | null } {
    const label = labels.at(x, y);
    if (label === null) return { concept: null, neuron: panel.nearest(x, y, REACH) };
    const neuron = label.onPatch ? null : panel.nearest(x, y, CLOSE);
    return { concept: neuron === null ? label.concept : null, neuron };
  }

  private select(map: FramedMap, polygon: [number, number][]): void {
    const { at, scene } = map;
    const { panels } = this.store.state;
    // What is drawn on one map holds on all maps of the same space.
    const runs = this.model.runs.filter((run) =>
      panels.some((panel) => runsOf(this.model, this.store.state, panel).includes(run)) &&
      run.meta.scene === scene,
    );
    this.onLassoEnd();
    const selection = inside(this.model, runs, polygon, at, scene);
    this.store.set({ selection, tab: "selection", at });
  }

  /** Selects what lies around the chosen neuron, for those who cannot draw. */
  selectAround(): void {
    const { neuron } = this.store.state;
    if (neuron === null) return;
    const map = this.maps.find(({ panel }) => panel.placeOf(neuron) !== null);
    if (map === undefined) return;
    const [x, y] = map.panel.placeOf(neuron)!;
    const reach = AROUND / map.view().zoom;
    const polygon = Array.from({ length: 24 }, (_, i): [number, number] => {
      const angle = (i / 24) * 2 * Math.PI;
      return [x + reach * Math.cos(angle), y + reach * Math.sin(angle)];
    });
    this.select(map, polygon);
  }

  private walk(map: FramedMap, event: KeyboardEvent): void {
    const direction = DIRECTIONS[event.key];
    if (direction === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    if (event.shiftKey) {
      const view = map.view();
      const step = 0.2 / view.zoom;
      const next = { ...view, x: view.x + direction[0] * step, y: view.y + direction[1] * step };
      this.store.set({ view: map.relative(next) });
    } else {
      const neuron = map.panel.towards(this.store.state.neuron, ...direction);
      if (neuron !== null) this.store.set({ neuron, tab: "neuron" });
    }
  }
}
