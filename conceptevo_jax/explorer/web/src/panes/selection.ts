/** The selected neurons: what they have in common, who does not belong, and keeping them. */

import type { Model, NeuronRef, Run } from "../data/model";
import { download, h, refill } from "../dom";
import { GroupShelf } from "../groups";
import { classCounts, patchRow } from "../patches";
import type { Selection, State, Store } from "../state";
import { suggestLabel } from "../suggest";
import { Intruder } from "./intruder";
import { link } from "./neuron";

const FIRST = 24;

export class SelectionPane {
  readonly element = h("div.pane");
  private readonly model: Model;
  private readonly shelf: GroupShelf;
  private shown = FIRST;
  private turn = 0;

  constructor(
    private readonly store: Store,
    private readonly say: (text: string) => void,
    private readonly picture: () => void,
  ) {
    this.model = store.model;
    this.shelf = new GroupShelf(store, say);
    store.listen((state, changed) => {
      if (changed.has("selection")) this.shown = FIRST;
      if (state.tab !== "selection") return;
      if (["selection", "tab", "at"].some((key) => changed.has(key as keyof State))) void this.draw(state);
    });
  }

  private async draw(state: State): Promise<void> {
    const turn = ++this.turn;
    const { selection } = state;
    if (selection === null || selection.members.size === 0) {
      refill(
        this.element,
        h("p.hint", null, selection === null
          ? "Draw a region on a map (L, or hold shift and drag), choose a site in the search, or press R to take what lies around the chosen neuron."
          : "No neuron lies in the region."),
        this.shelf.element,
      );
      return;
    }
    try {
      await Promise.all([...selection.members.keys()].map((run) => run.loadPatches()));
    } catch (error) {
      refill(this.element, h("p.notice", { role: "alert" }, String((error as Error).message)));
      return;
    }
    if (turn !== this.turn) return;
    const all = membersOf(selection);
    refill(
        this.element,
      h("h2", null, `${all.length} ${selection.told}`),
      this.composition(selection, state.at),
      this.label(state, selection),
      this.actions(state, selection, all),
      new Intruder(all, state.at, this.say).element,
      this.sheet(state, all),
      this.shelf.element,
    );
  }

  private composition(selection: Selection, at: number): HTMLElement {
    const parts = [...selection.members].map(([run, own]) => {
      const dead = [...own].filter((neuron) => run.dead(run.at(at), neuron)).length;
      return `${run.name} ${own.size}${dead > 0 ? ` (${dead} dead)` : ""}`;
    });
    return h("p.faint", null, parts.join(" · "));
  }

  private label(state: State, selection: Selection): HTMLElement {
    const found = suggestLabel(this.model, selection, state.at);
    return h(
      "p.suggestion",
      null,
      "Suggested label: ",
      h("strong", null, found?.label ?? "none"),
      h("span.faint", null, found === null ? " (no live neuron)" : ` (${found.why})`),
    );
  }

  private actions(state: State, selection: Selection, all: NeuronRef[]): HTMLElement {
    const name = h("input", {
      type: "text",
      "aria-label": "name of the group",
      placeholder: "name of the group",
      value: suggestLabel(this.model, selection, state.at)?.label ?? "",
    });
    const save = (event: Event) => {
      event.preventDefault();
      if (name.value.trim() !== "") this.shelf.add(name.value.trim(), all);
    };
    return h(
      "div.actions",
      null,
      h("form.save", { onsubmit: save }, name, h("button", { type: "submit" }, "Save group")),
      h("button", { onclick: () => download("neurons.csv", csv(all, state.at), "text/csv") }, "CSV"),
      h("button", { onclick: () => download("neurons.json", json(all, state.at), "application/json") }, "JSON"),
      h("button", { onclick: this.picture }, "PNG of the maps"),
      h("button", { onclick: () => this.store.set({ selection: null }) }, "Clear"),
    );
  }

  private sheet(state: State, all: NeuronRef[]): HTMLElement {
    const rows = all.slice(0, this.shown).map(({ run, neuron }) =>
      h(
        "div.like",
        null,
        link(this.store, { run, neuron }, run.idAt(run.at(state.at), neuron)),
        patchRow(run, run.at(state.at), neuron, 8, 32),
      ),
    );
    const left = all.length - this.shown;
    const more = h("button", { onclick: () => { this.shown += FIRST * 2; void this.draw(this.store.state); } }, `${left} more`);
    return h("section.sheet", { "aria-label": "selected neurons" }, h("h3", null, "Their patches"), rows, left > 0 && more);
  }
}

export function membersOf(selection: Selection): NeuronRef[] {
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

export function json(all: NeuronRef[], at: number): string {
  return `${JSON.stringify(all.map(({ run, neuron }) => row(run, neuron, at)), null, 1)}\n`;
}

export function csv(all: NeuronRef[], at: number): string {
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
