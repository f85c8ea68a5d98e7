/** The evolutions that matter most for a class, each before and after. */

import { runColour } from "../colour";
import { snapshotLabel } from "../data/epochs";
import type { Model } from "../data/model";
import { Life, type NeuronRef, type Run } from "../data/run";
import { h, swatch } from "../dom";
import { classCounts, majorityClass, patchRow } from "../patches";
import { shownRuns } from "../panels";
import type { State, Store } from "../state";
import { interval, link } from "./neuron";
import { Pane } from "./pane";

const LISTED = 20;

/** Unimportant evolutions that are shown beside the important ones. */
const CONTRASTED = 3;

const ABOUT =
  "whose logit for the class rises along the neuron's evolution; the 95 % interval is for a " +
  "single neuron, not corrected for picking the best. Tied neurons share a place; their order " +
  "is random. First the patches before, then after.";
const NOT_MEASURED =
  "Importance was not measured for these runs. Ranked instead: neurons by how many of their " +
  "stimuli are of the class at the time shown.";

/** A neuron in a ranking: its place, which tied ones share, and with how many it is tied. */
interface Placed {
  neuron: number;
  place: number | null;
  tied: number;
}

/** All ranked neurons of an evolution, the most important first. */
function placed(run: Run, evolution: number, label: number): Placed[] {
  const order = run.ranking(evolution, label, run.neurons);
  const scores = order.map((neuron) => run.importance(evolution, label, neuron)?.[0] ?? 0);
  const ties = new Map<number, { place: number; tied: number }>();
  scores.forEach((score, i) => {
    const tie = ties.get(score);
    if (tie === undefined) ties.set(score, { place: i + 1, tied: 0 });
    else tie.tied += 1;
  });
  return order.map((neuron, i) => ({ neuron, ...ties.get(scores[i])! }));
}

/** Digits by which shares of so many images differ. */
function digits(images: number): number {
  return Math.max(2, Math.ceil(Math.log10(images)));
}

export class RankingPane extends Pane {
  private readonly model: Model;

  constructor(private readonly store: Store) {
    super();
    this.model = store.model;
    store.listen((state, changed) => {
      if (state.tab !== "class") return;
      const needed = ["cls", "becoming", "tab", "hidden", "panels"] as const;
      // Rankings of evolutions do not depend on the time that is shown.
      const timed = changed.has("at") && this.measured(state).length === 0;
      if (timed || needed.some((key) => changed.has(key))) this.draw(state);
    });
  }

  private measured(state: State): Run[] {
    return shownRuns(this.model, state).filter((run) => run.meta.evolutions.length > 0);
  }

  private draw(state: State): void {
    const name = state.cls;
    if (name === null) {
      const hint = "Choose a class above: the evolutions that matter most for it are ranked here.";
      void this.fill([], () => [h("p.hint", null, hint)]);
      return;
    }
    const measured = this.measured(state);
    if (measured.length > 0) {
      const load = measured.map((run) => run.loadPatches());
      void this.fill(load, () => this.byImportance(state, measured, name));
    } else {
      const runs = shownRuns(this.model, state).filter((run) => !run.meta.is_base);
      const load = runs.map((run) => run.loadPatches());
      void this.fill(load, () => [
        h("h2", null, name),
        h("p.hint", null, NOT_MEASURED),
        ...runs.map((run) => this.byStimuli(run, name, state.at)),
      ]);
    }
  }

  private byImportance(state: State, runs: Run[], name: string): HTMLElement[] {
    const ranked = runs.flatMap((run) => this.rankings(run, name, state.becoming));
    const isMeasured = runs.some((run) => this.evolutions(run, name).length > 0);
    const images = runs[0].meta.evolutions[0].images;
    const isPart = shownRuns(this.model, state).some((run) => !run.meta.is_base && !runs.includes(run));
    const only = isPart ? " only" : "";
    const about = `Importance, measured for ${runs.map((run) => run.title).join(", ")}${only}: share of ${images} images of ${name} ${ABOUT}`;
    return [
      h("h2", null, name),
      h("p.hint", null, isMeasured ? about : "It was not measured for this class."),
      ...(isMeasured ? [this.filter(state, name)] : []),
      ...ranked,
    ];
  }

  private filter(state: State, name: string): HTMLElement {
    const box = h("input", {
      type: "checkbox",
      checked: state.becoming,
      onchange: () => this.store.set({ becoming: box.checked }),
    });
    const title = `Most of the neuron's stimuli are ${name} after the evolution, and not before`;
    return h("label.filter", { title }, box, ` only neurons that become ${name}`);
  }

