/** Messages of the page: what an address asks for in vain, and for screen readers what has changed. */

import { COLOURS } from "../colour";
import { h } from "../dom";
import { classCounts } from "../patches";
import { shotsOf } from "../selection";
import type { Store } from "../state";

/** A banner over the page while its address asks for what is not there. */
export function unknownBanner(store: Store): HTMLElement {
  const banner = h("p.banner", { role: "alert", hidden: true });
  const message = h("span");
  const close = () => {
    banner.hidden = true;
  };
  banner.append(message, h("button.quiet", { "aria-label": "Close this notice", onclick: close }, "✕"));
  store.listen(() => {
    const { unknown } = store;
    if (unknown.length === 0) return;
    store.unknown = [];
    message.textContent = `The address asks for what is not in this page: ${unknown.join(", ")}.`;
    banner.hidden = false;
  });
  return banner;
}

/** Tells those who do not see it what has changed. */
export function announceChanges(store: Store, say: (text: string) => void): void {
  store.listen((state, changed) => {
    if (changed.size > 4) return;
    if (changed.has("neuron") && state.neuron !== null) {
      const { run, neuron } = state.neuron;
      const first = run.patches === null ? undefined : classCounts(run, run.at(state.at), neuron)[0];
      say(`${run.nameAt(run.at(state.at), neuron)}${first === undefined ? "" : `, mostly ${first[0]}`}`);
    } else if (changed.has("selection") && state.selection !== null) {
      say(`${shotsOf(state.selection, state.at).length} ${state.selection.description}`);
    } else if (changed.has("colour")) say(`coloured by ${COLOURS[state.colour]}`);
    else if (changed.has("panels")) say(`${state.panels.length} maps`);
  });
}
