/** What is looked at, in the address of the page. */

import { COLOURS, type ColourBy } from "./colour";
import { METRICS } from "./curves";
import type { Model } from "./data/model";
import { isPanel, MAPS, shownRuns } from "./panels";
import { inside, ofConcept, ofSite } from "./selection";
import { type Change, type State, type Tab, TABS } from "./state";

/** The last time, in an address. */
const LAST = "last";

/** The filter of rankings that an address tells. */
const BECOMES = "becomes";

/** Corners of a region that an address tells at most. */
const CORNERS = 80;

export function write(model: Model, state: State): string {
  const parts: string[] = [];
  const put = (key: string, value: string | number) =>
    parts.push(`${key}=${encodeURIComponent(value).replaceAll("%2F", "/").replaceAll("%2C", ",")}`);
  // The last time is not told as a number: who looks at it in a live page goes on with the training.
  put("e", state.at === model.stops.at(-1) ? LAST : round(state.at, 6));
  put("p", state.panels.map(encodeURIComponent).join(","));
  if (state.hidden.size > 0) put("h", [...state.hidden].map(encodeURIComponent).join(","));
  put("c", state.colour);
  if (state.isolated !== null) put("i", state.isolated);
  put("m", state.metric);
  if (state.counted !== null) put("b", state.counted);
  put("t", state.tab);
  if (state.cls !== null) put("k", state.cls);
  if (state.becoming) put("f", BECOMES);
  if (state.neuron !== null) put("n", state.neuron.run.id(state.neuron.neuron));
  if (state.view !== null) put("v", [state.view.x, state.view.y, state.view.zoom].map((value) => round(value, 6)).join(","));
  const region = state.selection?.region;
  if (region) {
    const corners = thin(region.polygon).flat().map((value) => round(value, 5));
    put("l", [region.scene, round(region.at, 6), ...corners].join(","));
  }
  if (state.selection?.site) put("s", state.selection.site);
  const concept = state.selection?.concept;
  if (concept) put("g", [concept.number, round(concept.at, 6), ...concept.runs.map(({ name }) => encodeURIComponent(name))].join(","));
  return `#${parts.join("&")}`;
}

/** Reads an address; what it does not know, or is no longer there, is left out and listed. */
export function read(model: Model, hash: string, start: State, unknown: string[]): Change {
  const found: Change = {};
  const values = new Map<string, string>();
  for (const part of hash.replace(/^#/, "").split("&")) {
    const cut = part.indexOf("=");
    if (cut > 0) values.set(part.slice(0, cut), safely(part.slice(cut + 1)));
  }
  const list = (key: string) => (values.get(key) ?? "").split(",").filter(Boolean).map(safely);
  const known = <T>(key: string, value: T | null | undefined | false): value is T => {
    const isKnown = value !== null && value !== undefined && value !== false;
    if (!isKnown && values.has(key)) unknown.push(values.get(key)!);
    return isKnown;
  };
  const all = (key: string, has: (name: string) => unknown) =>
    list(key).filter((name) => has(name) || (unknown.push(name), false));
  const asked = values.get("e");
  const at = asked === LAST ? model.stops.at(-1)! : Number(asked);
  if (known("e", asked && Number.isFinite(at))) found.at = model.nearestStop(at);
  const panels = all("p", (panel) => isPanel(model, panel));
  if (panels.length > 0) found.panels = panels.slice(0, MAPS);
  const hidden = all("h", (name) => model.run(name));
  if (hidden.length > 0) found.hidden = new Set(hidden);
  const colour = values.get("c") ?? "";
  if (known("c", Object.hasOwn(COLOURS, colour))) found.colour = colour as ColourBy;
  const isolated = values.get("i");
  if (isolated !== undefined) found.isolated = isolated;
  const metric = values.get("m") ?? "";
  if (known("m", Object.hasOwn(METRICS, metric))) found.metric = metric;
  const counted = model.run(values.get("b") ?? "");
  if (known("b", counted)) found.counted = counted.name;
  const tab = values.get("t") as Tab;
  if (known("t", TABS.includes(tab))) found.tab = tab;
  const cls = values.get("k") ?? "";
  if (known("k", model.classes.includes(cls))) found.cls = cls;
  if (known("f", values.get("f") === BECOMES)) found.becoming = true;
  const neuron = model.find(values.get("n") ?? "");
  if (known("n", neuron)) found.neuron = neuron;
  const view = list("v").map(Number);
  if (view.length === 3 && view.every(Number.isFinite) && view[2] > 0) {
    found.view = { x: view[0], y: view[1], zoom: view[2] };
  }
  const region = list("l").map(Number);
  if (region.length >= 8 && region.length % 2 === 0 && region.every(Number.isFinite)) {
    const [scene, time, ...corners] = region;
    const polygon = corners.flatMap((x, i) => (i % 2 === 0 ? [[x, corners[i + 1]]] : [])) as [number, number][];
    if (model.scenes[scene]) {
      const runs = shownRuns(model, { ...start, ...found }).filter((run) => run.meta.scene === scene);
      found.selection = inside(model, runs, polygon, model.nearestStop(time), scene);
    }
  }
  const sited = model.runs
    .map((run) => ({ run, site: run.meta.sites.findIndex(({ name }) => values.get("s") === `${run.name}/${name}`) }))
    .find(({ site }) => site >= 0);
  if (known("s", sited)) found.selection = ofSite(sited.run, sited.site);
  const [number, time, ...names] = list("g");
  const holding = names.map((name) => model.run(name)).filter((run) => run !== undefined);
  const isThere = holding.length > 0 && holding.length === names.length && Number.isFinite(Number(time));
  if (known("g", isThere && holding.every((run) => run.scene === holding[0].scene && run.scene.groups[Number(number)]))) {
    found.selection = ofConcept(holding, Number(number), model.nearestStop(Number(time)));
  }
  return found;
}

function round(value: number, places: number): number {
  return Number(value.toFixed(places));
}

function thin(polygon: [number, number][]): [number, number][] {
  const every = Math.ceil(polygon.length / CORNERS);
  return polygon.filter((_, i) => i % every === 0);
}

function safely(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
