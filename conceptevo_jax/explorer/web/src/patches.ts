/** Example patches, cut out of the sheets of images by CSS. */

import { DataError } from "./data/format";
import type { Images } from "./data/meta";
import type { Run } from "./data/run";
import { h } from "./dom";
import { brief } from "./numbers";

/** Sides of an enlarged patch and of the image that it is from, in pixels. */
const LARGE = 120;
const WHOLE = 36;

/** Where a patch is on a sheet of images, in the sheet's pixels. */
interface Tile {
  sheet: string;
  left: number;
  top: number;
  side: number;
  /** The same in its image, in the image's pixels. */
  row: number;
  column: number;
  length: number;
}

/** The patch of a neuron; null where images were left out. */
function tileOf(run: Run, snapshot: number, neuron: number, slot: number): Tile | null {
  const image = run.stimuli(snapshot, neuron)[slot];
  const images = run.scene.images;
  const { corners, length } = run.patches!;
  if (image === undefined || !images || !corners || !length) return null;
  const sheet = run.model.source.sheet(`${run.meta.scene}-${Math.floor(image / images.per_sheet)}`);
  const at = 2 * ((snapshot * run.neurons + neuron) * run.meta.k + slot);
  const place = image % images.per_sheet;
  const pixel = images.tile / images.side;
  const [row, column] = [corners[at], corners[at + 1]];
  return {
    sheet,
    left: (place % images.columns) * images.tile + column * pixel,
    top: Math.floor(place / images.columns) * images.tile + row * pixel,
    side: length[neuron] * pixel,
    row,
    column,
    length: length[neuron],
  };
}

/** Maps do without patches that are damaged or lacking: panes tell of them. */
export function forgive(error: unknown): void {
  if (!(error instanceof DataError)) throw error;
}

function tileOrNull(run: Run, snapshot: number, neuron: number): Tile | null {
  try {
    return tileOf(run, snapshot, neuron, 0);
  } catch (error) {
    forgive(error);
    return null;
  }
}

/** One patch of `size` CSS pixels; null where images were left out. */
function patch(run: Run, snapshot: number, neuron: number, slot: number, size: number): HTMLElement | null {
  const tile = tileOf(run, snapshot, neuron, slot);
  const images = run.scene.images;
  if (tile === null || !images) return null;
  const image = run.stimuli(snapshot, neuron)[slot];
  const name = run.model.classOfImage(run, image);
  const file = run.model.nameOfImage(run, image);
  const response = brief(run.responses(snapshot, neuron)[slot]);
  const title = `patch of an image of ${name}${file === null ? "" : `, ${file}`}; response ${response}`;
  return cut(tile, images, size, title);
}

/** A square of a sheet, in `size` CSS pixels. */
function cut(tile: Tile, images: Images, size: number, title: string): HTMLElement {
  const grown = size / tile.side;
  const element = h("span.patch", { title });
  element.style.cssText =
    `width:${size}px;height:${size}px;background-image:url("${tile.sheet}");` +
    `background-size:${images.columns * images.tile * grown}px auto;` +
    `background-position:${-tile.left * grown}px ${-tile.top * grown}px`;
  return element;
}

const sheets = new Map<string, HTMLImageElement>();

/** A sheet as an image; null until it is there, which is then told. */
function sheetImage(url: string, onLoad: () => void): HTMLImageElement | null {
  let image = sheets.get(url);
  if (image === undefined) {
    image = new Image();
    image.src = url;
    sheets.set(url, image);
  }
  if (image.complete && image.naturalWidth > 0) return image;
  image.addEventListener("load", onLoad, { once: true });
  return null;
}

/**
 * Paints a neuron's strongest patch around a place on a canvas; whether it could. What is
 * missing is loaded, and told when it is there.
 */
export function paintPatch(
  context: CanvasRenderingContext2D,
  run: Run,
  snapshot: number,
  neuron: number,
  [x, y]: [number, number],
  size: number,
  onLoad: () => void,
): boolean {
  if (run.scene.images === null || run.dead(snapshot, neuron)) return false;
  if (run.patches === null) {
    run.loadPatches().then(onLoad, forgive);
    return false;
  }
  const tile = tileOrNull(run, snapshot, neuron);
  const image = tile && sheetImage(tile.sheet, onLoad);
  if (tile === null || image === null) return false;
  context.imageSmoothingEnabled = false;
  const [left, top] = [x - size / 2, y - size / 2];
  context.drawImage(image, tile.left, tile.top, tile.side, tile.side, left, top, size, size);
  return true;
}

