/** Which part of a map is looked at, and where its places are on the screen. */

import type { Extent } from "../data/places";

/** The place in the middle, and the enlargement; at zoom 1 a map is two units high. */
export interface View {
  x: number;
  y: number;
  zoom: number;
}

export interface Size {
  width: number;
  height: number;
}

type Point = [number, number];

/** Share of a map's sides that its points take up at first. */
const MARGIN = 0.92;

export function isSameView(a: View, b: View): boolean {
  const near = (x: number, y: number) => Math.abs(x - y) < 1e-4 * Math.max(1, Math.abs(y));
  return near(a.x, b.x) && near(a.y, b.y) && near(a.zoom, b.zoom);
}

export function pixelsPerUnit(view: View, { height }: Size): number {
  return (height / 2) * view.zoom;
}

export function toScreen(view: View, size: Size, [x, y]: Point): Point {
  const scale = pixelsPerUnit(view, size);
  return [size.width / 2 + (x - view.x) * scale, size.height / 2 - (y - view.y) * scale];
}

export function toMap(view: View, size: Size, [px, py]: Point): Point {
  const scale = pixelsPerUnit(view, size);
  return [view.x + (px - size.width / 2) / scale, view.y - (py - size.height / 2) / scale];
}

/** The camera of regl-scatterplot scales and shifts; its units are halves of the map's height. */
export function cameraOf({ x, y, zoom }: View): Float32Array {
  return new Float32Array([zoom, 0, 0, 0, 0, zoom, 0, 0, 0, 0, 1, 0, -x * zoom, -y * zoom, 0, 1]);
}

export function viewOfCamera(matrix: ArrayLike<number>): View {
  return { x: -matrix[12] / matrix[0], y: -matrix[13] / matrix[5], zoom: matrix[0] };
}

/** The view after fingers went from some places on the screen to others. */
export function followed(view: View, size: Size, from: Point[], to: Point[]): View {
  const middle = (places: Point[]): Point => [
    places.reduce((sum, p) => sum + p[0], 0) / places.length,
    places.reduce((sum, p) => sum + p[1], 0) / places.length,
  ];
  const apart = (p: Point[]) => (p.length > 1 ? Math.hypot(p[0][0] - p[1][0], p[0][1] - p[1][1]) : 1);
  const held = toMap(view, size, middle(from));
  const zoom = view.zoom * (apart(to) / Math.max(1, apart(from)));
  const [px, py] = middle(to);
  const scale = pixelsPerUnit({ ...view, zoom }, size);
  return { x: held[0] - (px - size.width / 2) / scale, y: held[1] + (py - size.height / 2) / scale, zoom };
}

/** The view that shows all within some bounds. */
export function wholeOf([left, bottom, right, top]: Extent, { width, height }: Size): View {
  const aspect = width / Math.max(1, height);
  const zoom = MARGIN * Math.min((2 * aspect) / (right - left), 2 / (top - bottom));
  return { x: (left + right) / 2, y: (bottom + top) / 2, zoom };
}

/** A view as its distance from the whole and its scale against it: so it fits any map and window. */
export function relativeTo(whole: View, view: View): View {
  return { x: view.x - whole.x, y: view.y - whole.y, zoom: view.zoom / whole.zoom };
}

export function fromRelative(whole: View, relative: View): View {
  return { x: whole.x + relative.x, y: whole.y + relative.y, zoom: whole.zoom * relative.zoom };
}
