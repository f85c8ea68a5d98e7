/** One map: the points of some runs at one time, drawn by regl-scatterplot. */

import createScatterplot, { type createRenderer } from "regl-scatterplot";

import { type Colouring, pale } from "../colour";
import type { Model } from "../data/model";
import type { NeuronRef, Run } from "../data/run";
import { h } from "../dom";
import type { Selection } from "../selection";
import { themeColour } from "../theme";
import { Points } from "./points";

export interface View {
  x: number;
  y: number;
  zoom: number;
}

/** More points than this are not tweened: a frame of theirs takes too long. */
const TWEENED = 20_000;

/** Opacity of points, and of those that are left out while others are isolated. */
const OPACITY = 0.85;
const FAINT = 0.25;

/** Share of their opacity that points keep while others are selected. */
const UNSELECTED = 0.3;

/** With more neurons than this points are small squares, which take less to draw. */
const CROWD = 50_000;

/**
 * An index of no points, in the form of kdbush: neighbours are found here instead, since
 * to index all points anew at every step takes longer than to draw them.
 */
const NO_INDEX = new Uint8Array([0xdb, 0x18, 64, 0, 0, 0, 0, 0]).buffer;

function same(a: View, b: View): boolean {
  const near = (x: number, y: number) => Math.abs(x - y) < 1e-4 * Math.max(1, Math.abs(y));
  return near(a.x, b.x) && near(a.y, b.y) && near(a.zoom, b.zoom);
}

export class Panel {
  readonly element: HTMLElement;
  readonly canvas = h("canvas");
  /** Patches of neurons, over their points. */
  readonly patches = h("canvas.thumbs");
  readonly overlay: SVGSVGElement;
  readonly labels = h("div.labels");
  private readonly scatter;
  private readonly points = new Points();
  private painted: number[][] | null = null;
  private closed = false;
  private colours: Colouring | null = null;
  private busy = false;
  private pending: { tween: number; done: (() => void)[] } | null = null;
  private view: View = { x: 0, y: 0, zoom: 1 };
  private selected: number[] = [];
  /** Whether anything is selected, be it on another map. */
  private selects = false;
  private drawnLook = "";
  /** Whether the mouse moved it last. Views are told a frame late, also those set here. */
  private handled = false;

  constructor(
    readonly model: Model,
    renderer: ReturnType<typeof createRenderer>,
    private readonly onView: (view: View) => void,
  ) {
    this.overlay = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    this.overlay.setAttribute("class", "overlay");
    this.overlay.setAttribute("aria-hidden", "true");
    this.element = h("div.map", {
      tabindex: 0,
      role: "application",
      "aria-label": "map of neurons; arrow keys walk from neuron to neuron, ? tells all keys",
    });
    this.element.append(this.canvas, this.patches, this.overlay, this.labels);
    this.scatter = createScatterplot({
      renderer,
      canvas: this.canvas,
      width: 100,
      height: 100,
      aspectRatio: 1,
      backgroundColor: themeColour("--paper"),
      actionKeyMap: {},
      deselectOnDblClick: false,
      deselectOnEscape: false,
      showReticle: false,
      pointOutlineWidth: 1.5,
      pointSizeSelected: 1.5,
      colorBy: "valueA",
      opacityBy: "valueA",
      opacityInactiveScale: UNSELECTED,
      pointScaleMode: "constant",
      performanceMode: model.runs.reduce((sum, run) => sum + run.neurons, 0) > CROWD,
      spatialIndexUseWorker: false,
    } as any);
    for (const kind of ["pointerdown", "pointermove", "wheel"]) {
      const touch = (event: Event) => {
        if (kind !== "pointermove" || (event as PointerEvent).buttons > 0) this.handled = true;
      };
      this.element.addEventListener(kind, touch, { capture: true, passive: true });
    }
    this.scatter.subscribe("view", (event: any) => {
      const view = this.fromCamera(event.view);
      if (!this.handled || same(view, this.view)) return;
      this.view = view;
      this.onView(view);
    });
  }

