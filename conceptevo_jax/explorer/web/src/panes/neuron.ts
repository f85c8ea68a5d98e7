/** One neuron: its concept over time, its life, its stimuli's classes, its like elsewhere. */

import { neuronColour } from "../colour";
import type { Evolution } from "../data/meta";
import type { Model } from "../data/model";
import { Life, type NeuronRef, type Run } from "../data/run";
import { h, swatch } from "../dom";
import { brief } from "../numbers";
import { classCounts, patchRow } from "../patches";
import { shownRuns } from "../panels";
import type { State, Store } from "../state";
import { tourLoads, tourOf } from "../tour";
import { Pane } from "./pane";

const HINT =
  "Every dot is a neuron; neurons that respond to the same images lie close together. " +
  "Click a point, or search for a neuron. Its concept over time and its closest matches " +
  "in other runs appear here.";

const PATCHES = 7;
const LIKE = 2;

export class NeuronPane extends Pane {
  private readonly model: Model;
  private tour: HTMLElement | null = null;

  constructor(private readonly store: Store) {
    super();
    this.model = store.model;
    store.listen((state, changed) => {
      const needed = ["neuron", "at", "tab", "hidden", "panels", "cls", "colour"] as const;
      if (state.tab === "neuron" && needed.some((key) => changed.has(key))) this.draw(state);
    });
  }

  private draw(state: State): void {
    if (state.neuron === null) {
      void this.drawTour();
      return;
    }
    const { run, neuron } = state.neuron;
    const others = shownRuns(this.model, state).filter(
      (one) => one !== run && one.meta.scene === run.meta.scene,
    );
    const load = [run, ...others].map((one) => one.loadVectors());
    void this.fill([run.loadPatches(), ...load], () => [
      h("h2", null, swatch(neuronColour(this.model, state, run, neuron)), h("span", { title: run.idAt(run.at(state.at), neuron) }, run.nameAt(run.at(state.at), neuron))),
      this.facts(state, run, neuron),
      this.concept(state, run, neuron),
      this.classes(state, run, neuron),
      ...this.likes(state, run, neuron, others),
      ...this.importances(state, run, neuron),
    ]);
  }

  /** What the tour reads is large: it is loaded when the maps are there. */
  private async drawTour(): Promise<void> {
    const hint = () => h("p.hint", null, HINT);
    if (this.tour === null) await this.fill([], () => [hint()]);
    if (this.store.state.neuron !== null) return;
    const load = this.store.firstView.then(() => Promise.all(tourLoads(this.model)));
    await this.fill([load], () => {
      this.tour ??= tourOf(this.store);
      return [hint(), this.tour];
    });
  }

  private facts(state: State, run: Run, neuron: number): HTMLElement {
    const snapshot = run.at(state.at);
    const when = (what: Life) => {
      const t = run.life(what, neuron);
      return t < 0 ? "never" : run.label(t);
    };
    const coverage = run.coverage(snapshot, neuron);
    const moved = run.moved(snapshot, neuron);
    const site = run.meta.sites[run.siteOf(neuron)];
    const rows: [string, string, string][] = [
      ["state", run.dead(snapshot, neuron) ? (run.nonfinite(snapshot, neuron) ? "not finite" : "dead, shown at its last place") : "live", ""],
      ["coverage", coverage === null ? "–" : `${Math.round(100 * coverage)} %`, "share of its stimuli that have a vector in the space"],
      ["movement", moved === null ? "–" : moved.toFixed(2), "since the snapshot before, in the space"],
      ["receptive field", site.field >= 1 ? "the whole image" : `${Math.round(100 * site.field)} % of the image's side`, "how much of the image its layer sees, along a side"],
    ];
    if (run.snapshots > 1) {
      rows.push(
        ["concept clearest", when(Life.clearest), "the snapshot that agrees most with all others: whose concept's birth and death are told here"],
        ["concept born", when(Life.born), "from then on it held the concept that it shows most clearly: a place in the space, or a class"],
        ["concept settled", when(Life.settled), "from then on it kept that concept"],
        ["concept left", when(Life.left), "from then on it lives, but holds another concept"],
        ["neuron died", when(Life.died), "from then on it is dead"],
      );
    }
    return h("dl.facts", null, rows.map(([name, value, about]) => h("div", { title: about }, h("dt", null, name), h("dd", null, value))));
  }

  private concept(state: State, run: Run, neuron: number): HTMLElement {
    const now = run.at(state.at);
    const rows = run.meta.progress.map((at, t) =>
      h(
        "tr",
        { "aria-current": t === now ? "true" : null },
        h(
          "th",
          { scope: "row" },
          run.meta.is_base
            ? h("span.when", null, run.label(t))
            : h("button.link.when", { onclick: () => this.store.set({ at }) }, run.label(t)),
          range(run.responses(t, neuron, PATCHES)),
        ),
        h("td", null, patchRow(run, t, neuron, PATCHES, 34)),
      ),
    );
    return h("section", null, h("h3", null, "Its concept over time", h("span.faint", null, " with its responses")), h("table.concept", null, h("tbody", null, rows)));
  }

