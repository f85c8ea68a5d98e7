/** Moving the map with one finger, and enlarging it with two. */

import type { Panel } from "./panel";

/** Follows fingers on a map, unless `paused`, when they draw. */
export function followFingers(panel: Panel, paused: () => boolean): void {
  const fingers = new Map<number, [number, number]>();
  const place = (event: PointerEvent): [number, number] => {
    const box = panel.element.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  panel.element.addEventListener("pointerdown", (event) => {
    if (event.pointerType === "touch" && !paused()) fingers.set(event.pointerId, place(event));
  });
  panel.element.addEventListener("pointermove", (event) => {
    if (!fingers.has(event.pointerId)) return;
    const from = [...fingers.values()].slice(0, 2);
    fingers.set(event.pointerId, place(event));
    panel.follow(from, [...fingers.values()].slice(0, 2));
  });
  for (const kind of ["pointerup", "pointercancel", "pointerleave"] as const) {
    panel.element.addEventListener(kind, (event) => fingers.delete(event.pointerId));
  }
}
