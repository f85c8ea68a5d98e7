/** What is chosen in the bar above the maps: the class, the colouring, and how many maps. */

import { COLOURS, type ColourBy } from "../colour";
import { h } from "../dom";
import { GRID, gridOf, isGrid, someMaps } from "../grid";
import type { State, Store } from "../state";

/** The title of the result, and whether its training goes on; null where it never did. */
export function titleOf(store: Store, isFinished: boolean | null): HTMLElement {
  const state = isFinished === null ? "" : isFinished ? "training finished" : "live";
  return h("h1", null, store.model.meta.title, state !== "" && h("span.badge", null, state));
}

/** A list to choose from, which follows the state. */
function choice(
  store: Store,
  label: string,
  options: [string, string][],
  valueOf: (state: State) => string,
  choose: (value: string) => void,
): HTMLElement {
  const element = h(
    "select",
    { "aria-label": label, onchange: () => choose(element.value) },
    options.map(([key, text]) => h("option", { value: key }, text)),
  );
  store.listen((state) => {
    element.value = valueOf(state);
  });
  return h("label.choice", null, h("span", null, label), element);
}

export function choicesOf(store: Store): HTMLElement[] {
  const { model } = store;
  return [
    choice(
      store,
      "class",
      [["", "none"], ...model.classes.map((name): [string, string] => [name, name])],
      (state) => state.cls ?? "",
      (name) => store.set(name === "" ? { cls: null } : { cls: name, tab: "class" }),
    ),
    choice(
      store,
      "colour",
      Object.entries(COLOURS),
      (state) => state.colour,
      (colour) => store.set({ colour: colour as ColourBy }),
    ),
    choice(
      store,
      "maps",
      [...[1, 2, 3, 4].map((n): [string, string] => [String(n), String(n)]), [GRID, "runs × epochs"]],
      (state) => (isGrid(state) ? GRID : String(Math.min(4, state.panels.length))),
      (count) => {
        const { state } = store;
        store.set({ panels: count === GRID ? gridOf(model, state) : someMaps(model, state, Number(count)) });
      },
    ),
  ];
}