  /** Numbers of the evolutions that were measured for a class. */
  private evolutions(run: Run, name: string): number[] {
    const label = this.model.labelOf(run, name);
    return run.meta.evolutions.map((_, v) => v).filter((v) => run.ranking(v, label, 1).length > 0);
  }

  private rankings(run: Run, name: string, becoming: boolean): HTMLElement[] {
    const label = this.model.labelOf(run, name);
    return this.evolutions(run, name).map((v) => {
      const evolution = run.meta.evolutions[v];
      const ranked = placed(run, v, label);
      const becomes = ({ neuron }: Placed) =>
        majorityClass(run, evolution.after, neuron) === name && majorityClass(run, evolution.before, neuron) !== name;
      const order = (becoming ? ranked.filter(becomes) : ranked).slice(0, LISTED);
      const at = (snapshot: number) => this.model.nearestStop(run.meta.progress[snapshot]);
      const rows = (neurons: Placed[]) => neurons.map((which) => this.evolution(run, v, label, which, at(evolution.after)));
      const show = (end: string, snapshot: number) =>
        h("button", { onclick: () => this.store.set({ at: at(snapshot) }) }, end);
      const title = h(
        "h3.ends",
        null,
        swatch(runColour(this.model, run)),
        h("span", null, `${run.title}, ${run.label(evolution.before)} → ${run.label(evolution.after)}`),
        h("span.both", { role: "group", "aria-label": "time to show" }, show("before", evolution.before), show("after", evolution.after)),
      );
      if (order.length === 0) return h("section", null, title, h("p.faint", null, `No ranked neuron becomes ${name} in this evolution.`));
      const listed = order.map(({ neuron }) => neuron);
      const contrast = run.unimportant(v, label, CONTRASTED).filter((neuron) => !listed.includes(neuron));
      const unimportant = contrast.length > 0 && !becoming && [
        h("h4", null, "For contrast, evolutions that do not matter (importance near .5)"),
        h("ul.ranking", null, rows(contrast.map((neuron) => ({ neuron, place: null, tied: 0 })))),
      ];
      return h("section", null, title, h("ol.ranking", null, rows(order)), ...(unimportant || []));
    });
  }

  /** A row; while the mouse or the focus is on it, its neuron is ringed on the maps. */
  private evolution(run: Run, v: number, label: number, { neuron, place, tied }: Placed, after: number): HTMLElement {
    const evolution = run.meta.evolutions[v];
    const point = (pointed: NeuronRef | null) => () => this.store.set({ pointed });
    return h(
      "li",
      {
        value: place,
        onmouseenter: point({ run, neuron }),
        onmouseleave: point(null),
        onfocusin: point({ run, neuron }),
        onfocusout: point(null),
      },
      link(this.store, { run, neuron }, run.siteName(neuron), after),
      tied > 0 && h("span.faint", null, ` tied with ${tied} other${tied > 1 ? "s" : ""}`),
      interval("", run.importance(v, label, neuron) ?? [0, 0, 0], false, digits(evolution.images)),
      h(
        "div.change",
        null,
        patchRow(run, evolution.before, neuron, 4, 32),
        h("span.arrow", { "aria-label": "becomes" }, "→"),
        patchRow(run, evolution.after, neuron, 4, 32),
      ),
    );
  }

  private byStimuli(run: Run, name: string, at: number): HTMLElement {
    const t = run.at(at);
    const counted: [number, number][] = [];
    for (let neuron = 0; neuron < run.neurons; neuron++) {
      if (run.dead(t, neuron)) continue;
      const count = new Map(classCounts(run, t, neuron)).get(name) ?? 0;
      if (count > 0) counted.push([neuron, count]);
    }
    counted.sort((a, b) => b[1] - a[1]);
    const rows = counted.slice(0, LISTED).map(([neuron, count]) => {
      const born = run.life(Life.born, neuron);
      return h(
        "li",
        null,
        link(this.store, { run, neuron }, run.siteName(neuron)),
        h("span.faint", null, `${count} of ${run.stimuli(t, neuron).length}${born < 0 ? "" : `, born at ${run.label(born)}`}`),
        h("div.change", null, patchRow(run, t, neuron, 8, 32)),
      );
    });
    return h(
      "section",
      null,
      h("h3", null, swatch(runColour(this.model, run)), snapshotLabel(run.title, run.meta.epochs[t])),
      rows.length ? h("ol.ranking", null, rows) : h("p.faint", null, "no neuron has stimuli of this class"),
    );
  }
}
