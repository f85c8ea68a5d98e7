/** The selected neurons: what they have in common, who does not belong, and keeping them. */

import type { Given, Model } from "../data/model";
import type { Shot } from "../data/run";
import { download, h } from "../dom";
import { classCounts, patchRow } from "../patches";
import { byNearness, liesIn, ofGiven, type Selection, shotsOf } from "../selection";
import type { State, Store } from "../state";
import { GroupShelf } from "./groups";
import { Intruder } from "./intruder";
import { link } from "./neuron";
import { Pane } from "./pane";
import { selectionChart } from "./selection_chart";
import { beside, studyGroups } from "./study";
import { type Suggestion, suggestLabel } from "./suggest";

const FIRST = 24;

export class SelectionPane extends Pane {
  private readonly model: Model;
  private readonly shelf: GroupShelf;
  private readonly study: HTMLElement | "";
  private shown = FIRST;
  /** What depends on the time; all else stays, so that nothing typed is lost. */
  private timed: { composition: HTMLElement; label: HTMLElement; sheet: HTMLElement } | null = null;

  constructor(
    private readonly store: Store,
    say: (text: string) => void,
  ) {
    super();
    this.model = store.model;
    this.shelf = new GroupShelf(store);
    this.study = studyGroups(store);
    this.say = say;
    store.listen((state, changed) => {
      if (changed.has("selection")) this.shown = FIRST;
      if (state.tab !== "selection") return;
      if (changed.has("selection") || changed.has("tab")) this.draw(state, changed.has("selection"));
      else if (changed.has("at")) this.renew();
    });
  }

  private readonly say: (text: string) => void;

  private draw(state: State, chosen: boolean): void {
    const { selection } = state;
    this.timed = null;
    if (selection === null || selection.members.size === 0) {
      const hint =
        selection === null
          ? "Draw a region on a map (L, or hold shift and drag), click a concept’s name, choose a layer " +
            "in the search, or press R to take what lies around the chosen neuron."
          : "No neuron lies in the region.";
      void this.fill([], () => [h("p.hint", null, hint), this.shelf.element, this.study]);
      return;
    }
    const load = [...selection.members.keys()].map((run) => run.loadPatches());
    const filled = this.fill(load, () => {
      const all = shotsOf(selection, state.at);
      this.timed = this.atTime(selection);
      return [
        h("h2", null, `${all.length} ${selection.description}`),
        this.timed.composition,
        selection.given === undefined ? this.timed.label : "",
        selectionChart(this.store, selection),
        ...(selection.given === undefined ? this.actions(selection, all) : this.asked(selection.given, selection)),
        this.timed.sheet,
        this.shelf.element,
        this.study,
      ];
    });
    // What was chosen in the list below is shown above it.
    if (selection.given !== undefined && chosen) void filled.then(() => this.element.scrollIntoView());
  }

  /** What a reader does with neurons chosen by hand. */
  private actions(selection: Selection, all: Shot[]): HTMLElement[] {
    const suggested = suggestLabel(this.model, selection, this.store.state.at);
    return [
      h("div.actions", null, this.keep(suggested, all), ...this.files(selection)),
      new Intruder(all, () => this.store.state.at, this.say).element,
    ];
  }

  /** A group of a study has a name and an answer already. */
  private asked(given: Given, selection: Selection): HTMLElement[] {
    const go = (by: number) => () => this.store.set(ofGiven(this.model, beside(this.model.given, given, by)));
    return [
      h(
        "div.actions",
        null,
        h("button", { "aria-label": "Previous study group", onclick: go(-1) }, "Previous"),
        h("button", { "aria-label": "Next study group", onclick: go(1) }, "Next"),
        ...this.files(selection),
      ),
    ];
  }

  private renew(): void {
    const { selection } = this.store.state;
    if (this.timed === null || selection === null) return;
    const before = this.timed;
    this.timed = this.atTime(selection);
    before.composition.replaceWith(this.timed.composition);
    before.label.replaceWith(this.timed.label);
    before.sheet.replaceWith(this.timed.sheet);
  }

  private atTime(selection: Selection): NonNullable<SelectionPane["timed"]> {
    return {
      composition: this.composition(selection),
      label: this.label(suggestLabel(this.model, selection, this.store.state.at)),
      sheet: this.sheet(selection),
    };
  }

