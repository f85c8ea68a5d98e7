/** The evolutions that matter most for a class, each before and after. */

import { runColour } from "../colour";
import { Life, type Model, type Run } from "../data/model";
import { h, refill } from "../dom";
import { classCounts, patchRow } from "../patches";
import { shownRuns, type State, type Store } from "../state";
import { interval, link } from "./neuron";

const LISTED = 20;

export class RankingPane {
  readonly element = h("div.pane");
  private readonly model: Model;
  private turn = 0;

  constructor(private readonly store: Store) {
    this.model = store.model;
    store.listen((state, changed) => {
      if (state.tab !== "class") return;
      if (["cls", "tab", "hidden", "panels", "at"].some((key) => changed.has(key as keyof State))) {
        void this.draw(state, changed);
      }
    });
  }

  private async draw(state: State, changed: Set<keyof State>): Promise<void> {
    const turn = ++this.turn;
    const name = state.cls;
    if (name === null) {
      refill(this.element, h("p.hint", null, "Choose a class above: the evolutions that matter most for it are ranked here."));
      return;
    }
    const runs = shownRuns(this.model, state).filter((run) => !run.meta.is_base);
    const measured = runs.filter((run) => run.meta.evolutions.length > 0);
    if (measured.length > 0) {
      const ranked = measured.flatMap((run) => this.rankings(run, name));
      // Nothing there depends on the time.
      if (changed.size === 1 && changed.has("at")) return;
      refill(
        this.element,
        h("h2", null, name),
        h("p.hint", null, "Importance: the share of the class's images whose logit rises along the neuron's evolution, with its 95 % interval. First the patches before, then after."),
        ...ranked,
      );
      if (ranked.length === 0) this.element.append(h("p.hint", null, "It was not measured for this class."));
      return;
    }
    try {
      await Promise.all(runs.map((run) => run.loadPatches()));
    } catch (error) {
      refill(this.element, h("p.notice", { role: "alert" }, String((error as Error).message)));
      return;
    }
    if (turn !== this.turn) return;
    refill(
        this.element,
      h("h2", null, name),
      h("p.hint", null, "Importance was not measured for these runs. Ranked instead: neurons by how many of their stimuli are of the class at the time shown."),
      ...runs.map((run) => this.byStimuli(run, name, state.at)),
    );
  }

  private rankings(run: Run, name: string): HTMLElement[] {
    const label = this.model.labelOf(run, name);
    return run.meta.evolutions.flatMap((one, v) => {
      const order = run.ranking(v, label, LISTED);
      if (order.length === 0) return [];
      const { epochs, progress } = run.meta;
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
        this.swatch(run),
        `${run.name} @${epochs[one.before]} → @${epochs[one.after]} `,
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
        h("span.faint", null, `${count} of ${run.stimuli(t, neuron).length}${born < 0 ? "" : `, born @${run.meta.epochs[born]}`}`),
        h("div.change", null, patchRow(run, t, neuron, 8, 32)),
      );
    });
    return h(
      "section",
      null,
      h("h3", null, this.swatch(run), `${run.name}@${run.meta.epochs[t]}`),
      rows.length ? h("ol.ranking", null, rows) : h("p.faint", null, "no neuron has stimuli of this class"),
    );
  }

  private swatch(run: Run): HTMLElement {
    const swatch = h("i.swatch");
    swatch.style.background = runColour(this.model, run);
    return swatch;
  }
}
