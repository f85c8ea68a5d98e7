/** What to call a set of neurons: the class that their stimuli hold most beyond chance. */

import type { Model } from "../data/model";
import { classCounts } from "../patches";
import type { Selection } from "../selection";

export interface Suggestion {
  label: string;
  why: string;
}

/** The class of the largest share, with how often it occurs by itself. */
export function suggestLabel(model: Model, selection: Selection, at: number): Suggestion | null {
  const counts = new Map<string, number>();
  const usual = new Map<string, number>();
  let total = 0;
  for (const [run, neurons] of selection.members) {
    const priors = model.priors(run.meta.scene);
    run.scene.classes.forEach((name, label) => usual.set(name, priors[label]));
    for (const neuron of neurons) {
      if (run.dead(run.at(at), neuron)) continue;
      for (const [name, n] of classCounts(run, run.at(at), neuron)) {
        counts.set(name, (counts.get(name) ?? 0) + n);
        total += n;
      }
    }
  }
  if (total === 0) return null;
  const ranked = [...counts]
    .map(([name, n]) => ({ name, share: n / total, lift: n / total / (usual.get(name) || 1) }))
    .sort((a, b) => b.share - a.share);
  const first = ranked[0];
  const inWords = ({ name, share }: typeof first) => `${name} ${Math.round(100 * share)} %`;
  if (first.lift < 1.5) {
    return { label: "mixed", why: `no class stands out: ${ranked.slice(0, 3).map(inWords).join(", ")}` };
  }
  // Classes that are nearly as frequent belong to the name.
  const named = ranked.filter(({ share, lift }) => share >= first.share / 2 && lift >= 1.5).slice(0, 3);
  return {
    label: named.map(({ name }) => name).join(" / "),
    why: `${named.map(inWords).join(", ")} of the stimuli; ${first.lift.toFixed(1)}× the average`,
  };
}
