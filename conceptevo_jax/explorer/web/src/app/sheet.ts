/** On a narrow screen the side is a sheet at the bottom, over what lies below the maps. */

import { h } from "../dom";
import type { Store } from "../state";

const NARROW = "(max-width: 760px)";

/** What is shown in the side: where it changes, the sheet opens. */
const SHOWN = ["neuron", "selection", "cls"] as const;

/** The handle that opens and closes the sheet; elsewhere it is not seen. */
export function sheetHandle(store: Store, side: HTMLElement, maps: HTMLElement): HTMLElement {
  const handle = h("button.handle", { onclick: () => open(!side.classList.contains("open")) });
  const open = (isOpen: boolean) => {
    side.classList.toggle("open", isOpen);
    handle.textContent = isOpen ? "▾ Hide details" : "▴ Show details";
    handle.setAttribute("aria-expanded", String(isOpen));
    if (isOpen && window.matchMedia(NARROW).matches) uncover(side, maps);
  };
  side.addEventListener("click", (event) => {
    if ((event.target as HTMLElement).matches("[role=tab]")) open(true);
  });
  let isFirst = true;
  store.listen((state, changed) => {
    const isShown = SHOWN.some((key) => state[key] !== null);
    const isChosen = SHOWN.some((key) => changed.has(key) && state[key] !== null);
    if (isFirst) open(isShown || state.tab !== "neuron");
    else if (isChosen || changed.has("tab")) open(true);
    else if (!isShown && SHOWN.some((key) => changed.has(key))) open(false);
    isFirst = false;
  });
  return handle;
}

/** Scrolls the maps out from under the sheet. */
function uncover(side: HTMLElement, maps: HTMLElement): void {
  const { top, bottom } = maps.getBoundingClientRect();
  if (top < 0 || bottom > side.getBoundingClientRect().top) maps.scrollIntoView({ block: "start" });
}
