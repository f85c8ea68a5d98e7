/** What each map shows: a run or all of a space, and the time at which it stays. */

import { baseOf } from "./concepts";
import type { Model } from "./data/model";
import type { Run } from "./data/run";
import type { State } from "./state";

/** Maps side by side at most. */
export const MAPS = 15;

/** What a panel shows, without the epoch in which it stays. */
export function subject(panel: string): string {
  return panel.replace(/@[^@]*$/, "");
}

/** The epoch in which a panel stays; null where it follows the slider. */
export function pinnedEpoch(panel: string): string | null {
  return panel.includes("@") ? panel.slice(subject(panel).length + 1) : null;
}

/** A panel that stays in an epoch. */
export function pinned(subject: string, epoch: string): string {
  return `${subject}@${epoch}`;
}

/** All runs of a panel's kind, hidden or not. */
function candidates(model: Model, panel: string): Run[] {
  const name = subject(panel);
  return name.startsWith("*")
    ? model.runs.filter((run) => run.meta.scene === Number(name.slice(1)))
    : model.runs.filter((run) => run.name === name);
}

/** Runs that a panel shows. */
export function runsOf(model: Model, state: State, panel: string): Run[] {
  return candidates(model, panel).filter((run) => !state.hidden.has(run.name));
}

/** The base that a panel shows in grey below its runs; null where it is one of them, or hidden. */
export function backdropOf(model: Model, state: State, panel: string): Run | null {
  const runs = candidates(model, panel);
  const base = runs.length === 0 ? undefined : baseOf(model, runs[0].meta.scene);
  return base === undefined || runs.includes(base) || state.hidden.has(base.name) ? null : base;
}

/** The bases that some panel shows in grey below others. */
export function basesBelow(model: Model, state: State): Run[] {
  const below = state.panels.flatMap((panel) => {
    const runs = runsOf(model, state, panel);
    const isMixed = runs.some((run) => !run.meta.is_base);
    return [backdropOf(model, state, panel), ...(isMixed ? runs.filter((run) => run.meta.is_base) : [])];
  });
  return model.runs.filter((run) => below.includes(run));
}

/** Snapshots in which a panel may stay: their times by their epochs. */
export function pinnable(model: Model, panel: string): Map<string, number> {
  const runs = candidates(model, panel);
  const timed = runs.filter((run) => !run.meta.is_base);
  const times = (timed.length > 0 ? timed : runs).flatMap(({ meta }) =>
    meta.epochs.map((epoch, t): [string, number] => [String(epoch), meta.progress[t]]),
  );
  return new Map(times.sort((a, b) => a[1] - b[1]));
}

/** The time that a panel shows. */
export function timeOf(model: Model, state: State, panel: string): number {
  const epoch = pinnedEpoch(panel);
  return (epoch === null ? undefined : pinnable(model, panel).get(epoch)) ?? state.at;
}

/** Runs that some panel shows. */
export function shownRuns(model: Model, state: State): Run[] {
  const names = new Set(state.panels.flatMap((p) => runsOf(model, state, p)));
  return model.runs.filter((run) => names.has(run));
}

export function isPanel(model: Model, panel: string): boolean {
  const name = subject(panel);
  const epoch = pinnedEpoch(panel);
  const exists = /^\*\d+$/.test(name) ? model.scenes[Number(name.slice(1))] : model.run(name);
  return exists !== undefined && (epoch === null || pinnable(model, panel).has(epoch));
}
