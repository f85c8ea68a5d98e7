/** Groups that a study asked about: read in the page's data, not changed here. */

import type { Given } from "../data/model";
import { h } from "../dom";
import { ofGiven } from "../selection";
import type { Store } from "../state";

/** With more groups than this a category is opened by its reader. */
const FEW = 8;

/** Every category with its groups; nothing where the page has none. */
export function studyGroups(store: Store): HTMLElement | "" {
  const { given } = store.model;
  if (given.length === 0) return "";
  const buttons = new Map(given.map((group) => [group, choice(store, group)]));
  store.listen((state, changed) => {
    if (!changed.has("selection")) return;
    for (const [group, button] of buttons) button.setAttribute("aria-pressed", String(state.selection?.given === group));
  });
  const line = (group: Given) =>
    h("div.group", null, buttons.get(group), h("span.faint", null, count(group.shots.length, group.missing)));
  const missing = given.reduce((sum, group) => sum + group.missing, 0);
  return h(
    "section.groups",
    { "aria-label": "study groups" },
    h("h3", null, "Study groups"),
    h("p.faint", null, "What the study asks about: neurons that lie together in the space, and an intruder from elsewhere."),
    [...new Set(given.map((group) => group.category))].map((category) => {
      const groups = given.filter((group) => group.category === category);
      const heading = h("summary", null, category, h("span.faint", null, ` ${groups.length}`));
      return h("details", { open: given.length <= FEW }, heading, groups.map(line));
    }),
    missing > 0 && h("p.faint", null, `${missing} of their neurons are in no snapshot of this page.`),
  );
}

function choice(store: Store, group: Given): HTMLElement {
  const choose = () => store.set(ofGiven(store.model, group));
  return h("button.link", { onclick: choose, disabled: group.shots.length === 0 }, group.name);
}

function count(shown: number, missing: number): string {
  return missing > 0 ? `${shown} of ${shown + missing} neurons` : `${shown} neurons`;
}

/** The group before or after another that has neurons in the page, all around. */
export function beside(given: Given[], group: Given, by: number): Given {
  const shown = given.filter(({ shots }) => shots.length > 0);
  return shown[(shown.indexOf(group) + by + shown.length) % shown.length];
}
