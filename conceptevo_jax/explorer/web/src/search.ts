/** Finding neurons, runs, sites and classes by name. */

import type { Model, NeuronRef, Run } from "./data/model";
import { h } from "./dom";
import type { Store } from "./state";

const LISTED = 12;

interface Hit {
  kind: "class" | "run" | "site" | "neuron";
  label: string;
  choose(): void;
}

export class Search {
  readonly element: HTMLElement;
  private readonly model: Model;
  private readonly input: HTMLInputElement;
  private readonly list = h("ul.hits", { id: "hits", role: "listbox", "aria-label": "what was found", hidden: true });
  private hits: Hit[] = [];
  private active = 0;

  constructor(
    private readonly store: Store,
    private readonly say: (text: string) => void,
  ) {
    this.model = store.model;
    this.input = h("input.search", {
      type: "search",
      placeholder: "neuron, run, site or class",
      role: "combobox",
      "aria-label": "search for a neuron, run, site or class",
      "aria-expanded": "false",
      "aria-controls": "hits",
      "aria-autocomplete": "list",
      autocomplete: "off",
      spellcheck: "false",
      oninput: () => this.find(),
      onfocus: () => this.find(),
      onkeydown: (event: KeyboardEvent) => this.key(event),
      onblur: () => window.setTimeout(() => this.close(), 150),
    });
    this.element = h("div.searching", null, this.input, this.list);
  }

  focus(): void {
    this.input.focus();
    this.input.select();
  }

  private find(): void {
    const wanted = this.input.value.trim().toLowerCase();
    this.hits = wanted === "" ? [] : findAll(this.model, wanted, this.store);
    this.active = 0;
    this.list.replaceChildren(
      ...this.hits.map((hit, i) =>
        h(
          "li",
          {
            id: `hit-${i}`,
            role: "option",
            onmousedown: (event: MouseEvent) => {
              event.preventDefault();
              this.choose(i);
            },
          },
          h("span.kind", null, hit.kind),
          hit.label,
        ),
      ),
      ...(wanted !== "" && this.hits.length === 0 ? [h("li.faint", null, "nothing is called so")] : []),
    );
    this.list.hidden = wanted === "";
    this.input.setAttribute("aria-expanded", String(!this.list.hidden));
    this.mark();
    if (wanted !== "") this.say(`${this.hits.length} found`);
  }

  private mark(): void {
    [...this.list.children].forEach((item, i) => item.setAttribute("aria-selected", String(i === this.active && this.hits.length > 0)));
    this.input.setAttribute("aria-activedescendant", this.hits.length ? `hit-${this.active}` : "");
    this.list.children[this.active]?.scrollIntoView({ block: "nearest" });
  }

  private key(event: KeyboardEvent): void {
    event.stopPropagation();
    if (event.key === "Escape") {
      this.input.value = "";
      this.close();
      this.input.blur();
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const by = event.key === "ArrowDown" ? 1 : -1;
      this.active = Math.max(0, Math.min(this.hits.length - 1, this.active + by));
      this.mark();
    } else if (event.key === "Enter" && this.hits.length > 0) {
      event.preventDefault();
      this.choose(this.active);
    }
  }

  private choose(place: number): void {
    const hit = this.hits[place];
    this.close();
    this.input.value = hit.label;
    this.input.blur();
    hit.choose();
    this.say(`${hit.kind} ${hit.label}`);
  }

  private close(): void {
    this.list.hidden = true;
    this.input.setAttribute("aria-expanded", "false");
  }
}

/** Classes first, then runs, sites and neurons; names that begin so before others. */
function findAll(model: Model, wanted: string, store: Store): Hit[] {
  const hits: Hit[] = [];
  const fits = (name: string) => name.toLowerCase().includes(wanted);
  for (const name of model.classes.filter(fits)) {
    hits.push({ kind: "class", label: name, choose: () => store.set({ cls: name, tab: "class" }) });
  }
  for (const run of model.runs.filter((one) => fits(one.name))) {
    hits.push({ kind: "run", label: run.name, choose: () => showRun(store, run) });
  }
  for (const run of model.runs) {
    run.meta.sites.forEach((site, s) => {
      const label = `${run.name}/${site.name}`;
      if (fits(label)) hits.push({ kind: "site", label, choose: () => selectSite(store, run, s) });
    });
  }
  const first = (hit: Hit) => (hit.label.toLowerCase().startsWith(wanted) ? 0 : 1);
  hits.sort((a, b) => first(a) - first(b));
  return [...findNeurons(model, wanted, store), ...hits].slice(0, LISTED);
}

/** `run/site/index`, `site/index`, or with the `@epoch` that the tables write. */
function findNeurons(model: Model, wanted: string, store: Store): Hit[] {
  const parts = wanted.replace(/@[^/]*/, "").split("/");
  const index = Number(parts.at(-1));
  if (parts.length < 2 || parts.at(-1) === "" || !Number.isInteger(index)) return [];
  const found: NeuronRef[] = [];
  for (const run of model.runs) {
    run.meta.sites.forEach((site, s) => {
      const own = `${run.name}/${site.name}`.toLowerCase();
      const asked = parts.slice(0, -1).join("/");
      if ((own === asked || own.endsWith(`/${asked}`)) && index < site.channels) {
        found.push({ run, neuron: run.siteRange(s)[0] + index });
      }
    });
  }
  return found.map((neuron) => ({
    kind: "neuron" as const,
    label: neuron.run.id(neuron.neuron),
    choose: () => showNeuron(store, neuron),
  }));
}

/** Runs that no panel shows would be found in vain. */
function reveal(store: Store, run: Run): { panels: string[]; hidden: Set<string> } {
  const { panels, hidden } = store.state;
  const open = new Set(hidden);
  open.delete(run.name);
  const own = `*${run.meta.scene}`;
  const there = panels.includes(own) || panels.includes(run.name);
  return { panels: there ? panels : [own, ...panels.slice(1)], hidden: open.size === hidden.size ? hidden : open };
}

function showNeuron(store: Store, neuron: NeuronRef): void {
  store.set({ ...reveal(store, neuron.run), neuron, tab: "neuron" });
}

function showRun(store: Store, run: Run): void {
  const { hidden } = reveal(store, run);
  store.set({ panels: [run.name, ...store.state.panels.slice(1)], hidden });
}

function selectSite(store: Store, run: Run, site: number): void {
  const [start, stop] = run.siteRange(site);
  const own = new Set(Array.from({ length: stop - start }, (_, i) => start + i));
  const told = `neurons of ${run.name}/${run.meta.sites[site].name}`;
  const selection = { members: new Map([[run, own]]), told, region: null };
  store.set({ ...reveal(store, run), selection, tab: "selection" });
}
