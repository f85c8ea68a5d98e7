/** The evolutions that matter most for a class, each before and after. */

import { runColour } from "../colour";
import { snapshotLabel } from "../data/epochs";
import { Life, type Model, type Run } from "../data/model";
import { h, swatch } from "../dom";
import { classCounts, patchRow } from "../patches";
import { shownRuns, type State, type Store } from "../state";
import { interval, link } from "./neuron";
import { Pane } from "./pane";

const LISTED = 20;

const ABOUT =
  "Importance: the share of the class's images whose logit rises along the neuron's evolution, " +
  "with its 95 % interval. First the patches before, then after.";
const NOT_MEASURED =
  "Importance was not measured for these runs. Ranked instead: neurons by how many of their " +
  "stimuli are of the class at the time shown.";

export class RankingPane extends Pane {
  private readonly model: Model;

  constructor(private readonly store: Store) {
    super();
    this.model = store.model;
    store.listen((state, changed) => {
      if (state.tab !== "class") return;
      const own = ["cls", "tab", "hidden", "panels"] as const;
      // Rankings of evolutions do not depend on the time that is shown.
      const timed = changed.has("at") && this.measured(state).length === 0;
      if (timed || own.some((key) => changed.has(key))) this.draw(state);
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
      void this.fill(load, () => this.byImportance(measured, name));
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

  private byImportance(runs: Run[], name: string): HTMLElement[] {
    const ranked = runs.flatMap((run) => this.rankings(run, name));
    return [
      h("h2", null, name),
      h("p.hint", null, ranked.length > 0 ? ABOUT : "It was not measured for this class."),
      ...ranked,
    ];
  }

  private rankings(run: Run, name: string): HTMLElement[] {
    const label = this.model.labelOf(run, name);
    return run.meta.evolutions.flatMap((one, v) => {
      const order = run.ranking(v, label, LISTED);
      if (order.length === 0) return [];
      const { progress } = run.meta;
      const rows = order.map((neuron) =>
        h(
          "li",
          null,
          link(this.store, { run, neuron }, run.id(neuron)),
          interval("", run.importance(v, label, neuron) ?? [0, 0, 0]),
          h(
            "div.change",
            null,
            patchRow(run, one.before, neuron, 4, 32),
            h("span.arrow", { "aria-label": "becomes" }, "→"),
            patchRow(run, one.after, neuron, 4, 32),
          ),
        ),
      );
      const title = h(
        "h3",
        null,
        swatch(runColour(this.model, run)),
        `${run.name}, ${run.label(one.before)} → ${run.label(one.after)} `,
        h("button.link", { onclick: () => this.store.set({ at: this.model.nearestStop(progress[one.before]) }) }, "show before"),
        " ",
        h("button.link", { onclick: () => this.store.set({ at: this.model.nearestStop(progress[one.after]) }) }, "show after"),
      );
      return [h("section", null, title, h("ol.ranking", null, rows))];
    });
  }

  private byStimuli(run: Run, name: string, at: number): HTMLElement {
    const t = run.at(at);
    const found: [number, number][] = [];
    for (let neuron = 0; neuron < run.neurons; neuron++) {
      if (run.dead(t, neuron)) continue;
      const count = new Map(classCounts(run, t, neuron)).get(name) ?? 0;
      if (count > 0) found.push([neuron, count]);
    }
    found.sort((a, b) => b[1] - a[1]);
    const rows = found.slice(0, LISTED).map(([neuron, count]) => {
      const born = run.life(Life.born, neuron);
      return h(
        "li",
        null,
        link(this.store, { run, neuron }, run.id(neuron)),
        h("span.faint", null, `${count} of ${run.stimuli(t, neuron).length}${born < 0 ? "" : `, born at ${run.label(born)}`}`),
        h("div.change", null, patchRow(run, t, neuron, 8, 32)),
      );
    });
    return h(
      "section",
      null,
      h("h3", null, swatch(runColour(this.model, run)), snapshotLabel(run.name, run.meta.epochs[t])),
      rows.length ? h("ol.ranking", null, rows) : h("p.faint", null, "no neuron has stimuli of this class"),
    );
  }
}
