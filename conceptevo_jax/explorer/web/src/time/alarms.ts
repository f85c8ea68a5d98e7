/** The monitor's alarms: triangles above the curves, and in words. */

import type uPlot from "uplot";

import { runColour } from "../colour";
import type { Model } from "../data/model";
import type { Run } from "../data/run";
import { h } from "../dom";

/** Height of a run's row of triangles, in pixels. */
export const ROW = 11;

/** Half the width of a triangle, and the room between the first one and the run's name. */
const HALF = 4.5;
const GAP = 6;

/** A status in a word: `damaged, concepts persist` is damaged. */
export function shortStatus(status: string): string {
  return status.split(",")[0];
}

/** Whether the monitor's status is an alarm. */
export function isAlarm(status: string): boolean {
  return status !== "healthy" && status !== "not measured";
}

export function hasAlarms(run: Run): boolean {
  return run.meta.reports.some(({ status }) => isAlarm(status));
}

/** The mark of an alarm: full where concepts are lost. */
export function markOf(status: string): string {
  return status === "lost" ? "▼" : "▽";
}

/** A row per run: a triangle at each alarm, full where concepts are lost, beside the run's name. */
export function drawAlarms(chart: uPlot, model: Model, runs: Run[]): void {
  const { ctx, bbox } = chart;
  ctx.save();
  ctx.font = `${10 * devicePixelRatio}px system-ui, sans-serif`;
  ctx.textBaseline = "middle";
  for (const [row, run] of runs.entries()) {
    const y = bbox.top - (runs.length - row - 0.5) * ROW * devicePixelRatio;
    ctx.fillStyle = ctx.strokeStyle = runColour(model, run);
    const places = run.meta.reports
      .filter(({ status }) => isAlarm(status))
      .map(({ progress, status }) => ({ x: chart.valToPos(progress, "x", true), isLost: status === "lost" }));
    for (const { x, isLost } of places) drawTriangle(ctx, x, y, isLost);
    drawName(ctx, run.title, places[0].x, y, bbox);
  }
  ctx.restore();
}

function drawTriangle(ctx: CanvasRenderingContext2D, x: number, y: number, isFull: boolean): void {
  const half = HALF * devicePixelRatio;
  ctx.beginPath();
  ctx.moveTo(x - half, y - half);
  ctx.lineTo(x + half, y - half);
  ctx.lineTo(x, y + half);
  ctx.closePath();
  if (isFull) ctx.fill();
  else ctx.stroke();
}

/** Left of the first triangle, where there is room. */
function drawName(ctx: CanvasRenderingContext2D, name: string, first: number, y: number, bbox: uPlot.BBox): void {
  const end = first - (HALF + GAP) * devicePixelRatio;
  ctx.textAlign = "right";
  if (end - ctx.measureText(name).width >= bbox.left) ctx.fillText(name, end, y);
}

/** What the monitor says of runs at a time. */
export function alarmsAt(runs: Run[], time: number): HTMLElement[] {
  return runs.flatMap((run) => {
    const at = run.meta.progress[run.at(time)];
    const report = run.meta.reports.find(({ progress }) => progress === at);
    if (report === undefined || !isAlarm(report.status)) return [];
    const why = report.reasons.length > 0 ? ` (${report.reasons[0]})` : "";
    const words = `${markOf(report.status)} ${run.title}: ${shortStatus(report.status)}${why}`;
    return [h("span", { title: words }, words)];
  });
}
