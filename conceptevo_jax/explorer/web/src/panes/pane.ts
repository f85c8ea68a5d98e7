/** A part of the side that shows what has to be loaded first. */

import { h, notice, refill } from "../dom";

export class Pane {
  readonly element = h("div.pane");
  private turn = 0;

  /** Loads and shows; of several that were asked for the last alone is shown. */
  async fill(load: Promise<unknown>[], render: () => (Node | string)[]): Promise<void> {
    const turn = ++this.turn;
    let shown: (Node | string)[];
    try {
      await Promise.all(load);
      if (turn !== this.turn) return;
      shown = render();
    } catch (error) {
      if (turn !== this.turn) return;
      shown = [notice(error)];
    }
    const around = this.element.parentElement;
    const top = around?.scrollTop ?? 0;
    refill(this.element, ...shown);
    if (around) around.scrollTop = top;
  }
}
