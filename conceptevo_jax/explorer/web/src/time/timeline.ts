/** One slider for everything: play, the epoch, and a strip of curves under it. */

import { runColour } from "../colour";
import { isDiverged } from "../concepts";
import { measured, METRICS } from "../curves";
import { snapshotLabel } from "../data/epochs";
import type { Model } from "../data/model";
import type { Run } from "../data/run";
import { h, swatch } from "../dom";
import { backdropOf, shownRuns } from "../panels";
import type { State, Store } from "../state";
import { onThemeChange } from "../theme";
import { isAlarm, markOf, shortStatus } from "./alarms";
import { Strip } from "./strip";

/** Time that a stop is shown for while playing, in ms. */
const PACE = 900;

export class Timeline {
  readonly element: HTMLElement;
  private readonly model: Model;
  private readonly slider: HTMLInputElement;
  private readonly label = h("span.time");
  private readonly playButton: HTMLButtonElement;
  private readonly chips = h("div.chips", { role: "group", "aria-label": "runs: show or hide" });
  readonly strip: Strip;
  private readonly stopTheme: () => void;
  private playing = 0;

  constructor(
    private readonly store: Store,
    private readonly tween: (ms: number) => void,
    private readonly announce: (text: string) => void,
  ) {
    this.model = store.model;
    const { stops } = this.model;
    this.slider = h("input.slider", {
      id: "epoch",
      type: "range",
      min: stops[0],
      max: stops.at(-1)!,
      step: "any",
      "aria-label": "epoch",
      oninput: () => {
        this.pause();
        this.go(this.model.nearestStop(Number(this.slider.value)), 0);
      },
      onkeydown: (event: KeyboardEvent) => this.key(event),
    });
    this.playButton = h("button.play", { onclick: () => this.toggle() });
    const pick = (at: number) => {
      this.pause();
      this.go(this.model.nearestStop(at), 0);
    };
    this.strip = new Strip(store, pick, (at) => this.tellValues(at));
    const ticks = h("div.ticks", { "aria-hidden": "true" });
    const span = stops.at(-1)! - stops[0] || 1;
    for (const stop of stops) {
      const tick = h("i");
      tick.style.left = `${(100 * (stop - stops[0])) / span}%`;
      ticks.append(tick);
    }
    this.element = h(
      "section.timeline",
      { "aria-label": "time" },
      h("div.controls", null, this.playButton, h("div.track", null, this.slider, ticks), this.label),
      this.chips,
    );
    this.shown();
    store.listen((state, changed) => {
      if (changed.has("at")) this.showTime(state);
      if (LISTED.some((key) => changed.has(key))) this.listRuns(state);
    });
    this.stopTheme = onThemeChange(() => {
      this.strip.repaint();
      this.listRuns(store.state);
    });
  }

  private showTime(state: State): void {
    this.slider.value = String(state.at);
    const name = this.model.stopLabel(state.at);
    this.slider.setAttribute("aria-valuetext", name);
    this.label.textContent = name;
    if (this.playing === 0) this.announce(name);
  }

  private listRuns(state: State): void {
    // Where colours stand for concepts, a run's own would be taken for one.
    const isColoured = state.colour !== "group" || state.metric !== "concepts";
    const held = document.activeElement?.closest<HTMLElement>(".chip")?.dataset.run;
    const backdrops = state.panels.map((panel) => backdropOf(this.model, state, panel));
    const onMaps = [...shownRuns(this.model, state), ...backdrops];
    this.chips.replaceChildren(
      ...this.model.runs.map((run) => {
        const shown = !state.hidden.has(run.name);
        const absent = shown && !onMaps.includes(run);
        const snapshot = run.at(state.at);
        const ended = !run.meta.is_base && state.at > run.end + 1e-6;
        return h(
          "button.chip",
          {
            "aria-pressed": String(shown),
            "data-run": run.name,
            title: `${run.name}: ${run.meta.architecture}. Click to ${shown ? "hide" : "show"}.`,
            onclick: () => {
              const hidden = new Set(state.hidden);
              if (shown) hidden.add(run.name);
              else hidden.delete(run.name);
              this.store.set({ hidden });
            },
          },
          isColoured && swatch(runColour(this.model, run)),
          h("span", null, snapshotLabel(run.title, run.meta.epochs[snapshot])),
          h("span.faint.value", null, valueAt(run, "test_top1", state.at)),
          isDiverged(run, snapshot) && h("span.verdict-flag", { title: "most of its responses are not finite" }, "diverged"),
          verdict(run, state.at),
          run.meta.is_base && h("span.faint", null, "base"),
          ended && h("span.faint", null, "ended"),
          absent && h("span.faint", null, "not on any map"),
        );
      }),
    );
    if (held !== undefined) {
      this.chips.querySelector<HTMLElement>(`.chip[data-run="${CSS.escape(held)}"]`)?.focus();
    }
  }

