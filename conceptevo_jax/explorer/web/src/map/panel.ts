/** One map: the points of some runs at one time, and what lies over them. */

import type { Colouring } from "../colour";
import type { Model } from "../data/model";
import type { NeuronRef, Run } from "../data/run";
import { h } from "../dom";
import type { Selection } from "../selection";
import { themeColour } from "../theme";
import { Points } from "./points";
import { DrawingQueue } from "./queue";
import { type Renderer, Scatter } from "./scatter";
import { followed, isSameView, pixelsPerUnit, type Size, toMap, toScreen, type View } from "./view";

/** More points than this are not tweened: a frame of theirs takes too long. */
const TWEENED = 20_000;

/** With more neurons than this points are small squares. */
const CROWD = 50_000;

export class Panel {
  readonly element: HTMLElement;
  readonly canvas = h("canvas");
  /** Patches of neurons, over their points. */
  readonly patches = h("canvas.thumbs");
  readonly overlay: SVGSVGElement;
  readonly labels = h("div.labels");
  private readonly scatter: Scatter;
  private readonly points = new Points();
  private readonly queue = new DrawingQueue((tween) => this.draw(tween));
  private colours: Colouring | null = null;
  private view: View = { x: 0, y: 0, zoom: 1 };
  private selected: number[] = [];
  /** Whether anything is selected, be it on another map. */
  private hasSelection = false;
  /** Whether the mouse moved it last. Views are told a frame late, also those set here. */
  private isHandled = false;

  constructor(
    readonly model: Model,
    renderer: Renderer,
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
    const neurons = model.runs.reduce((sum, run) => sum + run.neurons, 0);
    this.scatter = new Scatter(renderer, this.canvas, neurons > CROWD);
    for (const kind of ["pointerdown", "pointermove", "wheel"]) {
      const touch = (event: Event) => {
        if (kind !== "pointermove" || (event as PointerEvent).buttons > 0) this.isHandled = true;
      };
      this.element.addEventListener(kind, touch, { capture: true, passive: true });
    }
    this.scatter.onView((view) => {
      if (!this.isHandled || isSameView(view, this.view)) return;
      this.view = view;
      this.onView(view);
    });
  }

  get size(): Size {
    return { width: this.element.clientWidth, height: this.element.clientHeight };
  }

  resize(): void {
    const { width, height } = this.size;
    if (width === 0 || height === 0) return;
    this.scatter.resize({ width, height });
    this.overlay.setAttribute("viewBox", `0 0 ${width} ${height}`);
    this.element.style.setProperty("--aspect", `${width} / ${height}`);
    this.style();
  }

  /** Its background, where the look of the page has changed. */
  repaint(): void {
    this.scatter.repaint();
  }

  /** Its points alone, enlarged so many times. */
  enlarged(scale: number): Promise<ImageData> {
    return this.scatter.enlarged(scale);
  }

  /** Moves and enlarges the map as fingers do, from some places to others. */
  follow(from: [number, number][], to: [number, number][]): void {
    const view = followed(this.view, this.size, from, to);
    this.look(view);
    this.onView(view);
  }

  /** Looks at a part of the map without telling anyone. */
  look(view: View): void {
    this.view = view;
    this.isHandled = false;
    this.scatter.look(view);
  }

  toScreen(x: number, y: number): [number, number] {
    return toScreen(this.view, this.size, [x, y]);
  }

  toMap(px: number, py: number): [number, number] {
    return toMap(this.view, this.size, [px, py]);
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
    return this.queue.add(this.points.total <= TWEENED ? tween : 0);
  }

  private choose(selection: Selection | null): void {
    this.hasSelection = selection !== null;
    this.selected = this.points.members(selection);
  }

  private get pointSize(): number {
    const { width, height } = this.size;
    const room = Math.sqrt((width * height) / Math.max(1, this.points.total));
    return Math.max(1.5, Math.min(5, 0.35 * room));
  }

  private style(): void {
    if (this.colours === null) return;
    // The library dims what is not selected only where something is.
    const isDimmed = this.hasSelection && this.selected.length === 0;
    this.scatter.style(this.colours.palette, this.pointSize, isDimmed);
  }

  private async draw(tween: number): Promise<void> {
    if (this.points.total === 0) return this.scatter.clear();
    this.style();
    await this.scatter.draw(this.points.mixed, tween);
    if (!this.queue.isClosed) this.mark();
  }

  /** Marks the chosen neurons. */
  mark(selection?: Selection | null): void {
    if (selection !== undefined) {
      this.choose(selection);
      this.style();
    }
    this.scatter.select(this.selected);
  }

  /** The neuron nearest to a place on the screen, within some pixels. */
  nearest(px: number, py: number, within: number): NeuronRef | null {
    return this.points.nearest(...this.toMap(px, py), within / pixelsPerUnit(this.view, this.size));
  }

  /** The nearest neuron in a direction, for walking with the arrow keys. */
  towards(from: NeuronRef | null, dx: number, dy: number): NeuronRef | null {
    const isHere = from !== null && this.placeOf(from) !== null;
    if (!isHere) return this.nearest(this.size.width / 2, this.size.height / 2, Infinity);
    return this.points.towards(from, dx, dy);
  }

  /** Neurons in sight, the nearest to the middle first, each with its place on the screen. */
  inSight(most: number): { neuron: NeuronRef; x: number; y: number; colour: string }[] {
    const { width, height } = this.size;
    const [left, top] = this.toMap(0, 0);
    const [right, bottom] = this.toMap(width, height);
    const { palette } = this.colours ?? { palette: [] };
    return this.points.within(left, bottom, right, top, most).map(({ neuron, place, value }) => {
      const [x, y] = this.toScreen(...place);
      return { neuron, x, y, colour: palette[value] ?? themeColour("--backdrop") };
    });
  }

  /** Where a neuron is drawn, in the map's coordinates. */
  placeOf(neuron: NeuronRef): [number, number] | null {
    return this.points.placeOf(neuron);
  }

  /** Neurons that can be chosen: those of a backdrop cannot. */
  get count(): number {
    return this.points.count;
  }

  destroy(): void {
    this.queue.close();
    this.scatter.destroy();
    this.element.remove();
  }
}
