/** The legend under the maps. */

import { COLOURS, type ColourBy, type Legend } from "./colour";
import { h } from "./dom";

export function legendOf(legend: Legend, by: ColourBy): HTMLElement[] {
  const parts: HTMLElement[] = [h("span.by", null, `Colour: ${COLOURS[by]}`)];
  for (const { colour, label } of legend.swatches) {
    const swatch = h("i.swatch");
    swatch.style.background = colour;
    parts.push(h("span.entry", null, swatch, label));
  }
  if (legend.ramp !== null) {
    const { colours, low, high } = legend.ramp;
    const bar = h("i.ramp");
    bar.style.background = `linear-gradient(to right, ${colours.join(", ")})`;
    parts.push(h("span.entry", null, low, bar, high));
  }
  if (legend.note !== null) parts.push(h("span.faint", null, legend.note));
  parts.push(h("span.entry.faint", null, h("i.swatch.dead"), "pale: dead, or no place"));
  return parts;
}
