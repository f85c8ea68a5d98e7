/** Finding neurons, runs, layers, classes, concepts and epochs by name. */

import { countedRun } from "../curves";
import type { Model } from "../data/model";
import type { NeuronRef, Run } from "../data/run";
import { h } from "../dom";
import { subject } from "../panels";
import { ofConcept, ofSite } from "../selection";
import type { Store } from "../state";

const LISTED = 12;

interface Hit {
  kind: "class" | "concept" | "run" | "layer" | "neuron" | "epoch";
  label: string;
  /** Its key, where people read a title. */
  key?: string;
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
      placeholder: `run, class, layer, epoch 3, ${this.example()}`,
      role: "combobox",
      "aria-label": "search for a neuron, run, layer, class, concept or epoch",
      "aria-expanded": "false",
      "aria-controls": "hits",
      "aria-autocomplete": "list",
      autocomplete: "off",
      spellcheck: "false",
      oninput: () => this.find(),
      onfocus: () => this.find(),
      onkeydown: (event: KeyboardEvent) => this.key(event),
      // Late, so that a click on what was found arrives; the focus may be back by then.
      onblur: () => window.setTimeout(() => document.activeElement === this.input || this.close(), 150),
    });
    this.element = h("div.searching", null, this.input, this.list);
  }

  private example(): string {
    const run = this.model.runs.find(({ meta }) => !meta.is_base) ?? this.model.runs[0];
    return run.siteName(0);
  }

  focus(): void {
    this.input.focus();
    this.input.select();
  }

  private find(): void {
    const wanted = this.input.value.trim().toLowerCase();
    const all = wanted === "" ? [] : findAll(this.model, wanted, this.store);
    this.hits = all.slice(0, LISTED);
    const left = all.length - this.hits.length;
    this.active = 0;
    this.list.replaceChildren(
      ...this.hits.map((hit, i) =>
        h(
          "li",
          {
            id: `hit-${i}`,
            role: "option",
            title: hit.key,
            onmousedown: (event: MouseEvent) => {
              event.preventDefault();
              this.choose(i);
            },
          },
          h("span.kind", null, hit.kind),
          hit.label,
        ),
      ),
      ...(all.length === 0 ? [h("li.faint", { role: "presentation" }, "no match")] : []),
      ...(left > 0 ? [h("li.faint", { role: "presentation" }, `and ${left} more: type more of the name`)] : []),
    );
    this.list.hidden = wanted === "";
    this.input.setAttribute("aria-expanded", String(!this.list.hidden));
    this.mark();
    if (wanted !== "") this.say(`${all.length} found${left > 0 ? `, ${this.hits.length} shown` : ""}`);
  }

  private mark(): void {
    this.list.querySelectorAll("[role=option]").forEach((item, i) => item.setAttribute("aria-selected", String(i === this.active)));
    if (this.hits.length > 0) this.input.setAttribute("aria-activedescendant", `hit-${this.active}`);
    else this.input.removeAttribute("aria-activedescendant");
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

/** The neuron that was named, then all else; names that begin so first. */
function findAll(model: Model, wanted: string, store: Store): Hit[] {
  const hits: Hit[] = [];
  const fits = (name: string) => name.toLowerCase().includes(wanted);
  for (const name of model.classes.filter(fits)) {
    hits.push({ kind: "class", label: name, choose: () => store.set({ cls: name, tab: "class" }) });
  }
  hits.push(...findConcepts(model, fits, store));
  for (const run of model.runs.filter(({ name, title }) => fits(name) || fits(title))) {
    hits.push({ kind: "run", label: run.title, key: run.name, choose: () => showRun(store, run) });
  }
  for (const at of model.stops) {
    const label = model.stopLabel(at);
    if (fits(label)) hits.push({ kind: "epoch", label, choose: () => store.set({ at }) });
  }
  for (const run of model.runs) {
    run.meta.sites.forEach((site, s) => {
      const key = `${run.name}/${site.name}`;
      const label = `${run.title}, ${site.name}`;
      if (fits(key) || fits(label)) hits.push({ kind: "layer", label, key, choose: () => selectSite(store, run, s) });
    });
  }
  const first = (hit: Hit) => (hit.label.toLowerCase().startsWith(wanted) ? 0 : 1);
  hits.sort((a, b) => first(a) - first(b));
  return [...findNeurons(model, wanted, store), ...hits];
}

/** Concepts by their own name and their class's; they are selected in the run that is counted. */
function findConcepts(model: Model, fits: (name: string) => boolean, store: Store): Hit[] {
  const run = countedRun(model, store.state) ?? model.runs[0];
  return run.scene.groups.flatMap(({ name, label }, number) => {
    if (!fits(name) && !fits(run.scene.classes[label] ?? "")) return [];
    const choose = () => store.set({ selection: ofConcept([run], number, store.state.at), tab: "selection" });
    return [{ kind: "concept" as const, label: `${name}, in ${run.title}`, choose }];
  });
}

/** `run/layer/index`, `layer/index`, or with the `@epoch` that the tables write. */
function findNeurons(model: Model, wanted: string, store: Store): Hit[] {
  const epoch = wanted.match(/@([^/]*)/)?.[1];
  const parts = wanted.replace(/@[^/]*/, "").split("/");
  if (parts.length < 2 || !/^\d+$/.test(parts.at(-1)!)) return [];
  const index = Number(parts.at(-1));
  const refs: NeuronRef[] = [];
  for (const run of model.runs) {
    run.meta.sites.forEach((site, s) => {
      const name = `${run.name}/${site.name}`.toLowerCase();
      const asked = parts.slice(0, -1).join("/");
      if ((name === asked || name.endsWith(`/${asked}`)) && index < site.channels) {
        refs.push({ run, neuron: run.siteRange(s)[0] + index });
      }
    });
  }
  return refs.map((neuron) => {
    const snapshot = neuron.run.meta.epochs.findIndex((name) => String(name).toLowerCase() === epoch);
    return {
      kind: "neuron" as const,
      label: snapshot < 0 ? `${neuron.run.title}: ${neuron.run.siteName(neuron.neuron)}` : neuron.run.nameAt(snapshot, neuron.neuron),
      key: neuron.run.id(neuron.neuron),
      choose: () => showNeuron(store, neuron, snapshot),
    };
  });
}

/** Runs that no panel shows would be found in vain. */
function reveal(store: Store, run: Run): { panels: string[]; hidden: Set<string> } {
  const { panels, hidden } = store.state;
  const open = new Set(hidden);
  open.delete(run.name);
  const scene = `*${run.meta.scene}`;
  const there = panels.map(subject).some((name) => name === scene || name === run.name);
  return { panels: there ? panels : [scene, ...panels.slice(1)], hidden: open.size === hidden.size ? hidden : open };
}

/** A snapshot below 0 leaves the time as it is; that of the base is the same at all times. */
function showNeuron(store: Store, neuron: NeuronRef, snapshot: number): void {
  const { meta } = neuron.run;
  const at = snapshot < 0 || meta.is_base ? store.state.at : meta.progress[snapshot];
  store.set({ ...reveal(store, neuron.run), neuron, at, tab: "neuron" });
}

function showRun(store: Store, run: Run): void {
  const { hidden } = reveal(store, run);
  const { panels } = store.state;
  store.set({ panels: panels.includes(run.name) ? panels : [run.name, ...panels.slice(1)], hidden });
}

function selectSite(store: Store, run: Run, site: number): void {
  store.set({ ...reveal(store, run), selection: ofSite(run, site), tab: "selection" });
}
