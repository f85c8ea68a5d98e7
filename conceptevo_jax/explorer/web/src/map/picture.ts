/** A picture of all maps, with what they show written beneath. */

import type { Colouring } from "../colour";
import { h } from "../dom";
import { drawLegend } from "../legend";
import { paintPatch } from "../patches";
import { themeColour } from "../theme";
import { type Labels, PATCH } from "./labels";
import { drawPatches, marksAsImage } from "./marks";
import type { Panel } from "./panel";
import type { Bend } from "./trail";

/** Pixels of a picture per pixel of the page. */
const SCALE = 2;
const HEAD = 26;
const FONT = "12px system-ui, sans-serif";

/** A map with its name, and all that lies over its points. */
export interface PicturedMap {
  panel: Panel;
  name: string;
  labels: Labels;
  at: number;
  enlarged: number;
  bends: Bend[];
}

interface Page {
  maps: PicturedMap[];
  element: HTMLElement;
  colours: Colouring;
  caption: string;
}

/** Pages beside their data may show its images, but not hand them on. */
export async function picture(page: Page): Promise<Blob> {
  const points = [];
  // One after the other: all maps share what they are drawn with.
  for (const { panel } of page.maps) points.push(await panel.enlarged(SCALE));
  try {
    return await asPng(await paint(page, points, true));
  } catch (error) {
    if (!(error instanceof DOMException)) throw error;
    return asPng(await paint(page, points, false));
  }
}

function asPng(canvas: HTMLCanvasElement): Promise<Blob> {
  return new Promise((resolve, reject) =>
    canvas.toBlob((blob) => (blob === null ? reject(new Error("no picture")) : resolve(blob))),
  );
}

/** Where the maps are on the picture: without the bars above them, which hold buttons. */
function layout({ maps, element }: Page): { places: [number, number][]; height: number } {
  const box = element.getBoundingClientRect();
  const rects = maps.map(({ panel }) => panel.element.getBoundingClientRect());
  const tops = [...new Set(rects.map((rect) => Math.round(rect.top)))].sort((a, b) => a - b);
  let height = 0;
  const heights = tops.map((top) => {
    const start = height + HEAD;
    height = start + Math.max(...rects.filter((rect) => Math.round(rect.top) === top).map((rect) => rect.height));
    return start;
  });
  const places = rects.map((rect): [number, number] => [rect.left - box.left, heights[tops.indexOf(Math.round(rect.top))]]);
  return { places, height };
}

async function paint(page: Page, points: ImageData[], images: boolean): Promise<HTMLCanvasElement> {
  const { width } = page.element.getBoundingClientRect();
  const { places, height } = layout(page);
  const canvas = h("canvas");
  const context = canvas.getContext("2d")!;
  context.font = FONT;
  const end = drawLegend(context, page.colours, 8, height + 36, width - 16);
  [canvas.width, canvas.height] = [width * SCALE, (end + 8) * SCALE];
  context.scale(SCALE, SCALE);
  context.fillStyle = themeColour("--paper");
  context.fillRect(0, 0, width, end + 8);
  for (const [i, shown] of page.maps.entries()) await paintMap(context, shown, points[i], places[i], images);
  context.font = FONT;
  context.fillStyle = themeColour("--ink");
  context.fillText(page.caption, 8, height + 22, width - 16);
  drawLegend(context, page.colours, 8, height + 36, width - 16);
  return canvas;
}

async function paintMap(
  context: CanvasRenderingContext2D,
  { panel, name, labels, at, enlarged, bends }: PicturedMap,
  points: ImageData,
  [x, y]: [number, number],
  images: boolean,
): Promise<void> {
  const { width, height } = panel.size;
  context.drawImage(await createImageBitmap(points), x, y, width, height);
  context.save();
  context.beginPath();
  context.rect(x, y, width, height);
  context.clip();
  context.translate(x, y);
  const onLoad = () => {};
  if (images) drawPatches(panel, context, { at, enlarged, bends, onLoad });
  context.drawImage(await marksAsImage(panel, SCALE), 0, 0, width, height);
  for (const label of labels.shown) paintLabel(context, label, images);
  context.restore();
  context.strokeStyle = themeColour("--line");
  context.strokeRect(x, y, width, height);
  context.font = `600 ${FONT}`;
  context.fillStyle = themeColour("--ink");
  context.fillText(name, x + 8, y - 8);
}

function paintLabel(context: CanvasRenderingContext2D, label: Labels["shown"][number], images: boolean): void {
  const { box, words, colour, base, exemplar } = label;
  const middle = (box.left + box.right) / 2;
  const place: [number, number] = [middle, box.top + PATCH / 2];
  if (images && paintPatch(context, base, base.snapshots - 1, exemplar, place, PATCH, () => {})) {
    context.lineWidth = 2;
    context.strokeStyle = colour;
    context.strokeRect(place[0] - PATCH / 2, place[1] - PATCH / 2, PATCH, PATCH);
  }
  context.save();
  context.font = "600 11px system-ui, sans-serif";
  context.textAlign = "center";
  context.lineJoin = "round";
  context.lineWidth = 3;
  context.strokeStyle = themeColour("--paper");
  context.strokeText(words, middle, box.bottom - 4);
  context.fillStyle = colour;
  context.fillText(words, middle, box.bottom - 4);
  context.restore();
}
