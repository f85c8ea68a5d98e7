/** The page's light and dark look, for what is drawn on a canvas and not styled. */

const DARK = window.matchMedia("(prefers-color-scheme: dark)");

export function isDark(): boolean {
  return DARK.matches;
}

/** A colour of the style sheet, such as `--paper`, as `#rrggbb`. */
export function themeColour(name: `--${string}`): string {
  const colour = getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  // Built style sheets have the short form where there is one.
  return colour.length === 4 ? `#${[...colour.slice(1)].map((digit) => digit + digit).join("")}` : colour;
}

export function onThemeChange(listener: () => void): () => void {
  DARK.addEventListener("change", listener);
  return () => DARK.removeEventListener("change", listener);
}

/** So much of a colour, and the rest of another; both as `#rrggbb`. */
export function mixed(colour: string, share: number, ground: string): string {
  const parts = (hex: string) => [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));
  const groundParts = parts(ground);
  const sum = parts(colour).map((part, i) => Math.round(share * part + (1 - share) * groundParts[i]));
  return `#${sum.map((part) => part.toString(16).padStart(2, "0")).join("")}`;
}