  /** Of every run what the curves show where the mouse is; without it, its accuracy. */
  private tellValues(at: number | null): void {
    const { state } = this.store;
    const metric = at === null || state.metric in COUNTED ? "test_top1" : state.metric;
    for (const chip of this.chips.querySelectorAll<HTMLElement>(".chip")) {
      const run = this.model.run(chip.dataset.run!)!;
      const value = valueAt(run, metric, at ?? state.at);
      const where = at === null || value === "" ? "" : ` at ${run.label(run.at(at))}`;
      chip.querySelector(".value")!.textContent = `${value}${where}`;
    }
  }

  private go(at: number, tween: number): void {
    this.tween(tween);
    this.store.set({ at });
  }

  private reduced(): boolean {
    return window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  }

  /** Some stops on or back; Infinity for the ends. */
  step(by: number, tween = 220): void {
    const { stops } = this.model;
    const now = stops.indexOf(this.store.state.at);
    const next = Math.max(0, Math.min(stops.length - 1, now + by));
    this.go(stops[next], this.reduced() ? 0 : tween);
  }

  private key(event: KeyboardEvent): void {
    const steps: Record<string, number> = {
      ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1,
      PageDown: -5, PageUp: 5, Home: -Infinity, End: Infinity,
    };
    if (!(event.key in steps)) return;
    event.preventDefault();
    event.stopPropagation();
    this.pause();
    this.step(steps[event.key]);
  }

  close(): void {
    this.pause();
    this.stopTheme();
    this.strip.close();
  }

  toggle(): void {
    if (this.playing !== 0) return this.pause();
    const { stops } = this.model;
    if (this.store.state.at >= stops.at(-1)!) this.go(stops[0], 0);
    const next = () => {
      this.step(1, PACE * 0.6);
      if (this.store.state.at >= stops.at(-1)!) this.pause();
    };
    this.playing = window.setInterval(next, PACE);
    this.shown();
  }

  pause(): void {
    if (this.playing === 0) return;
    window.clearInterval(this.playing);
    this.playing = 0;
    this.announce(this.model.stopLabel(this.store.state.at));
    this.shown();
  }

  private shown(): void {
    const on = this.playing !== 0;
    this.playButton.textContent = on ? "❚❚" : "▶";
    this.playButton.setAttribute("aria-label", on ? "pause" : "play");
    this.playButton.title = on ? "Pause (space)" : "Play (space)";
  }
}

/** What the list of runs depends on. */
const LISTED = ["at", "hidden", "panels", "colour", "metric"] as const;

/** Curves that are no measure of a run. */
const COUNTED = { concepts: true, selection: true };

/** A measure of a run at a time, in words; none where it is not known. */
function valueAt(run: Run, metric: string, at: number): string {
  const value = measured(run, metric).get(run.meta.progress[run.at(at)]);
  const name = metric === "test_top1" ? "acc" : METRICS[metric];
  return value === null || value === undefined ? "" : `${name} ${value.toFixed(2)}`;
}

/** The monitor's last alarm until a time, where it has raised one. */
function verdict(run: Run, at: number): HTMLElement | null {
  const alarm = run.meta.reports.findLast(({ progress, status }) => progress <= at + 1e-6 && isAlarm(status));
  if (alarm === undefined) return null;
  return h("span.verdict-flag", { title: `the monitor: ${alarm.status}; ${alarm.reasons.join(", ")}` }, `${markOf(alarm.status)} ${shortStatus(alarm.status)}`);
}
