/** What mouse, pen and fingers do on a map: click, point, and draw a region. */

import { onceAFrame } from "../dom";
import { drawLasso } from "./lasso";
import type { Panel } from "./panel";
import { followFingers } from "./touch";

/** Pixels that a click may move. */
const STILL = 4;

interface Actions {
  /** Whether dragging draws a region in place of moving the map. */
  isLassoing(): boolean;
  /** A region is begun. */
  onPress(): void;
  onLasso(polygon: [number, number][]): void;
  onClick(x: number, y: number): void;
  onHover(x: number, y: number): void;
  onLeave(): void;
}

export function listenTo(panel: Panel, actions: Actions): void {
  const { element } = panel;
  const at = (event: PointerEvent | MouseEvent): [number, number] => {
    const box = element.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  const draws = (event: MouseEvent) => actions.isLassoing() || event.shiftKey;
  let pressed: [number, number] | null = null;
  element.addEventListener(
    "pointerdown",
    (event) => {
      pressed = draws(event) ? null : at(event);
      if (pressed !== null) return;
      event.stopPropagation();
      event.preventDefault();
      actions.onPress();
      drawLasso(panel, event, actions.onLasso);
    },
    { capture: true },
  );
  // The map is moved by mouse events, which follow those of the pointer.
  element.addEventListener(
    "mousedown",
    (event) => {
      if (draws(event)) event.stopPropagation();
    },
    { capture: true },
  );
  element.addEventListener("click", (event) => {
    const [x, y] = at(event);
    if (pressed !== null && Math.hypot(x - pressed[0], y - pressed[1]) <= STILL) actions.onClick(x, y);
  });
  const hover = onceAFrame(actions.onHover);
  element.addEventListener("pointermove", (event) => {
    if (event.pointerType === "mouse" && event.buttons === 0) hover(...at(event));
  });
  element.addEventListener("pointerleave", actions.onLeave);
  followFingers(panel, actions.isLassoing);
}