/** A neuron's strongest patches in a snapshot; a word where there are none. */
export function patchRow(
  run: Run,
  snapshot: number,
  neuron: number,
  count: number,
  size = 34,
  untitled = false,
): HTMLElement {
  const row = h("span.patches");
  if (run.patches === null) {
    row.append(h("span.faint", null, "…"));
    run.loadPatches().then(
      () => row.replaceWith(patchRow(run, snapshot, neuron, count, size, untitled)),
      (error) => row.replaceChildren(h("span.faint", null, String(error.message ?? error))),
    );
    return row;
  }
  const total = run.stimuli(snapshot, neuron).length;
  if (total === 0) {
    row.append(h("span.faint", null, run.nonfinite(snapshot, neuron) ? "not finite" : "dead: no stimuli"));
  }
  const dead = run.dead(snapshot, neuron);
  if (dead) return row;
  for (let slot = 0; slot < Math.min(total, count); slot++) {
    const shown = patch(run, snapshot, neuron, slot, size);
    if (shown === null) return named(row, run, snapshot, neuron);
    if (untitled) shown.removeAttribute("title");
    row.append(shown);
  }
  if (untitled) return row;
  row.setAttribute("role", "img");
  row.setAttribute("aria-label", summary(run, snapshot, neuron, Math.min(total, count)));
  row.addEventListener("click", () => enlarge(run, snapshot, neuron));
  return row;
}

/** A row in words: `4 patches: 3 cat, 1 dog`. */
function summary(run: Run, snapshot: number, neuron: number, count: number): string {
  const classes = classCounts(run, snapshot, neuron, count).map(([name, n]) => `${n} ${name}`);
  return `${count} patches: ${classes.join(", ")}`;
}

/** A patch, large, with the response to it and its place in its image. */
function figure(run: Run, snapshot: number, neuron: number, slot: number): HTMLElement | null {
  const tile = tileOf(run, snapshot, neuron, slot);
  const large = patch(run, snapshot, neuron, slot, LARGE);
  const images = run.scene.images;
  if (tile === null || large === null || !images) return null;
  const { row, column, length } = tile;
  const span = (name: string, first: number) => h("span", null, `${name} ${first}–${first + length - 1}`);
  const places = length < images.side ? [span("rows", row), span("columns", column)] : [h("span", null, "whole image")];
  const response = h("strong", null, brief(run.responses(snapshot, neuron)[slot]));
  return h("figure", null, large, h("figcaption", null, wholeImage(tile, images), h("div", null, response, ...places)));
}

/** The image of a patch, which is outlined in it. */
function wholeImage(tile: Tile, images: Images): HTMLElement {
  const { row, column, length } = tile;
  const pixel = images.tile / images.side;
  const origin = { ...tile, left: tile.left - column * pixel, top: tile.top - row * pixel, side: images.tile };
  const whole = cut(origin, images, WHOLE, "the whole image");
  const grown = WHOLE / images.side;
  const outline = h("i.outline");
  outline.style.cssText =
    `left:${column * grown}px;top:${row * grown}px;width:${length * grown}px;height:${length * grown}px`;
  if (length < images.side) whole.append(outline);
  return whole;
}

/** All of a neuron's patches in a snapshot, large. */
export function enlarge(run: Run, snapshot: number, neuron: number): void {
  const close = h("button.close", { autofocus: true, onclick: () => dialog.close() }, "Close");
  const title = h("h2", null, run.nameAt(snapshot, neuron));
  const classes = classCounts(run, snapshot, neuron).map(([name, n]) => `${n} ${name}`);
  const used = run.dead(snapshot, neuron) ? [] : run.stimuli(snapshot, neuron);
  const figures = used.map((_, slot) => figure(run, snapshot, neuron, slot)).filter((element) => element !== null);
  const side = run.scene.images?.side;
  const about = `Strongest first, each with the neuron's response in bold and its place in the image of ${side} × ${side} pixels, counted from 0.`;
  const dialog = h(
    "dialog.large",
    { "aria-label": "larger patches", onclose: () => dialog.remove() },
    close,
    title,
    h("p.faint", null, classes.join(", ")),
    figures.length > 0 && h("p.faint", null, about),
    figures.length > 0 ? h("div.figures", null, figures) : patchRow(run, snapshot, neuron, run.meta.k, LARGE, true),
  );
  document.body.append(dialog);
  dialog.showModal();
}

/** The classes of a neuron's stimuli in words. */
function named(row: HTMLElement, run: Run, snapshot: number, neuron: number): HTMLElement {
  for (const [name, n] of classCounts(run, snapshot, neuron).slice(0, 3)) {
    row.append(h("span.named", { title: name }, n > 1 ? `${name} ×${n}` : name));
  }
  return row;
}

/** The class that more of a neuron's stimuli are of than of any other; null without one. */
export function majorityClass(run: Run, snapshot: number, neuron: number): string | null {
  const [first, second] = classCounts(run, snapshot, neuron);
  return first === undefined || first[1] === second?.[1] ? null : first[0];
}

/** How often each class occurs among a neuron's first stimuli, the most frequent first. */
export function classCounts(run: Run, snapshot: number, neuron: number, first = Infinity): [string, number][] {
  const counts = new Map<string, number>();
  for (const image of run.stimuli(snapshot, neuron).slice(0, first)) {
    const name = run.model.classOfImage(run, image);
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return [...counts].sort((a, b) => b[1] - a[1]);
}
