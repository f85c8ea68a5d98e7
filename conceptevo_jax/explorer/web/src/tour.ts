/** The runs' story in three sentences at most, each made from what is counted. */

import { conceptCounts, contrastingRuns, deadShare } from "./concepts";
import type { Model } from "./data/model";
import type { Run } from "./data/run";
import { h } from "./dom";
import { classCounts } from "./patches";
import { write } from "./address";
import { ofConcept } from "./selection";
import { type Change, initial, type Store } from "./state";

/** Part of a run's neurons that a concept has to gain or lose to be told. */
const NOTABLE = 0.05;

/** Share of a neuron's stimuli that are of its class, before and after. */
const CLEAR = 0.8;

/** Neurons times snapshots that are read for the sentence about a neuron; of more, a part is. */
const READ = 100_000;

/** Words, some of which lead to a view. */
type Sentence = (string | { words: string; view: Change })[];

/** All concepts of one class, with the live neurons that hold one of them per snapshot. */
interface Course {
  name: string;
  concepts: number[];
  counts: number[];
}

/** Concepts that are a mixture of classes are not told. */
function courses(run: Run): Course[] {
  const perSnapshot = run.meta.epochs.map((_, t) => conceptCounts(run, t));
  const { groups, classes } = run.scene;
  const clear = groups.flatMap(({ label, share }, concept) => (share >= 0.5 ? [{ label, concept }] : []));
  return [...new Set(clear.map(({ label }) => label))].map((label) => {
    const concepts = clear.filter((group) => group.label === label).map(({ concept }) => concept);
    const counts = perSnapshot.map((held) => concepts.reduce((sum, concept) => sum + held[concept], 0));
    return { name: classes[label], concepts, counts };
  });
}

/** Titles may hold commas. */
function quoted(run: Run): string {
  return `“${run.title}”`;
}

function largest<T>(values: T[], of: (value: T) => number): T | undefined {
  return values.reduce<T | undefined>((best, value) => (best === undefined || of(value) > of(best) ? value : best), undefined);
}

function conceptView(run: Run, concepts: number[], snapshot: number): Change {
  const at = run.meta.progress[snapshot];
  const selection = concepts.length === 1 ? ofConcept([run], concepts[0], at) : null;
  return { at, colour: "group", selection, neuron: null, tab: "neuron" };
}

/** The concept that gains most neurons from the first snapshot to the last. */
export function growth(run: Run): Sentence | null {
  const last = run.snapshots - 1;
  const gain = (counts: number[]) => counts[last] - counts[0];
  const most = largest(courses(run), ({ counts }) => gain(counts));
  if (most === undefined || gain(most.counts) < NOTABLE * run.neurons) return null;
  const { concepts, name, counts } = most;
  return [
    `${name} forms in ${quoted(run)}: `,
    { words: `${counts[0]} neurons at ${run.label(0)}`, view: conceptView(run, concepts, 0) },
    ", ",
    { words: `${counts[last]} at ${run.label(last)}`, view: conceptView(run, concepts, last) },
    ".",
  ];
}

/** Where a concept is at its largest for the last time, and where half of that is gone. */
function fall(counts: number[]): { peak: number; after: number; lost: number } | null {
  const most = Math.max(...counts);
  const peak = counts.lastIndexOf(most);
  const least = Math.min(...counts.slice(peak));
  const after = counts.findIndex((count, t) => t > peak && 2 * count <= most);
  return after < 0 ? null : { peak, after, lost: most - least };
}

/** A class's concepts, and how they fall. */
type Loss = Course & NonNullable<ReturnType<typeof fall>>;

/**
 * The concept that is lost first, with the epochs between which half of its neurons go, and
 * the one that loses most neurons, if it is another.
 */
export function loss(run: Run): Sentence | null {
  const falls = courses(run).flatMap((course): Loss[] => {
    const fallen = fall(course.counts);
    return fallen === null ? [] : [{ ...course, ...fallen }];
  });
  const notable = falls.filter(({ lost }) => lost >= NOTABLE * run.neurons);
  const most = largest(notable, ({ lost }) => lost);
  if (most === undefined) return null;
  const earliest = Math.min(...notable.map(({ after }) => after));
  const first = largest(notable.filter(({ after }) => after === earliest), ({ lost }) => lost)!;
  const sentence = ({ concepts, name, counts, peak, after }: Loss): Sentence => [
    `${name}: `,
    { words: `${counts[peak]} neurons at ${run.label(peak)}`, view: conceptView(run, concepts, peak) },
    ", ",
    { words: `${counts[after]} at ${run.label(after)}`, view: conceptView(run, concepts, after) },
  ];
  const then: Sentence = first === most ? [] : ["; then ", ...sentence(most)];
  return [`${quoted(run)} loses ${notable.length > 1 ? "first " : ""}`, ...sentence(first), ...then, ...death(run), "."];
}

