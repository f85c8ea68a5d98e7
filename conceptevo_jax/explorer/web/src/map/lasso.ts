/** Drawing a region with mouse, pen or finger. */

import { svg } from "../dom";
import type { Panel } from "./panel";

/** Follows the pointer until it is let go, and gives the region in the map's units. */
export function drawLasso(
  panel: Panel,
  down: PointerEvent,
  onEnd: (polygon: [number, number][]) => void,
): void {
  const box = panel.element.getBoundingClientRect();
  const at = (event: PointerEvent): [number, number] => [
    event.clientX - box.left,
    event.clientY - box.top,
  ];
  const path: [number, number][] = [at(down)];
  const line = svg("polygon", { class: "lasso" });
  panel.overlay.append(line);
  panel.element.setPointerCapture(down.pointerId);
  const move = (event: PointerEvent) => {
    const here = at(event);
    const last = path.at(-1)!;
    if (Math.hypot(here[0] - last[0], here[1] - last[1]) < 3) return;
    path.push(here);
    line.setAttribute("points", path.map((p) => p.join()).join(" "));
  };
  const stop = (event: PointerEvent) => {
    panel.element.removeEventListener("pointermove", move);
    panel.element.removeEventListener("pointerup", stop);
    panel.element.removeEventListener("pointercancel", stop);
    line.remove();
    if (event.type === "pointerup" && path.length > 2) onEnd(path.map((p) => panel.toMap(...p)));
  };
  panel.element.addEventListener("pointermove", move);
  panel.element.addEventListener("pointerup", stop);
  panel.element.addEventListener("pointercancel", stop);
}
