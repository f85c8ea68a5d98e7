/** What a neuron is, beside the mouse. */

import type { NeuronRef, Run } from "../data/run";
import { h, notice } from "../dom";
import { patchRow } from "../patches";

export class Tooltip {
  private readonly element = h("div.tooltip", { role: "tooltip", hidden: true });
  private shown = "";

  constructor(private readonly parent: HTMLElement) {
    parent.append(this.element);
  }

  show({ run, neuron }: NeuronRef, at: number, panel: HTMLElement, x: number, y: number): void {
    const snapshot = run.at(at);
    const id = run.idAt(snapshot, neuron);
    if (id !== this.shown) {
      this.shown = id;
      this.element.replaceChildren(h("strong", null, run.nameAt(snapshot, neuron)), patches(run, snapshot, neuron));
    }
    this.element.hidden = false;
    const box = panel.getBoundingClientRect();
    const around = this.parent.getBoundingClientRect();
    const left = box.left - around.left + x + 14;
    const width = this.element.offsetWidth;
    const height = this.element.offsetHeight;
    const top = box.top - around.top + y + 14;
    const flipped = left + width > around.width ? left - width - 28 : left;
    this.element.style.left = `${Math.max(0, flipped)}px`;
    this.element.style.top = `${top + height > around.height ? top - height - 28 : top}px`;
  }

  hide(): void {
    this.element.hidden = true;
    this.shown = "";
  }
}

function patches(run: Run, snapshot: number, neuron: number): HTMLElement {
  try {
    return patchRow(run, snapshot, neuron, 4, 32);
  } catch (error) {
    return notice(error);
  }
}
