/** The bar above a map: what it shows and when, how many neurons, and its buttons. */

import { epochLabel } from "../data/epochs";
import type { Model } from "../data/model";
import type { Run } from "../data/run";
import { h } from "../dom";
import { pinnable, pinned, pinnedEpoch, subject } from "../panels";

/** The bar of a map that shows `panel`; another choice is told in the same form. */
export function frameHead(
  model: Model,
  panel: string,
  place: number,
  onChoose: (panel: string) => void,
  onZoom: (factor: number) => void,
): HTMLElement {
  const { scenes, runs } = model;
  const name = (title: string) => (scenes.length > 1 ? `all runs of ${title}` : "all runs");
  const tell = (shown: string, epoch: string | null) => {
    const isThere = epoch !== null && pinnable(model, shown).has(epoch);
    onChoose(isThere ? pinned(shown, epoch) : shown);
  };
  const choice = h(
    "select.panel-run",
    {
      "aria-label": `runs on map ${place + 1}`,
      onchange: () => tell(choice.value, pinnedEpoch(panel)),
    },
    scenes.map((scene, s) => h("option", { value: `*${s}` }, name(scene.title))),
    runs.map((run) => h("option", { value: run.name, title: run.name }, run.title)),
  );
  choice.value = subject(panel);
  choice.title = choice.selectedOptions[0].text;
  const pin = h(
    "select.panel-epoch",
    {
      "aria-label": `epoch of map ${place + 1}`,
      onchange: () => tell(choice.value, pin.value || null),
    },
    h("option", { value: "" }, "follows slider"),
    [...pinnable(model, panel).keys()].map((epoch) =>
      h("option", { value: epoch }, epochLabel(/^\d+$/.test(epoch) ? Number(epoch) : epoch)),
    ),
  );
  pin.value = pinnedEpoch(panel) ?? "";
  const zoom = (label: string, sign: string, factor: number) =>
    h("button.zoom", { "aria-label": label, title: label, onclick: () => onZoom(factor) }, sign);
  const buttons = h(
    "span.zooms",
    null,
    zoom("Zoom in", "+", 1.4),
    zoom("Zoom out", "−", 1 / 1.4),
    zoom("Show all", "⤢", 0),
  );
  return h("div.frame-head", null, choice, pin, h("span.count"), h("span.same"), buttons);
}

/** Which runs hide each other, neuron on neuron, as those do that began alike. */
export function coinciding(runs: Run[], at: number): string {
  const groups: Run[][] = [];
  for (const run of runs) {
    const alike = groups.find(([first]) => run.places.coincide(run.at(at), first.places, first.at(at)));
    if (alike === undefined) groups.push([run]);
    else alike.push(run);
  }
  return groups
    .filter((group) => group.length > 1)
    .map((group) => `${group.map((run) => run.title).join(" = ")}: in the same places`)
    .join("; ");
}
