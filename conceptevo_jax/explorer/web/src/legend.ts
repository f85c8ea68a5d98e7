/** The legend under the maps, and the same on a picture. */

import { type Colouring, colouring, COLOURS, type Legend, pale, type Swatch, swatchKey, UNKNOWN } from "./colour";
import type { Run } from "./data/run";
import { h, swatch } from "./dom";
import type { Store } from "./state";
import { themeColour } from "./theme";

/** What single colours stand for, besides what can be isolated. */
function others({ legend, pales }: Colouring): { colour: string; label: string }[] {
  const below = legend.below === undefined ? [] : [{ colour: themeColour("--backdrop"), label: legend.below }];
  const grey = legend.unknown ? [{ colour: UNKNOWN, label: "not known" }] : [];
  const faded = pales ? [{ colour: pale(UNKNOWN), label: "faded: dead or not placed" }] : [];
  return [...below, ...grey, ...faded];
}

/** Runs that are hidden while one is isolated. */
function otherRuns(store: Store, run: Run): Set<string> {
  const kept = (one: Run) => one === run || (one.meta.is_base && !run.meta.is_base);
  return new Set(store.model.runs.filter((one) => !kept(one)).map((one) => one.name));
}

/** A button that shows the neurons of an entry alone; pressed again, all. */
function entryButton(store: Store, { colour, label, run }: Swatch, number: number): HTMLElement {
  const { state } = store;
  const key = swatchKey(state.colour, number);
  const hidden = run === undefined ? null : otherRuns(store, run);
  const isAlone =
    hidden === null ? state.isolated === key : setsEqual(hidden, state.hidden) && hidden.size > 0;
  const press = () => {
    if (hidden === null) store.set({ isolated: isAlone ? null : key });
    else store.set({ hidden: isAlone ? new Set() : hidden });
  };
  const title = isAlone ? "Show all again" : `Show ${label} alone`;
  return h("button.entry", { "aria-pressed": String(isAlone), title, onclick: press }, swatch(colour), label);
}

function setsEqual(one: Set<string>, other: Set<string>): boolean {
  return one.size === other.size && [...one].every((name) => other.has(name));
}

export function legendOf(store: Store): HTMLElement[] {
  const colours = colouring(store.model, store.state);
  const { swatches, ramp, note } = colours.legend;
  const parts: HTMLElement[] = [h("span.by", null, `Colour: ${COLOURS[store.state.colour]}`)];
  if (ramp !== null) {
    parts.push(rampEntry(ramp));
  }
  swatches.forEach((one, i) => parts.push(entryButton(store, one, i)));
  for (const { colour, label } of others(colours)) parts.push(h("span.entry", null, swatch(colour), label));
  if (note !== null) parts.push(h("span.faint", null, note));
  return parts;
}

type Ramp = NonNullable<Legend["ramp"]>;

/** Width of a whole ramp, in pixels. */
const RAMP = 120;

/** The parts of a ramp, each with what its end stands for. */
function partsOf({ colours, stops }: Ramp): { colours: string[]; end: string; width: number }[] {
  const count = stops.length - 1;
  const step = (colours.length - 1) / count;
  return stops.slice(1).map((end, i) => ({
    colours: colours.slice(Math.floor(i * step), Math.ceil((i + 1) * step) + 1),
    end,
    width: RAMP / count,
  }));
}

function rampEntry(ramp: Ramp): HTMLElement {
  const parts = partsOf(ramp).flatMap(({ colours, end, width }) => {
    const bar = h("i.ramp");
    bar.style.background = `linear-gradient(to right, ${colours.join(", ")})`;
    bar.style.width = `${width}px`;
    return [bar, end];
  });
  return h("span.entry", null, ramp.stops[0], ...parts);
}

const LINE = 18;
/** Draws the legend from a place on, in lines of some width; where it ends. */
export function drawLegend(
  context: CanvasRenderingContext2D,
  colours: Colouring,
  left: number,
  top: number,
  width: number,
): number {
  let [x, y] = [left, top];
  const put = (label: string, mark: number, draw: (at: number) => void) => {
    const needed = mark + context.measureText(label).width + 20;
    if (x > left && x + needed > left + width) [x, y] = [left, y + LINE];
    draw(x);
    context.fillStyle = themeColour("--ink");
    context.fillText(label, x + mark, y + 9);
    x += needed;
  };
  const { ramp, note } = colours.legend;
  if (ramp !== null) {
    put(ramp.stops[0], 0, () => {});
    for (const { colours, end, width } of partsOf(ramp)) {
      put(end, width + 6, (at) => drawRamp(context, colours, width, at, y));
    }
  }
  for (const { colour, label } of [...colours.legend.swatches, ...others(colours)]) {
    put(label, 15, (at) => {
      context.fillStyle = colour;
      context.fillRect(at, y, 10, 10);
    });
  }
  if (note !== null) put(note, 0, () => {});
  return y + LINE;
}

function drawRamp(context: CanvasRenderingContext2D, colours: string[], width: number, left: number, top: number): void {
  const step = width / colours.length;
  colours.forEach((colour, i) => {
    context.fillStyle = colour;
    context.fillRect(left + i * step, top, step + 1, 10);
  });
}
