/** Curves of all shown runs over time, with the monitor's alarms. */

import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";

import { runColour } from "./colour";
import type { Model, Run } from "./data/model";
import { h, onceAFrame } from "./dom";
import { METRICS, shownRuns, type State, type Store } from "./state";

const HEIGHT = 104;

export class Strip {
  readonly element: HTMLElement;
  private readonly model: Model;
  private readonly plot = h("div.plot");
  private readonly choice: HTMLSelectElement;
  private readonly alarms = h("span.alarms");
  private readonly time = h("i.now");
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
    new ResizeObserver(onceAFrame(() => this.resize())).observe(this.plot);
    store.listen((state, changed) => {
      if (changed.has("metric") || changed.has("hidden") || changed.has("panels")) this.draw(state);
      else if (changed.has("at")) this.moveTime();
      if (changed.has("at") || changed.has("hidden")) this.tellAlarms(state);
    });
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
    this.chart?.destroy();
    const font = "11px system-ui, sans-serif";
    const axis = { stroke: "#555", font, grid: { stroke: "#eee", width: 1 }, ticks: { stroke: "#ddd", size: 4 } };
    this.chart = new uPlot(
      {
        width: Math.max(120, this.plot.clientWidth),
        height: HEIGHT,
        legend: { show: false },
        cursor: { x: true, y: false, points: { show: false }, drag: { x: false, y: false } },
        scales: { x: { time: false, range: () => [this.model.stops[0], this.model.stops.at(-1)! || 1] } },
        axes: [
          { ...axis, size: 22, label: undefined, values: (_, ticks) => ticks.map((t) => `${t}`) },
          { ...axis, size: 44, space: 22 },
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
          draw: [(chart) => this.drawAlarms(chart, runs)],
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
  private drawAlarms(chart: uPlot, runs: Run[]): void {
    const { ctx, bbox } = chart;
    const size = 4.5 * devicePixelRatio;
    ctx.save();
    for (const [row, run] of runs.entries()) {
      ctx.fillStyle = ctx.strokeStyle = runColour(this.model, run);
      for (const report of run.meta.reports) {
        if (!isAlarm(report.status)) continue;
        const x = chart.valToPos(report.progress, "x", true);
        const y = bbox.top + size + (row % 3) * size * 2;
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
    const told: string[] = [];
    for (const run of shownRuns(this.model, state)) {
      const at = run.meta.progress[run.at(state.at)];
      const report = run.meta.reports.find((one) => one.progress === at);
      if (report !== undefined && isAlarm(report.status)) {
        told.push(`▼ ${run.name}: ${report.status}${report.reasons.length ? ` (${report.reasons[0]})` : ""}`);
      }
    }
    this.alarms.textContent = told.join("   ");
  }

  private resize(): void {
    const width = this.plot.clientWidth;
    if (width > 0) this.chart?.setSize({ width, height: HEIGHT });
  }
}

function isAlarm(status: string): boolean {
  return status !== "healthy" && status !== "not measured";
}
