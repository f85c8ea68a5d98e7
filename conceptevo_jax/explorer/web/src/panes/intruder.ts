/** Does the selection hold one concept? If so, a neuron from elsewhere is told apart. */

import type { NeuronRef } from "../data/run";
import { h } from "../dom";
import { patchRow } from "../patches";

const CARDS = 5;

/** Answers of this visit, over all selections. */
const score = { right: 0, asked: 0 };

export class Intruder {
  readonly element = h("section");
  /** The time that was shown when the question was asked. */
  private at = 0;

  constructor(
    private readonly members: NeuronRef[],
    private readonly now: () => number,
    private readonly say: (text: string) => void,
  ) {
    this.offer();
  }

  private live({ run, neuron }: NeuronRef): boolean {
    const t = run.at(this.at);
    return run.placed(t, neuron) && !run.dead(t, neuron);
  }

  private offer(): void {
    const about = score.asked ? `${score.right} of ${score.asked} found so far` : "one of the neurons shown comes from elsewhere";
    this.element.replaceChildren(
      h("h3", null, "Is it one concept?"),
      h("button", { onclick: () => this.ask() }, "Find the intruder"),
      h("span.faint", null, ` ${about}`),
    );
  }

  private ask(): void {
    this.at = this.now();
    const belonging = shuffled(this.members.filter((ref) => this.live(ref))).slice(0, CARDS);
    const odd = this.drawn();
    if (belonging.length < 2 || odd === null) {
      this.element.replaceChildren(h("h3", null, "Is it one concept?"), h("p.faint", null, "Too few live neurons to ask."));
      return;
    }
    const cards = shuffled([...belonging, odd]).map((ref, i) => {
      // What a patch is of would give the answer away.
      const card = h(
        "button.card",
        { "aria-label": `neuron ${i + 1} is the intruder`, onclick: () => answer(ref) },
        patchRow(ref.run, ref.run.at(this.at), ref.neuron, 9, 26, true),
      );
      return { ref, card };
    });
    const answer = (chosen: NeuronRef) => {
      const right = chosen === odd;
      score.asked += 1;
      if (right) score.right += 1;
      const verdict = `${right ? "Right" : "No"}: the intruder is ${odd.run.nameAt(odd.run.at(this.at), odd.neuron)}.`;
      for (const { ref, card } of cards) {
        card.disabled = true;
        if (ref === odd) {
          card.classList.add("odd");
          card.append(h("span", null, "✓ intruder"));
        } else if (ref === chosen) {
          card.classList.add("wrong");
          card.append(h("span", null, "✗ belongs"));
        }
      }
      this.say(verdict);
      const again = h("button", { onclick: () => this.ask() }, "Again");
      this.element.append(h("p.verdict", null, `${verdict} ${score.right} of ${score.asked} found so far. `, again));
      again.focus();
    };
    this.element.replaceChildren(
      h("h3", null, "Which one does not belong?"),
      h("div.cards", null, cards.map(({ card }) => card)),
    );
    cards[0].card.focus();
  }

  /** A live neuron that lies far from the selection's middle, of one of its runs. */
  private drawn(): NeuronRef | null {
    const inside = new Set(this.members.map(({ run, neuron }) => run.id(neuron)));
    const live = this.members.filter((ref) => this.live(ref));
    if (live.length === 0) return null;
    const place = ({ run, neuron }: NeuronRef) => {
      const t = run.at(this.at);
      return [run.x(t, neuron), run.y(t, neuron)];
    };
    const places = live.map(place);
    const middle = [0, 1].map((i) => places.reduce((sum, p) => sum + p[i], 0) / places.length);
    const runs = [...new Set(live.map(({ run }) => run))];
    const outside = runs
      .flatMap((run) => Array.from({ length: run.neurons }, (_, neuron) => ({ run, neuron })))
      .filter((ref) => this.live(ref) && !inside.has(ref.run.id(ref.neuron)))
      .map((ref) => {
        const [x, y] = place(ref);
        return { ref, apart: Math.hypot(x - middle[0], y - middle[1]) };
      })
      .sort((a, b) => b.apart - a.apart);
    const far = outside.slice(0, Math.max(1, Math.floor(outside.length / 2)));
    return far.length === 0 ? null : far[Math.floor(Math.random() * far.length)].ref;
  }
}

function shuffled<T>(values: T[]): T[] {
  const result = [...values];
  for (let i = result.length - 1; i > 0; i--) {
    const j = Math.floor(Math.random() * (i + 1));
    [result[i], result[j]] = [result[j], result[i]];
  }
  return result;
}
