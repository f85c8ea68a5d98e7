/** The legend under the maps, and the same on a picture. */

import { type Colouring, COLOURS, type ColourBy, type Legend, type Swatch, UNKNOWN } from "./colour";
import { h, swatch } from "./dom";

const PALE = "#dedede";

/** What single colours stand for. */
function entries({ legend, pales }: Colouring): Swatch[] {
  const grey = legend.unknown ? [{ colour: UNKNOWN, label: "not known" }] : [];
  const pale = pales ? [{ colour: PALE, label: "paler: dead, or no place" }] : [];
  return [...legend.swatches, ...grey, ...pale];
}

export function legendOf(colours: Colouring, by: ColourBy): HTMLElement[] {
  const { ramp, note } = colours.legend;
  const parts: HTMLElement[] = [h("span.by", null, `Colour: ${COLOURS[by]}`)];
  if (ramp !== null) {
    const bar = h("i.ramp");
    bar.style.background = `linear-gradient(to right, ${ramp.colours.join(", ")})`;
    parts.push(h("span.entry", null, ramp.low, bar, ramp.high));
  }
  for (const { colour, label } of entries(colours)) parts.push(h("span.entry", null, swatch(colour), label));
  if (note !== null) parts.push(h("span.faint", null, note));
  return parts;
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
    context.fillStyle = "#222";
    context.fillText(label, x + mark, y + 9);
    x += needed;
  };
  const { ramp, note } = colours.legend;
  if (ramp !== null) {
    put(`${ramp.low} to ${ramp.high}`, 116, (at) => drawRamp(context, ramp, at, y));
  }
  for (const { colour, label } of entries(colours)) {
    put(label, 15, (at) => {
      context.fillStyle = colour;
      context.fillRect(at, y, 10, 10);
    });
  }
  if (note !== null) put(note, 0, () => {});
  return y + LINE;
}

function drawRamp(
  context: CanvasRenderingContext2D,
  ramp: NonNullable<Legend["ramp"]>,
  left: number,
  top: number,
): void {
  const width = 110 / ramp.colours.length;
  ramp.colours.forEach((colour, i) => {
    context.fillStyle = colour;
    context.fillRect(left + i * width, top, width + 1, 10);
  });
}
