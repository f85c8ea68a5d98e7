/** The selected neurons: what they have in common, who does not belong, and keeping them. */

import type { Model, NeuronRef, Run } from "../data/model";
import { download, h } from "../dom";
import { GroupShelf } from "../groups";
import { classCounts, patchRow } from "../patches";
import type { Selection, State, Store } from "../state";
import { type Suggestion, suggestLabel } from "../suggest";
import { Intruder } from "./intruder";
import { link } from "./neuron";
import { Pane } from "./pane";

const FIRST = 24;

export class SelectionPane extends Pane {
  private readonly model: Model;
  private readonly shelf: GroupShelf;
  private shown = FIRST;
  /** What depends on the time; all else stays, so that nothing typed is lost. */
  private timed: { composition: HTMLElement; sheet: HTMLElement } | null = null;

  constructor(
    private readonly store: Store,
    say: (text: string) => void,
  ) {
    super();
    this.model = store.model;
    this.shelf = new GroupShelf(store);
    this.say = say;
    store.listen((state, changed) => {
      if (changed.has("selection")) this.shown = FIRST;
      if (state.tab !== "selection") return;
      if (changed.has("selection") || changed.has("tab")) this.draw(state);
      else if (changed.has("at")) this.renew();
    });
  }

  private readonly say: (text: string) => void;

  private draw(state: State): void {
    const { selection } = state;
    this.timed = null;
    if (selection === null || selection.members.size === 0) {
      const hint =
        selection === null
          ? "Draw a region on a map (L, or hold shift and drag), choose a site in the search, " +
            "or press R to take what lies around the chosen neuron."
          : "No neuron lies in the region.";
      void this.fill([], () => [h("p.hint", null, hint), this.shelf.element]);
      return;
    }
    const load = [...selection.members.keys()].map((run) => run.loadPatches());
    void this.fill(load, () => {
      const all = membersOf(selection);
      const suggested = suggestLabel(this.model, selection, state.at);
      this.timed = { composition: this.composition(selection), sheet: this.sheet(all) };
      return [
        h("h2", null, `${all.length} ${selection.told}`),
        this.timed.composition,
        this.label(suggested),
        this.actions(suggested, all),
        new Intruder(all, () => this.store.state.at, this.say).element,
        this.timed.sheet,
        this.shelf.element,
      ];
    });
  }

  private renew(): void {
    const { selection } = this.store.state;
    if (this.timed === null || selection === null) return;
    const { composition, sheet } = this.timed;
    this.timed = { composition: this.composition(selection), sheet: this.sheet(membersOf(selection)) };
    composition.replaceWith(this.timed.composition);
    sheet.replaceWith(this.timed.sheet);
  }

  private composition(selection: Selection): HTMLElement {
    const { at } = this.store.state;
    const parts = [...selection.members].map(([run, own]) => {
      const dead = [...own].filter((neuron) => run.dead(run.at(at), neuron)).length;
      return `${run.name} ${own.size}${dead > 0 ? ` (${dead} dead)` : ""}`;
    });
    return h("p.faint", null, parts.join(" · "));
  }

  private label(found: Suggestion | null): HTMLElement {
    return h(
      "p.suggestion",
      null,
      "Suggested label: ",
      h("strong", null, found?.label ?? "none"),
      h("span.faint", null, found === null ? " (no live neuron)" : ` (${found.why})`),
    );
  }

  private actions(suggested: Suggestion | null, all: NeuronRef[]): HTMLElement {
    const { store } = this;
    const name = h("input", {
      type: "text",
      "aria-label": "name of the group",
      placeholder: "name of the group",
      value: suggested?.label ?? "",
    });
    const save = (event: Event) => {
      event.preventDefault();
      if (name.value.trim() !== "") this.shelf.add(name.value.trim(), all);
    };
    return h(
      "div.actions",
      null,
      h("form.save", { onsubmit: save }, name, h("button", { type: "submit" }, "Save group")),
      h("button", { onclick: () => download("neurons.csv", csv(all, store.state.at), "text/csv") }, "CSV"),
      h("button", { onclick: () => download("neurons.json", json(all, store.state.at), "application/json") }, "JSON"),
      h("button", { onclick: () => store.set({ selection: null }) }, "Clear"),
    );
  }

  private sheet(all: NeuronRef[]): HTMLElement {
    const { at } = this.store.state;
    const rows = all.slice(0, this.shown).map(({ run, neuron }) =>
      h(
        "div.like",
        null,
        link(this.store, { run, neuron }, run.idAt(run.at(at), neuron)),
        patchRow(run, run.at(at), neuron, 8, 32),
      ),
    );
    const left = all.length - this.shown;
    const more = h("button", { onclick: () => this.more() }, `${left} more`);
    return h("section", { "aria-label": "selected neurons" }, h("h3", null, "Their patches"), rows, left > 0 && more);
  }

  private more(): void {
    const before = this.shown;
    this.shown += 2 * FIRST;
    this.renew();
    this.timed?.sheet.querySelectorAll<HTMLElement>(".like .link")[before]?.focus();
  }
}

function membersOf(selection: Selection): NeuronRef[] {
  return [...selection.members].flatMap(([run, own]) =>
    [...own].sort((a, b) => a - b).map((neuron) => ({ run, neuron })),
  );
}

interface Row {
  id: string;
  run: string;
  epoch: string;
  epochs_trained: number;
  site: string;
  index: number;
  x: number | null;
  y: number | null;
  dead: boolean;
  coverage: number | null;
  top_class: string | null;
}

function row(run: Run, neuron: number, at: number): Row {
  const snapshot = run.at(at);
  const site = run.siteOf(neuron);
  const place = run.place(snapshot, neuron);
  return {
    id: run.idAt(snapshot, neuron),
    run: run.name,
    epoch: String(run.meta.epochs[snapshot]),
    epochs_trained: run.meta.progress[snapshot],
    site: run.meta.sites[site].name,
    index: neuron - run.siteRange(site)[0],
    x: place === null ? null : Number(place[0].toFixed(4)),
    y: place === null ? null : Number(place[1].toFixed(4)),
    dead: run.dead(snapshot, neuron),
    coverage: run.coverage(snapshot, neuron),
    top_class: classCounts(run, snapshot, neuron)[0]?.[0] ?? null,
  };
}

function json(all: NeuronRef[], at: number): string {
  return `${JSON.stringify(all.map(({ run, neuron }) => row(run, neuron, at)), null, 1)}\n`;
}

function csv(all: NeuronRef[], at: number): string {
  const rows = all.map(({ run, neuron }) => row(run, neuron, at));
  const names = Object.keys(rows[0] ?? {}) as (keyof Row)[];
  const lines = rows.map((one) => names.map((name) => cell(one[name])).join(","));
  return `${[names.join(","), ...lines].join("\n")}\n`;
}

/** A text that a table program would read as a formula is told to be text. */
function cell(value: Row[keyof Row]): string {
  if (value === null) return "";
  if (typeof value !== "string") return String(value);
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
