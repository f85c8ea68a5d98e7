/** Boxes on the screen, for names that must not cover each other. */

export interface Box {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

export function boxAround(x: number, y: number, width: number, height: number): Box {
  return { left: x - width / 2, top: y - height / 2, right: x + width / 2, bottom: y + height / 2 };
}

/** Whether a box covers none of those that are taken. */
export function isFree(box: Box, taken: Box[]): boolean {
  return taken.every(
    ({ left, top, right, bottom }) => box.right <= left || box.left >= right || box.bottom <= top || box.top >= bottom,
  );
}
