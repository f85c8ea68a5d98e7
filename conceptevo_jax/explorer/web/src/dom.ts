/** Elements from values; text is only ever set as text, so that none is read as HTML. */

type Child = Node | string | null | undefined | false;
type Attributes = Record<string, string | number | boolean | ((event: any) => void) | null | undefined>;

/** `h("button.primary", { onclick }, "Save")`. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K | `${K}.${string}`,
  attributes?: Attributes | null,
  ...children: (Child | Child[])[]
): HTMLElementTagNameMap[K] {
  const [name, ...classes] = tag.split(".");
  const element = document.createElement(name) as HTMLElementTagNameMap[K];
  if (classes.length > 0) element.className = classes.join(" ");
  for (const [key, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === "function") element.addEventListener(key.slice(2), value);
    else if (value === true) element.setAttribute(key, "");
    else element.setAttribute(key, String(value));
  }
  element.append(...(children.flat().filter((c) => c !== null && c !== undefined && c !== false) as Node[]));
  return element;
}

/**
 * Fills an element anew. A button of it that had the focus hands it to the one that is
 * called the same, or else to the pane, so that the keyboard does not fall off the page.
 */
export function refill(element: HTMLElement, ...children: (Node | string)[]): void {
  const held = document.activeElement;
  const name = (named: Element) => named.getAttribute("aria-label") ?? named.textContent;
  const lost = held !== null && held !== element && element.contains(held);
  const called = lost ? name(held) : "";
  element.replaceChildren(...children);
  if (!lost) return;
  const heirs = [...element.querySelectorAll<HTMLElement>(held.tagName)];
  const heir = heirs.find((candidate) => name(candidate) === called) ?? element.closest<HTMLElement>("[tabindex]");
  heir?.focus({ preventScroll: true });
}

/** A dot of a colour, beside the name of what it stands for. */
export function swatch(colour: string): HTMLElement {
  const dot = h("i.swatch");
  dot.style.background = colour;
  return dot;
}

/** What went wrong, told in the page. */
export function notice(error: unknown): HTMLElement {
  return h("p.notice", { role: "alert" }, error instanceof Error ? error.message : String(error));
}

const SVG = "http://www.w3.org/2000/svg";

export function svg(tag: string, attributes: Record<string, string | number>): SVGElement {
  const element = document.createElementNS(SVG, tag);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  return element;
}

/** Calls at most once a frame, with what was wanted last. */
export function onceAFrame<T extends unknown[]>(call: (...values: T) => void): (...values: T) => void {
  let wanted: T | null = null;
  return (...values) => {
    if (wanted === null) {
      requestAnimationFrame(() => {
        const last = wanted!;
        wanted = null;
        call(...last);
      });
    }
    wanted = values;
  };
}

/** Hands a file to the reader. */
export function download(name: string, data: Blob | string, type = "text/plain"): void {
  const blob = typeof data === "string" ? new Blob([data], { type }) : data;
  const url = URL.createObjectURL(blob);
  const link = h("a", { href: url, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  window.setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
