/** Curves of all shown runs over time, with the monitor's alarms. */

import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";

import { runColour } from "./colour";
import { epochTicks } from "./data/epochs";
import type { Model, Run } from "./data/model";
import { h, onceAFrame } from "./dom";
import { themeColour } from "./theme";
import { METRICS, shownRuns, type State, type Store } from "./state";

const HEIGHT = 104;

/** Of the plot's sides, so that times lie under the same times of the slider. */
const LEFT = 56;
const RIGHT = 110;

/** Width that a tick of an epoch gets at least. */
const TICK = 70;

/** Height of a row of alarms above the curves. */
const ROW = 11;

export class Strip {
  readonly element: HTMLElement;
  private readonly model: Model;
  private readonly plot = h("div.plot");
  private readonly choice: HTMLSelectElement;
  private readonly alarms = h("div.alarms");
  private readonly time = h("i.now");
  private readonly observer = new ResizeObserver(onceAFrame(() => this.resize()));
  private chart: uPlot | null = null;

  constructor(
    private readonly store: Store,
    private readonly onPick: (at: number) => void,
  ) {
    this.model = store.model;
    this.choice = h(
      "select",
      { "aria-label": "curve", onchange: () => store.set({ metric: this.choice.value }) },
      Object.entries(METRICS).map(([value, label]) => h("option", { value }, label)),
    );
    this.element = h("section.strip", { "aria-label": "curves" }, h("div.strip-head", null, this.choice, this.alarms), this.plot);
    this.observer.observe(this.plot);
    store.listen((state, changed) => {
      if (changed.has("metric") || changed.has("hidden") || changed.has("panels")) this.draw(state);
      else if (changed.has("at")) this.moveTime();
      if (changed.has("at") || changed.has("hidden") || changed.has("panels")) this.tellAlarms(state);
    });
  }

  close(): void {
    this.observer.disconnect();
    this.chart?.destroy();
  }

  private series(run: Run, metric: string): Map<number, number | null> {
    const { table, measures, progress } = run.meta;
    const [times, values] =
      metric in table ? [table.progress, table[metric]] : [progress, measures[metric] ?? []];
    return new Map(times.map((at, i) => [at, values[i] ?? null]));
  }

  private draw(state: State): void {
    this.choice.value = state.metric;
    const runs = shownRuns(this.model, state).filter((run) => !run.meta.is_base);
    const curves = runs.map((run) => this.series(run, state.metric));
    const times = [...new Set(curves.flatMap((curve) => [...curve.keys()]))].sort((a, b) => a - b);
    // A gap between two points of a run is no gap of its curve: undefined joins them.
    const data = [
      times,
      ...curves.map((curve) => times.map((at) => (curve.has(at) ? curve.get(at) : undefined))),
    ] as uPlot.AlignedData;
    const alarmed = runs.filter((run) => run.meta.reports.some((report) => isAlarm(report.status)));
    const narrow = this.plot.clientWidth < 600;
    const [first, last] = [this.model.stops[0], this.model.stops.at(-1)! || 1];
    const ticks = epochTicks(first, last, Math.max(2, Math.floor(this.plot.clientWidth / TICK)));
    this.chart?.destroy();
    const font = "11px system-ui, sans-serif";
    const line = () => themeColour("--line");
    const axis = { stroke: () => themeColour("--quiet"), font, grid: { stroke: line, width: 1 }, ticks: { stroke: line, size: 4 } };
    // Room for what they will say, so that the maps keep their size while time goes on.
    this.alarms.style.height = alarmed.length === 0 ? "" : alarmed.length === 1 ? "20px" : "40px";
    this.plot.style.height = `${HEIGHT + alarmed.length * ROW}px`;
    this.chart = new uPlot(
      {
        width: Math.max(120, this.plot.clientWidth),
        height: HEIGHT + alarmed.length * ROW,
        legend: { show: false },
        padding: [6 + alarmed.length * ROW, narrow ? 12 : RIGHT, null, 0],
        cursor: { x: true, y: false, points: { show: false }, drag: { x: false, y: false } },
        scales: { x: { time: false, range: () => [first, last] } },
        axes: [
          { ...axis, size: 22, splits: () => ticks.map(({ at }) => at), values: () => ticks.map(({ label }) => label) },
          { ...axis, size: narrow ? 40 : LEFT, space: 22 },
        ],
        series: [
          {},
          ...runs.map((run) => ({
            label: run.name,
            stroke: runColour(this.model, run),
            width: 1.6,
            points: { show: times.length < 40, size: 4 },
          })),
        ],
        hooks: {
          draw: [(chart) => this.drawAlarms(chart, alarmed)],
          setSize: [() => this.moveTime()],
          ready: [
            (chart) => {
              chart.over.append(this.time);
              chart.over.addEventListener("click", () => {
                if (chart.cursor.left !== undefined) this.onPick(chart.posToVal(chart.cursor.left, "x"));
              });
            },
          ],
        },
      },
      data,
      this.plot,
    );
    this.moveTime();
    const known = curves.some((curve) => [...curve.values()].some((value) => value !== null));
    this.plot.dataset.empty = known ? "" : "not measured for the runs that are shown";
  }

  /** The time shown is an element of its own: moving it draws no curve anew. */
  private moveTime(): void {
    if (this.chart === null) return;
    this.time.style.left = `${this.chart.valToPos(this.store.state.at, "x")}px`;
  }

  /** A triangle where the monitor raised an alarm: full when concepts are lost. */
  private drawAlarms(chart: uPlot, alarmed: Run[]): void {
    const { ctx, bbox } = chart;
    const size = 4.5 * devicePixelRatio;
    ctx.save();
    for (const [row, run] of alarmed.entries()) {
      ctx.fillStyle = ctx.strokeStyle = runColour(this.model, run);
      for (const report of run.meta.reports) {
        if (!isAlarm(report.status)) continue;
        const x = chart.valToPos(report.progress, "x", true);
        const y = bbox.top - (alarmed.length - row - 0.5) * ROW * devicePixelRatio;
        ctx.beginPath();
        ctx.moveTo(x - size, y - size);
        ctx.lineTo(x + size, y - size);
        ctx.lineTo(x, y + size);
        ctx.closePath();
        if (report.status === "lost") ctx.fill();
        else ctx.stroke();
      }
    }
    ctx.restore();
  }

  /** What the monitor says of the time that is shown. */
  private tellAlarms(state: State): void {
    const told: HTMLElement[] = [];
    for (const run of shownRuns(this.model, state)) {
      const at = run.meta.progress[run.at(state.at)];
      const report = run.meta.reports.find((one) => one.progress === at);
      if (report !== undefined && isAlarm(report.status)) {
        const why = report.reasons.length > 0 ? ` (${report.reasons[0]})` : "";
        told.push(h("span", null, `▼ ${run.name}: ${report.status}${why}`));
      }
    }
    this.alarms.replaceChildren(...told);
  }

  private resize(): void {
    const width = this.plot.clientWidth;
    const height = this.plot.clientHeight;
    if (width > 0) this.chart?.setSize({ width, height });
  }
}

function isAlarm(status: string): boolean {
  return status !== "healthy" && status !== "not measured";
}
