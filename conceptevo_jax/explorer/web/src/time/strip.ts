/** Curves over time, with the monitor's alarms above them. */

import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";

import { countedRun, type Curves, curvesOf, METRICS } from "../curves";
import { epochTicks } from "../data/epochs";
import type { Model } from "../data/model";
import type { Run } from "../data/run";
import { h, onceAFrame } from "../dom";
import { shownRuns } from "../panels";
import { ofConcept } from "../selection";
import type { State, Store } from "../state";
import { themeColour } from "../theme";
import { alarmsAt, drawAlarms, hasAlarms, ROW } from "./alarms";
import { bandValues } from "./band_values";

const HEIGHT = 104;

/** Of the plot's sides, so that times lie under the same times of the slider. */
const LEFT = 56;
const RIGHT = 110;

/** Width that a tick of an epoch gets at least. */
const TICK = 70;

/** What the values beside the bands depend on. */
const VALUED = ["at", "metric", "counted", "hidden", "panels"] as const;

/** Height of a band that its name fits into, in pixels. */
const NAMED = 11;

/** Where browsers that keep anything keep whether the curves are folded. */
const FOLDED = "conceptevo curves folded";

export class Strip {
  readonly element: HTMLElement;
  private readonly model: Model;
  private readonly plot = h("div.plot");
  private readonly choice: HTMLSelectElement;
  private readonly fold: HTMLButtonElement;
  private readonly alarms = h("div.alarms");
  private readonly alarmKey = h("span.faint", { hidden: true, title: "what the monitor says of snapshots" }, "▽ damaged ▼ lost");
  private readonly counted: HTMLSelectElement;
  private readonly time = h("i.now");
  private readonly values = h("div.band-values");
  private readonly observer = new ResizeObserver(onceAFrame(() => this.resize()));
  private chart: uPlot | null = null;

  constructor(
    private readonly store: Store,
    private readonly onPick: (at: number) => void,
    private readonly onPoint: (at: number | null) => void,
  ) {
    this.model = store.model;
    this.choice = h(
      "select",
      { "aria-label": "curve", onchange: () => store.set({ metric: this.choice.value }) },
      Object.entries(METRICS).map(([value, label]) => h("option", { value }, label)),
    );
    this.counted = h("select", {
      "aria-label": "run whose concepts are counted",
      title: "A click on a band selects its neurons",
      onchange: () => store.set({ counted: this.counted.value }),
    });
    this.fold = h("button.quiet", { onclick: () => this.setFolded(!this.plot.hidden) });
    const head = h("div.strip-head", null, this.choice, this.counted, this.fold, this.alarmKey, this.alarms);
    this.element = h("section.strip", { "aria-label": "curves" }, head, h("div.plotted", null, this.plot, this.values));
    this.setFolded(recall());
    this.observer.observe(this.plot);
    store.listen((state, changed) => {
      const isOfSelection = state.metric === "selection" && changed.has("selection");
      if (isOfSelection || changed.has("metric") || changed.has("counted") || changed.has("hidden") || changed.has("panels")) this.draw(state);
      else if (changed.has("at")) this.moveTime();
      if (VALUED.some((key) => changed.has(key))) this.showValues(state.at);
      if (changed.has("at") || changed.has("hidden") || changed.has("panels")) {
        this.alarms.replaceChildren(...alarmsAt(shownRuns(this.model, state), state.at));
      }
    });
  }

  /** In the other look, dark or light, all colours are others. */
  repaint(): void {
    this.draw(this.store.state);
  }

  close(): void {
    this.observer.disconnect();
    this.chart?.destroy();
  }

  private setFolded(isFolded: boolean): void {
    this.plot.hidden = this.values.hidden = isFolded;
    this.fold.textContent = isFolded ? "Show curves" : "Hide curves";
    this.fold.setAttribute("aria-expanded", String(!isFolded));
    // Folded it had no width that it could be drawn for.
    if (!isFolded && this.chart !== null) this.draw(this.store.state);
    try {
      localStorage.setItem(FOLDED, String(isFolded));
    } catch {
      // Some browsers give pages from a file no storage; it then lasts a visit.
    }
  }

