/** Names of the concepts at their places: how many live neurons hold each. */

import { conceptColour } from "../colour";
import { baseOf, conceptCentres, conceptCounts, countedRuns } from "../concepts";
import type { Model } from "../data/model";
import type { Run } from "../data/run";
import { h } from "../dom";
import { forgive, patchRow } from "../patches";
import type { Box } from "./boxes";
import { boxAround, isFree } from "./boxes";
import type { Panel } from "./panel";

/** Side of an exemplar's patch, and height of the words under it, in pixels. */
export const PATCH = 26;
const WORDS = 15;

/** Pixels that a label keeps from the edges of its map. */
const EDGE = 4;

interface Label {
  element: HTMLElement;
  count: HTMLElement;
  concept: number;
  size: number;
  place: [number, number];
  box: Box | null;
}

const centres = new WeakMap<Run, ([number, number] | null)[]>();

/** A concept's example, once it is there; a label then takes more room. */
function exemplarPatch(base: Run, exemplar: number, onLoad: () => void): HTMLElement {
  const holder = h("span.exemplar");
  const show = () => {
    holder.append(patchRow(base, base.snapshots - 1, exemplar, 1, PATCH, true));
    onLoad();
  };
  base.loadPatches().then(show).catch(forgive);
  return holder;
}

/** How many live neurons of some runs hold each concept at a time. */
export function liveCounts(runs: Run[], at: number): number[] {
  const [first, ...further] = countedRuns(runs).map((run) => conceptCounts(run, run.at(at)));
  return (first ?? []).map((count, i) => further.reduce((sum, counts) => sum + counts[i], count));
}

/** The labels of one map. */
export class Labels {
  private labels: Label[] = [];
  private base: Run | undefined;

  constructor(
    private readonly model: Model,
    private readonly panel: Panel,
    private readonly onLoad: () => void,
  ) {}

  /** Shows what some runs of a scene hold at a time. */
  show(scene: number, runs: Run[], at: number): void {
    const base = baseOf(this.model, scene);
    if (base !== this.base) this.rebuild(base);
    const counts = liveCounts(runs, at);
    for (const { element, count, concept } of this.labels) {
      element.hidden = counts.length === 0;
      count.textContent = (counts[concept] ?? 0).toLocaleString("en");
      element.classList.toggle("empty", counts[concept] === 0);
    }
  }

  private rebuild(base: Run | undefined): void {
    this.base = base;
    this.panel.labels.replaceChildren();
    this.labels = [];
    if (base === undefined) return;
    const places = centres.get(base) ?? conceptCentres(base);
    centres.set(base, places);
    base.scene.groups.forEach(({ name, size, exemplar }, concept) => {
      const place = places[concept];
      if (place === null) return;
      const count = h("span.held");
      const patch = base.scene.images && exemplarPatch(base, exemplar, this.onLoad);
      const element = h("div.label", { "data-concept": concept }, patch, h("span.words", null, name, " · ", count));
      element.style.setProperty("--colour", conceptColour(concept));
      this.labels.push({ element, count, concept, size, place, box: null });
    });
    // Where two would cover each other, the larger concept is shown.
    this.labels.sort((a, b) => b.size - a.size);
    this.panel.labels.append(...this.labels.map(({ element }) => element));
  }

  /** Puts all labels where their concepts are on the screen, but for those that would cover another. */
  place(): void {
    const { width, height } = this.panel.size;
    const taken: Box[] = [];
    for (const label of this.labels) {
      const { element, place } = label;
      label.box = null;
      const [x, y] = this.panel.toScreen(...place);
      const inSight = !element.hidden && x >= 0 && x <= width && y >= 0 && y <= height;
      const wide = Math.max(PATCH, element.offsetWidth);
      const high = element.querySelector(".patch") === null ? WORDS : PATCH + WORDS;
      const inside = (at: number, half: number, room: number) =>
        Math.max(half + EDGE, Math.min(room - half - EDGE, at));
      const box = boxAround(inside(x, wide / 2, width), inside(y, high / 2, height), wide, high);
      const isShown = inSight && isFree(box, taken);
      element.classList.toggle("covered", !isShown);
      if (!isShown) continue;
      taken.push(box);
      label.box = box;
      // In shares of the map, so that a print of another size has them at the same places.
      element.style.left = `${(100 * (box.left + box.right)) / 2 / width}%`;
      element.style.top = `${(100 * (box.top + box.bottom)) / 2 / height}%`;
    }
  }

  /** The concept whose label is at a place on the screen; on its words a neuron goes first. */
  at(x: number, y: number): { concept: number; onPatch: boolean } | null {
    const hit = this.labels.find(
      ({ box }) => box !== null && x >= box.left && x <= box.right && y >= box.top && y <= box.bottom,
    );
    if (hit === undefined) return null;
    const middle = (hit.box!.left + hit.box!.right) / 2;
    const onPatch = y < hit.box!.bottom - WORDS && Math.abs(x - middle) <= PATCH / 2;
    return onPatch || y >= hit.box!.bottom - WORDS ? { concept: hit.concept, onPatch } : null;
  }

  /** Marks the one that the mouse points at. */
  point(concept: number | null): void {
    for (const label of this.labels) label.element.classList.toggle("pointed", label.concept === concept);
  }

  /** What is shown, for a picture. */
  get shown(): { box: Box; words: string; colour: string; base: Run; exemplar: number }[] {
    return this.labels.flatMap(({ box, element, concept }) =>
      box === null
        ? []
        : [
            {
              box,
              words: element.querySelector(".words")!.textContent!,
              colour: conceptColour(concept),
              base: this.base!,
              exemplar: this.base!.scene.groups[concept].exemplar,
            },
          ],
    );
  }

  /** New colours, where the look of the page has changed. */
  repaint(): void {
    for (const { element, concept } of this.labels) element.style.setProperty("--colour", conceptColour(concept));
  }
}