  get size(): { width: number; height: number } {
    return { width: this.element.clientWidth, height: this.element.clientHeight };
  }

  resize(): void {
    const { width, height } = this.size;
    if (width === 0 || height === 0) return;
    this.scatter.set({ width, height });
    this.overlay.setAttribute("viewBox", `0 0 ${width} ${height}`);
    this.element.style.setProperty("--aspect", `${width} / ${height}`);
    this.style();
  }

  /** Its background and colours, where the look of the page has changed. */
  repaint(): void {
    this.scatter.set({ backgroundColor: themeColour("--paper") });
  }

  /** Its points alone, enlarged so many times. */
  async enlarged(scale: number): Promise<ImageData> {
    return this.scatter.export({ scale });
  }

  /** Moves and enlarges the map as fingers do, from some places to others. */
  follow(from: [number, number][], to: [number, number][]): void {
    const middle = (places: [number, number][]): [number, number] => [
      places.reduce((sum, p) => sum + p[0], 0) / places.length,
      places.reduce((sum, p) => sum + p[1], 0) / places.length,
    ];
    const apart = (p: [number, number][]) => (p.length > 1 ? Math.hypot(p[0][0] - p[1][0], p[0][1] - p[1][1]) : 1);
    const held = this.toMap(...middle(from));
    const zoom = this.view.zoom * (apart(to) / Math.max(1, apart(from)));
    const { width, height } = this.size;
    const [px, py] = middle(to);
    const scale = this.unit * zoom;
    const view = { x: held[0] - (px - width / 2) / scale, y: held[1] + (py - height / 2) / scale, zoom };
    this.look(view);
    this.onView(view);
  }

  // The camera's matrix scales and shifts; its units are halves of the panel's height.
  private fromCamera(matrix: ArrayLike<number>): View {
    return { x: -matrix[12] / matrix[0], y: -matrix[13] / matrix[5], zoom: matrix[0] };
  }

  /** Looks at a part of the map without telling anyone. */
  look(view: View): void {
    this.view = view;
    this.handled = false;
    const { x, y, zoom } = view;
    const matrix = new Float32Array([zoom, 0, 0, 0, 0, zoom, 0, 0, 0, 0, 1, 0, -x * zoom, -y * zoom, 0, 1]);
    this.scatter.set({ cameraView: matrix });
  }

  /** The panel's height is two units at zoom 1. */
  private get unit(): number {
    return this.size.height / 2;
  }

  toScreen(x: number, y: number): [number, number] {
    const { width, height } = this.size;
    const scale = this.unit * this.view.zoom;
    return [width / 2 + (x - this.view.x) * scale, height / 2 - (y - this.view.y) * scale];
  }

  toMap(px: number, py: number): [number, number] {
    const { width, height } = this.size;
    const scale = this.unit * this.view.zoom;
    return [this.view.x + (px - width / 2) / scale, this.view.y - (py - height / 2) / scale];
  }

  /** Shows some runs at a time, and below them the base. */
  show(
    runs: Run[],
    base: Run | null,
    at: number,
    colours: Colouring,
    selection: Selection | null,
    tween: number,
  ): Promise<void> {
    this.points.arrange(runs, base);
    this.colours = colours;
    this.points.fill(at, colours);
    this.choose(selection);
    return this.draw(this.points.total <= TWEENED ? tween : 0);
  }

  private choose(selection: Selection | null): void {
    this.selects = selection !== null;
    this.selected = this.points.members(selection);
  }

  /** A drawing under way is let finish; of several that wait the last is drawn. */
  private draw(tween: number): Promise<void> {
    return new Promise((resolve) => {
      const done = [...(this.pending?.done ?? []), resolve];
      this.pending = { tween, done };
      if (!this.busy) void this.work();
    });
  }

