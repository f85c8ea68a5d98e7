/** One of the maps side by side: its bar, its points, and the labels and marks over them. */

import type { Colouring } from "../colour";
import { countedRuns } from "../concepts";
import type { Model } from "../data/model";
import type { Extent } from "../data/places";
import type { NeuronRef, Run } from "../data/run";
import { h } from "../dom";
import { backdropOf, pinnedEpoch, runsOf, subject, timeOf } from "../panels";
import { ofConcept, type Selection } from "../selection";
import type { Store } from "../state";
import { coinciding, frameHead } from "./frame";
import { Labels } from "./labels";
import { drawMarks, showPatches } from "./marks";
import { Panel } from "./panel";
import type { PicturedMap } from "./picture";
import type { Renderer } from "./scatter";
import type { Bend } from "./trail";
import { fromRelative, relativeTo, type View, wholeOf } from "./view";

export class FramedMap {
  element = h("div.frame");
  readonly panel: Panel;
  readonly labels: Labels;
  private readonly model: Model;
  /** What it shows, as a panel of the state. */
  private shown = "";
  private bends: Bend[] = [];

  constructor(
    private readonly store: Store,
    renderer: Renderer,
    /** Of each scene, where nearly all of its neurons are. */
    private readonly bounds: Extent[],
    onView: (view: View) => void,
    private readonly onLoad: () => void,
  ) {
    this.model = store.model;
    this.panel = new Panel(this.model, renderer, onView);
    this.labels = new Labels(this.model, this.panel, onLoad);
  }

  /** Shows a panel of the state under a new bar; another choice there is told in the same form. */
  frame(panel: string, place: number, onChoose: (choice: string) => void, onZoom: (factor: number) => void): void {
    this.shown = panel;
    const head = frameHead(this.model, panel, place, onChoose, onZoom);
    this.element = h("div.frame", null, head, this.panel.element);
  }

  get scene(): number {
    const name = subject(this.shown);
    return name.startsWith("*") ? Number(name.slice(1)) : this.model.run(name)!.meta.scene;
  }

  /** The time that it shows. */
  get at(): number {
    return timeOf(this.model, this.store.state, this.shown);
  }

  get runs(): Run[] {
    return runsOf(this.model, this.store.state, this.shown);
  }

  /** The whole map, but for a few outliers. */
  private get whole(): View {
    return wholeOf(this.bounds[this.scene], this.panel.size);
  }

  /** What it shows of a view that is told from the whole. */
  view(relative = this.store.state.view): View {
    return relative === null ? this.whole : fromRelative(this.whole, relative);
  }

  relative(view: View): View {
    return relativeTo(this.whole, view);
  }

  /** The neurons that the label of a concept counts. */
  holding(concept: number): Selection {
    return ofConcept(countedRuns(this.runs), concept, this.at);
  }

  draw(colours: Colouring, tween: number): Promise<void> {
    const { runs, at } = this;
    const { state } = this.store;
    this.labels.show(this.scene, runs, at);
    this.element.querySelector(".same")!.textContent = coinciding(runs, at);
    const backdrop = backdropOf(this.model, state, this.shown);
    return this.panel.show(runs, backdrop, at, colours, state.selection, tween);
  }

  /** Writes in its bar how many neurons were drawn. */
  writeCount(): void {
    this.element.querySelector(".count")!.textContent = `${this.panel.count.toLocaleString("en")} neurons`;
  }

  /** Draws labels, marks and patches over the points. */
  mark(hovered: NeuronRef | null): void {
    const { at, scene } = this;
    this.labels.place();
    const taken = this.labels.shown.map(({ box }) => box);
    this.bends = drawMarks(this.panel, scene, { ...this.store.state, at }, { hovered, taken });
    showPatches(this.panel, { at, enlarged: this.enlarged, bends: this.bends, onLoad: this.onLoad });
  }

  private get enlarged(): number {
    return this.store.state.view?.zoom ?? 1;
  }

  /** In the other look, dark or light, all colours are others. */
  repaint(): void {
    this.panel.repaint();
    this.labels.repaint();
  }

  get pictured(): PicturedMap {
    const { panel, name, labels, at, enlarged, bends } = this;
    return { panel, name, labels, at, enlarged, bends };
  }

  /** What it shows, and when, if it stays there. */
  private get name(): string {
    const selects = [...this.element.querySelectorAll("select")];
    const [name, epoch] = selects.map(({ selectedOptions }) => selectedOptions[0].text);
    return pinnedEpoch(this.shown) === null ? name : `${name}, ${epoch}`;
  }

  destroy(): void {
    this.panel.destroy();
    this.element.remove();
  }
}
