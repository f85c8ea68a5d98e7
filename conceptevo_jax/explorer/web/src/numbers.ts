/** Numbers as people read them. */

/** Two digits, or all before the point. */
export function brief(value: number): string {
  const size = Math.abs(value);
  if (value === 0 || (size >= 10 && size < 1e5)) return String(Math.round(value));
  return value.toPrecision(2);
}
