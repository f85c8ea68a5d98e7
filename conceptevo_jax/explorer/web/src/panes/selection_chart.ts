/** How many of the selected neurons are live, and still where they were, over time. */

import { selectionCurves } from "../curves";
import { h, svg } from "../dom";
import type { Selection } from "../selection";
import type { Store } from "../state";

const WIDTH = 320;
const HEIGHT = 60;

export function selectionChart(store: Store, selection: Selection): HTMLElement | "" {
  const { model } = store;
  const curves = selectionCurves(model, selection);
  const [first, last] = [model.stops[0], model.stops.at(-1)!];
  if (curves.length === 0 || first === last) return "";
  const most = Math.max(1, ...curves.flatMap(({ values }) => [...values.values()].map((value) => value ?? 0)));
  const x = (at: number) => ((at - first) / (last - first)) * WIDTH;
  const y = (count: number) => HEIGHT - (count / most) * (HEIGHT - 4) - 2;
  const chart = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: "counts", preserveAspectRatio: "none", "aria-hidden": "true" });
  for (const { colour, dash, values } of curves) {
    const points = [...values].map(([at, count]) => `${x(at)},${y(count ?? 0)}`).join(" ");
    chart.append(svg("polyline", { points, stroke: colour, "stroke-dasharray": (dash ?? []).join(" ") }));
  }
  const { region, concept } = selection;
  const solid = region !== null ? "solid: in the region" : concept !== undefined ? "solid: with the concept" : "";
  const large = h("button.link", { onclick: () => store.set({ metric: "selection" }) }, "show below");
  const note = `0 to ${most} neurons; dashed: live${solid === "" ? "" : `, ${solid}`} `;
  return h("section.over-time", { "aria-label": "counts over time" }, h("h3", null, "Over time"), chart, h("p.faint", null, note, large));
}
