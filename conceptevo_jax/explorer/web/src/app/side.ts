/** The details beside the maps, in tabs: a neuron, a class, a selection. */

import { h } from "../dom";
import { NeuronPane } from "../panes/neuron";
import { RankingPane } from "../panes/ranking";
import { SelectionPane } from "../panes/selection";
import { type Store, type Tab, TABS } from "../state";
import { sheetHandle } from "./sheet";

const TITLES: Record<Tab, string> = { neuron: "Neuron", class: "Class", selection: "Selection" };

export function sideOf(store: Store, maps: HTMLElement, say: (text: string) => void): HTMLElement {
  const panes: Record<Tab, HTMLElement> = {
    neuron: new NeuronPane(store).element,
    class: new RankingPane(store).element,
    selection: new SelectionPane(store, say).element,
  };
  const tabs = TABS.map((tab) =>
    h(
      "button",
      { role: "tab", id: `tab-${tab}`, "aria-controls": `pane-${tab}`, onclick: () => store.set({ tab }) },
      TITLES[tab],
    ),
  );
  const bodies = TABS.map((tab) =>
    h("div.body", { role: "tabpanel", id: `pane-${tab}`, "aria-labelledby": `tab-${tab}`, tabindex: 0 }, panes[tab]),
  );
  const walk = (event: KeyboardEvent) => {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (by === undefined) return;
    event.stopPropagation();
    const next = (TABS.indexOf(store.state.tab) + by + TABS.length) % TABS.length;
    store.set({ tab: TABS[next] });
    tabs[next].focus();
  };
  const list = h("div.tabs", { role: "tablist", "aria-label": "details", onkeydown: walk }, tabs);
  store.listen((state, changed) => {
    if (!changed.has("tab")) return;
    TABS.forEach((tab, i) => {
      const isChosen = tab === state.tab;
      tabs[i].setAttribute("aria-selected", String(isChosen));
      tabs[i].tabIndex = isChosen ? 0 : -1;
      bodies[i].hidden = !isChosen;
    });
  });
  const side = h("aside.side", { "aria-label": "neuron, class and selection" }, list, bodies);
  side.prepend(sheetHandle(store, side, maps));
  return side;
}