  private composition(selection: Selection): HTMLElement {
    const { at } = this.store.state;
    const all = shotsOf(selection, at);
    const parts = [...selection.members.keys()].map((run) => {
      const shots = all.filter((shot) => shot.run === run);
      const dead = shots.filter(({ neuron, snapshot }) => run.dead(snapshot, neuron)).length;
      return `${run.title} ${shots.length}${dead > 0 ? ` (${dead} dead)` : ""}`;
    });
    const now = all.filter(({ run, snapshot }) => run.at(at) === snapshot).length;
    const apart = now < all.length ? `; the maps show ${now} in the snapshot asked about` : "";
    return h("p.faint", null, `${parts.join(" · ")}${apart}${this.staying(selection, all)}`);
  }

  /** At another time than a region's or a concept's own: how many are still there. */
  private staying({ region, concept }: Selection, all: Shot[]): string {
    const { at } = this.store.state;
    const live = all.filter(({ run, neuron, snapshot }) => !run.dead(snapshot, neuron));
    const now = this.model.stopLabel(at);
    if (region !== null && region.at !== at) {
      const within = live.filter((shot) => liesIn(region.polygon, shot));
      return `; at ${now} ${live.length} are live, ${within.length} of them in the region`;
    }
    if (concept !== undefined && concept.runs.some((run) => run.at(concept.at) !== run.at(at))) {
      const holding = live.filter(({ run, neuron, snapshot }) => run.group(snapshot, neuron) === concept.number);
      return `; at ${now} ${live.length} are live, ${holding.length} of them hold it`;
    }
    return "";
  }

  private label(suggestion: Suggestion | null): HTMLElement {
    return h(
      "p.suggestion",
      null,
      "Suggested label: ",
      h("strong", null, suggestion?.label ?? "none"),
      h("span.faint", null, suggestion === null ? " (no live neuron)" : ` (${suggestion.why})`),
    );
  }

  private keep(suggested: Suggestion | null, all: Shot[]): HTMLElement {
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
    return h("form.save", { onsubmit: save }, name, h("button", { type: "submit" }, "Save group"));
  }

  private files(selection: Selection): HTMLElement[] {
    const { store } = this;
    const all = () => shotsOf(selection, store.state.at);
    return [
      h("button", { onclick: () => download("neurons.csv", csv(all()), "text/csv") }, "CSV"),
      h("button", { onclick: () => download("neurons.json", json(all()), "application/json") }, "JSON"),
      h("button", { onclick: () => store.set({ selection: null }) }, "Clear"),
    ];
  }

  private sheet(selection: Selection): HTMLElement {
    const { given } = selection;
    const chosen = shotsOf(selection, this.store.state.at);
    const all = given === undefined ? byNearness(chosen) : chosen;
    const rows = all.slice(0, this.shown).map((shot) => {
      const { run, neuron, snapshot } = shot;
      // Of the base every time shows the one snapshot.
      const at = given === undefined || run.meta.is_base ? undefined : run.meta.progress[snapshot];
      return h(
        "div.like",
        null,
        link(this.store, { run, neuron }, run.nameAt(snapshot, neuron), at),
        shot === given?.intruder && h("span.intruder", { title: "ringed on the maps" }, "intruder"),
        patchRow(run, snapshot, neuron, 8, 32),
      );
    });
    const left = all.length - this.shown;
    const more = h("button", { onclick: () => this.more() }, `${left} more`);
    const about = given && h("p.faint", null, "Each in its own snapshot, to which its name goes. The study showed patches of held-out images.");
    return h("section", { "aria-label": "selected neurons" }, h("h3", null, "Their patches"), about, rows, left > 0 && more);
  }

  private more(): void {
    const before = this.shown;
    this.shown += 2 * FIRST;
    this.renew();
    this.timed?.sheet.querySelectorAll<HTMLElement>(".like .link")[before]?.focus();
  }
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

function row({ run, neuron, snapshot }: Shot): Row {
  const site = run.siteOf(neuron);
  const place = run.places.coordinates(snapshot, neuron);
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

function json(all: Shot[]): string {
  return `${JSON.stringify(all.map(row), null, 1)}\n`;
}

function csv(all: Shot[]): string {
  const rows = all.map(row);
  const names = Object.keys(rows[0] ?? {}) as (keyof Row)[];
  const lines = rows.map((values) => names.map((name) => cell(values[name])).join(","));
  return `${[names.join(","), ...lines].join("\n")}\n`;
}

/** A text that a table program would read as a formula is told to be text. */
function cell(value: Row[keyof Row]): string {
  if (value === null) return "";
  if (typeof value !== "string") return String(value);
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