  private async work(): Promise<void> {
    this.busy = true;
    while (this.pending !== null && !this.closed) {
      const { tween, done } = this.pending;
      this.pending = null;
      try {
        if (this.points.total === 0) this.scatter.clear();
        else await this.paint(tween);
      } catch (error) {
        // What was closed while it was drawn is no fault.
        if (!this.closed) throw error;
      } finally {
        for (const call of done) call();
      }
    }
    this.busy = false;
  }

  private get dot(): number {
    const { width, height } = this.size;
    const room = Math.sqrt((width * height) / Math.max(1, this.points.total));
    return Math.max(1.5, Math.min(5, 0.35 * room));
  }

  /** Sets sizes and colours of points, where they have changed. */
  private style(): void {
    if (this.colours === null) return;
    const { palette } = this.colours;
    const backdrop = themeColour("--backdrop");
    const pointColor = [...palette, ...palette.map(pale), backdrop, backdrop];
    // The library dims what is not selected only where something is.
    const share = this.selects && this.selected.length === 0 ? UNSELECTED : 1;
    const look = `${pointColor} ${this.dot} ${share}`;
    // Whatever is set is drawn at once, and a drawing more for every step shows.
    if (look === this.drawnLook) return;
    this.drawnLook = look;
    this.scatter.set({
      pointColor,
      opacity: pointColor.map((_, i) => share * (i < pointColor.length - 1 ? OPACITY : FAINT)),
      pointSize: this.dot,
    });
  }

  private async paint(tween: number): Promise<void> {
    this.style();
    const same = this.painted === this.points.mixed;
    this.painted = this.points.mixed;
    await this.scatter.draw(this.points.mixed, {
      transition: same && tween > 0,
      transitionDuration: tween,
      zDataType: "categorical",
      spatialIndex: NO_INDEX,
      preventFilterReset: true,
    });
    if (!this.closed) this.mark();
  }

  /** Marks the chosen neurons. */
  mark(selection?: Selection | null): void {
    if (selection !== undefined) {
      this.choose(selection);
      this.style();
    }
    if (this.selected.length > 0) this.scatter.select(this.selected, { preventEvent: true });
    else if (this.scatter.get("selectedPoints").length > 0) this.scatter.deselect({ preventEvent: true });
  }

  /** The neuron nearest to a place on the screen, within some pixels. */
  nearest(px: number, py: number, within: number): NeuronRef | null {
    return this.points.nearest(...this.toMap(px, py), within / (this.unit * this.view.zoom));
  }

  /** The nearest neuron in a direction, for walking with the arrow keys. */
  towards(from: NeuronRef | null, dx: number, dy: number): NeuronRef | null {
    const isHere = from !== null && this.placeOf(from) !== null;
    if (!isHere) return this.nearest(this.size.width / 2, this.size.height / 2, Infinity);
    return this.points.towards(from, dx, dy);
  }

  /** Neurons in sight, the nearest to the middle first, each with its place on the screen. */
  inSight(most: number): { which: NeuronRef; x: number; y: number; colour: string }[] {
    const { width, height } = this.size;
    const [left, top] = this.toMap(0, 0);
    const [right, bottom] = this.toMap(width, height);
    const { palette } = this.colours ?? { palette: [] };
    return this.points.within(left, bottom, right, top, most).map(({ which, place, value }) => {
      const [x, y] = this.toScreen(...place);
      return { which, x, y, colour: palette[value] ?? themeColour("--backdrop") };
    });
  }

  /** Where a neuron is drawn, in the map's coordinates. */
  placeOf(which: NeuronRef): [number, number] | null {
    return this.points.placeOf(which);
  }

  /** Neurons that can be chosen: those of a backdrop cannot. */
  get count(): number {
    return this.points.count;
  }

  destroy(): void {
    this.closed = true;
    this.scatter.destroy();
    this.element.remove();
  }
}