/** From when on all neurons are dead; nothing where some live at last. */
function death(run: Run): Sentence {
  const shares = run.meta.epochs.map((_, t) => deadShare(run, t));
  const since = shares.findLastIndex((share) => share < 1) + 1;
  if (since >= run.snapshots) return [];
  const view: Change = { at: run.meta.progress[since], colour: "group", selection: null, neuron: null, tab: "neuron" };
  return ["; all its neurons are dead from ", { words: run.label(since), view }, " on"];
}

/** From the last snapshot of one class to the first of another. */
interface Turn {
  neuron: number;
  from: number;
  to: number;
  before: [string, number];
  after: [string, number];
  clear: number;
}

/** How a neuron's most frequent class changes, where both are clear and of half of its stimuli at least. */
function turnOf(run: Run, neuron: number): Turn | undefined {
  const majority = (t: number): { first: [string, number]; share: number } | null => {
    const counts = run.dead(t, neuron) ? [] : classCounts(run, t, neuron);
    const total = counts.reduce((sum, [, n]) => sum + n, 0);
    return total < run.meta.k / 2 ? null : { first: counts[0], share: counts[0][1] / total };
  };
  const classes = run.meta.epochs.map((_, t) => majority(t));
  const after = classes.at(-1)!;
  if (after === null || after.share < CLEAR) return undefined;
  const shows = (t: number, name: string) => classes[t]?.first[0] === name && classes[t].share >= CLEAR;
  const turns = classes.slice(0, -1).flatMap((before, t): Turn[] => {
    if (before === null || before.share < CLEAR || before.first[0] === after.first[0]) return [];
    const to = classes.findIndex((_, later) => later > t && shows(later, after.first[0]));
    const clear = Math.min(before.share, classes[to]!.share);
    return [{ neuron, from: t, to, before: before.first, after: classes[to]!.first, clear }];
  });
  // Of several that are as clear, the shortest way from one class to the other.
  return largest(turns, ({ clear, from, to }) => clear - (to - from) / run.snapshots / 100);
}

/** The neuron whose stimuli go most clearly from a class to another; needs patches. */
export function change(run: Run): Sentence | null {
  const step = Math.max(1, Math.ceil((run.neurons * run.snapshots) / READ));
  const turns = Array.from({ length: Math.floor(run.neurons / step) }, (_, i) => turnOf(run, i * step));
  const most = largest(turns.filter((turn) => turn !== undefined), ({ clear }) => clear);
  if (most === undefined) return null;
  const { neuron, from, to, before, after } = most;
  const view = (t: number): Change => ({
    at: run.meta.progress[t], colour: "group", neuron: { run, neuron }, selection: null, tab: "neuron",
  });
  const share = ([, n]: [string, number], t: number) => `${n} of ${run.stimuli(t, neuron).length}`;
  return [
    `Neuron ${run.siteName(neuron)} of ${quoted(run)} goes from images of ${before[0]} to images of ${after[0]}: `,
    { words: `${share(before, from)} stimuli at ${run.label(from)}`, view: view(from) },
    ", ",
    { words: `${share(after, to)} at ${run.label(to)}`, view: view(to) },
    ".",
  ];
}

/** Sentences that the data have, as a list whose links are addresses. */
export function tourOf(store: Store): HTMLElement {
  const [healthy, worst] = contrastingRuns(store.model);
  const sentences = healthy === undefined ? [] : [growth(healthy), worst === undefined ? null : loss(worst), change(healthy)];
  const opening = initial(store.model, false);
  const link = ({ words, view: part }: { words: string; view: Change }) => {
    const view = { ...part, panels: opening.panels, hidden: opening.hidden };
    const follow = (event: MouseEvent) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      store.set(view);
    };
    return h("a", { href: write(store.model, { ...opening, ...view }), onclick: follow }, words);
  };
  return h(
    "ol.tour",
    { "aria-label": "tour" },
    sentences.filter((sentence) => sentence !== null).map((sentence) => h("li", null, sentence.map((part) => (typeof part === "string" ? part : link(part))))),
  );
}

/** What the tour reads before it can be told. */
export function tourLoads(model: Model): Promise<void>[] {
  return contrastingRuns(model).slice(0, 1).map((run) => run.loadPatches());
}