  private draw(state: State): void {
    this.choice.value = state.metric;
    const shown = curvesOf(this.model, state);
    const { curves, isStacked } = shown;
    const times = [...new Set(curves.flatMap(({ values }) => [...values.keys()]))].sort((a, b) => a - b);
    // A gap between two points of a run is no gap of its curve: undefined joins them.
    const lines = curves.map(({ values }) => times.map((at) => (values.has(at) ? values.get(at) : undefined)));
    const data = [times, ...(isStacked ? stacked(lines) : lines)] as uPlot.AlignedData;
    const runs = shownRuns(this.model, state).filter((run) => !run.meta.is_base);
    const alarmed = runs.filter(hasAlarms);
    const narrow = this.plot.clientWidth < 600;
    const [first, last] = [this.model.stops[0], this.model.stops.at(-1)! || 1];
    const ticks = epochTicks(first, last, Math.max(2, Math.floor(this.plot.clientWidth / TICK)));
    this.chart?.destroy();
    const font = "11px system-ui, sans-serif";
    const line = () => themeColour("--line");
    const axis = { stroke: () => themeColour("--quiet"), font, grid: { stroke: line, width: 1 }, ticks: { stroke: line, size: 4 } };
    // Room for what they will say, so that the maps keep their size while time goes on.
    this.alarmKey.hidden = alarmed.length === 0;
    this.alarms.style.height = alarmed.length === 0 ? "" : alarmed.length === 1 ? "20px" : "40px";
    this.plot.style.height = `${HEIGHT + alarmed.length * ROW}px`;
    this.counted.hidden = state.metric !== "concepts";
    this.counted.replaceChildren(...runs.map((run) => h("option", { value: run.name, title: run.name }, run.title)));
    this.counted.value = countedRun(this.model, state)?.name ?? "";
    this.chart = new uPlot(
      {
        width: Math.max(120, this.plot.clientWidth),
        height: HEIGHT + alarmed.length * ROW,
        legend: { show: false },
        padding: [6 + alarmed.length * ROW, narrow ? 12 : RIGHT, null, 0],
        cursor: { x: true, y: false, points: { show: false }, drag: { x: false, y: false } },
        scales: { x: { time: false, range: () => [first, last] }, y: scaleOf(shown) },
        axes: [
          { ...axis, size: 22, splits: () => ticks.map(({ at }) => at), values: () => ticks.map(({ label }) => label) },
          { ...axis, size: narrow ? 40 : LEFT, space: 22, ...(shown.top === 1 ? HALVES : {}) },
        ],
        bands: isStacked ? curves.slice(1).map((_, i) => ({ series: [i + 2, i + 1] as [number, number] })) : [],
        series: [
          {},
          ...curves.map(({ label, colour, dash }) => ({
            label,
            stroke: colour,
            dash,
            fill: isStacked ? colour : undefined,
            width: isStacked ? 0.5 : 1.6,
            points: { show: !isStacked && times.length < 40, size: 4 },
          })),
        ],
        hooks: {
          draw: [(chart) => drawAlarms(chart, this.model, alarmed), (chart) => isStacked && nameBands(chart, shown, data)],
          setSize: [() => this.moveTime()],
          setCursor: [(chart) => this.point(chart)],
          ready: [(chart) => this.listenTo(chart)],
        },
      },
      data,
      this.plot,
    );
    this.moveTime();
    this.plot.dataset.empty = shown.empty;
  }

  private listenTo(chart: uPlot): void {
    chart.over.append(this.time);
    chart.over.addEventListener("mouseleave", () => this.pointAt(null));
    chart.over.addEventListener("click", () => {
      const { left, top } = chart.cursor;
      if (left === undefined) return;
      this.onPick(chart.posToVal(left, "x"));
      const run = this.store.state.metric === "concepts" && countedRun(this.model, this.store.state);
      if (run && top !== undefined) this.pickBand(run, chart.posToVal(top, "y"));
    });
  }