  private classes(state: State, run: Run, neuron: number): HTMLElement {
    const snapshot = run.at(state.at);
    const counts = classCounts(run, snapshot, neuron);
    const total = counts.reduce((sum, [, n]) => sum + n, 0);
    const bars = counts.slice(0, 6).map(([name, n]) => {
      const bar = h("i");
      bar.style.width = `${(100 * n) / total}%`;
      return h("div.bar", null, h("span.name", null, name), h("span.rail", null, bar), h("span.number", null, `${n} of ${total}`));
    });
    return h("section", null, h("h3", null, "Classes of its stimuli"), bars.length ? bars : h("p.faint", null, "no stimuli in this snapshot"));
  }

  private likes(state: State, run: Run, neuron: number, others: Run[]): HTMLElement[] {
    if (others.length === 0) return [];
    const snapshot = run.at(state.at);
    const rows = others.flatMap((other) => {
      const t = other.at(state.at);
      return nearest(run, snapshot, neuron, other, t, LIKE).map(([which, alike]) =>
        h(
          "div.like",
          null,
          link(this.store, { run: other, neuron: which }, other.nameAt(t, which)),
          h("span.faint", null, alike === null ? "" : `cosine ${alike.toFixed(2)}`),
          patchRow(other, t, which, PATCHES, 30),
        ),
      );
    });
    const by = run.vectors === null ? "nearest on the map" : "nearest in the space";
    return [h("section", null, h("h3", null, `In other runs (${by})`), rows.length ? rows : h("p.faint", null, "they, or this neuron, have no place in this snapshot"))];
  }

  private importances(state: State, run: Run, neuron: number): HTMLElement[] {
    if (run.meta.evolutions.length === 0) return [];
    const { evolutions } = run.meta;
    const tables = evolutions.map((one: Evolution, v) => {
      const found = one.classes
        .map((label) => ({ name: run.scene.classes[label], values: run.importance(v, label, neuron) }))
        .filter((row) => row.values !== null)
        .sort((a, b) => b.values![0] - a.values![0]);
      return h(
        "div",
        null,
        h("h4", null, `${run.label(one.before)} → ${run.label(one.after)}`),
        found.map(({ name, values }) => interval(name, values!, name === state.cls)),
        found.length === 0 && h("p.faint", null, "it did not change, or was not measured"),
      );
    });
    return [
      h(
        "section",
        null,
        h("h3", { title: "share of a class's images whose logit rises along the evolution, with its 95 % interval (Eq. 4)" }, "Importance of its evolutions"),
        tables,
      ),
    ];
  }
}

/** From the strongest to the weakest response to the patches of a row. */
function range(responses: number[]): HTMLElement | null {
  if (responses.length === 0) return null;
  const ends = [...new Set([responses[0], responses.at(-1)!].map(brief))];
  return h("span.range", { title: "responses to the first and to the last of these patches" }, ends.join(" to "));
}

/** A share with its interval, as a line on a rail. */
export function interval(
  name: string,
  [score, low, high]: [number, number, number],
  marked = false,
  digits = 2,
): HTMLElement {
  const line = h("i.interval");
  line.style.left = `${100 * low}%`;
  line.style.width = `${100 * (high - low)}%`;
  const dot = h("i.dot");
  dot.style.left = `${100 * score}%`;
  return h(
    marked ? "div.bar.marked" : "div.bar",
    null,
    h("span.name", null, name),
    h("span.rail", null, h("i.half"), line, dot),
    h("span.number", null, `${score.toFixed(digits)} [${low.toFixed(2)}, ${high.toFixed(2)}]`),
  );
}

export function link(store: Store, which: NeuronRef, label: string, at?: number): HTMLElement {
  const go = () => store.set({ neuron: which, tab: "neuron", at: at ?? store.state.at, pointed: null });
  return h("button.link", { onclick: go, title: which.run.id(which.neuron) }, label);
}

/** The nearest live neurons of another run, by cosine; by the map without vectors. */
function nearest(
  run: Run, snapshot: number, neuron: number, other: Run, t: number, count: number,
): [number, number | null][] {
  if (!run.placed(snapshot, neuron) || run.dead(snapshot, neuron)) return [];
  const own = run.vectors;
  const theirs = other.vectors;
  const d = run.meta.dimensions;
  const best: [number, number][] = [];
  for (let i = 0; i < other.neurons; i++) {
    if (other.dead(t, i) || !other.placed(t, i)) continue;
    let near: number;
    if (own && theirs) {
      let dot = 0;
      const a = (snapshot * run.neurons + neuron) * d;
      const b = (t * other.neurons + i) * d;
      for (let j = 0; j < d; j++) dot += own[a + j] * theirs[b + j];
      near = dot / (127 * 127);
    } else {
      near = -Math.hypot(run.x(snapshot, neuron) - other.x(t, i), run.y(snapshot, neuron) - other.y(t, i));
    }
    if (best.length < count || near > best.at(-1)![1]) {
      best.push([i, near]);
      best.sort((a, b) => b[1] - a[1]);
      best.length = Math.min(best.length, count);
    }
  }
  return best.map(([i, near]) => [i, own && theirs ? Math.min(1, near) : null]);
}