  /** Selects the neurons of the band at a height, at the time that is shown. */
  private pickBand(run: Run, height: number): void {
    const { at } = this.store.state;
    const { curves } = curvesOf(this.model, this.store.state);
    let below = 0;
    const number = curves.findIndex(({ values }) => (below += values.get(run.meta.progress[run.at(at)]) ?? 0) >= height);
    if (number >= 0 && height >= 0) this.store.set({ selection: ofConcept([run], number, at), tab: "selection" });
  }

  private point(chart: uPlot): void {
    const { left } = chart.cursor;
    if (left !== undefined && left >= 0) this.pointAt(this.model.nearestStop(chart.posToVal(left, "x")));
  }

  /** Values are those at the cursor, else those at the time shown. */
  private pointAt(time: number | null): void {
    this.showValues(time ?? this.store.state.at);
    this.onPoint(time);
  }

  private showValues(time: number): void {
    this.values.replaceChildren(...bandValues(this.model, this.store.state, time));
  }

  /** The time shown is an element of its own: moving it draws no curve anew. */
  private moveTime(): void {
    if (this.chart === null) return;
    this.time.style.left = `${this.chart.valToPos(this.store.state.at, "x")}px`;
  }

  private resize(): void {
    const width = this.plot.clientWidth;
    const height = this.plot.clientHeight;
    if (width > 0) this.chart?.setSize({ width, height });
  }
}

/** Ticks of a share. */
const HALVES = { splits: () => [0, 0.5, 1], values: () => ["0", ".5", "1"] };

function scaleOf({ top, isStacked, curves }: Curves): uPlot.Scale {
  if (top !== null) return { range: () => [0, top] };
  const isCount = isStacked || curves.every(({ values }) => [...values.values()].every(Number.isInteger));
  return isCount ? { range: (_chart, _low, high) => [0, high || 1] } : {};
}

/** Each line on those before it; all are known at the same times. */
function stacked(lines: (number | null | undefined)[][]): number[][] {
  const sums: number[][] = [];
  for (const line of lines) {
    const below = sums.at(-1);
    sums.push(line.map((value, i) => (value ?? 0) + (below?.[i] ?? 0)));
  }
  return sums;
}

/** Writes each band's name where it is widest, if it fits. */
function nameBands(chart: uPlot, { curves }: Curves, data: uPlot.AlignedData): void {
  const { ctx } = chart;
  ctx.save();
  ctx.font = `${10.5 * devicePixelRatio}px system-ui, sans-serif`;
  ctx.textBaseline = "middle";
  const [times, ...lines] = data as number[][];
  curves.forEach(({ label }, i) => {
    const heights = times.map((_, t) => lines[i][t] - (lines[i - 1]?.[t] ?? 0));
    const t = heights.indexOf(Math.max(...heights));
    const [above, below] = [lines[i][t], lines[i][t] - heights[t]].map((value) => chart.valToPos(value, "y", true));
    if (below - above < NAMED * devicePixelRatio) return;
    const x = chart.valToPos(times[t], "x", true);
    const isLate = x > chart.bbox.left + chart.bbox.width / 2;
    ctx.textAlign = isLate ? "right" : "left";
    ctx.fillStyle = "#fff";
    ctx.strokeStyle = "rgb(0 0 0 / 55%)";
    ctx.lineWidth = 2.5 * devicePixelRatio;
    const left = x + (isLate ? -6 : 6) * devicePixelRatio;
    ctx.strokeText(label, left, (above + below) / 2);
    ctx.fillText(label, left, (above + below) / 2);
  });
  ctx.restore();
}

function recall(): boolean {
  try {
    return localStorage.getItem(FOLDED) === "true";
  } catch {
    return false;
  }
}
