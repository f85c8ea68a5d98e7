/** Does the selection hold one concept? If so, a neuron from elsewhere is told apart. */

import type { NeuronRef } from "../data/run";
import { h } from "../dom";
import { patchRow } from "../patches";

const CARDS = 5;

/** Answers of this visit, over all selections. */
const score = { found: 0, asked: 0 };

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
    const told = score.asked ? `${score.found} of ${score.asked} found so far` : "one of the neurons shown comes from elsewhere";
    this.element.replaceChildren(
      h("h3", null, "Is it one concept?"),
      h("button", { onclick: () => this.ask() }, "Find the intruder"),
      h("span.faint", null, ` ${told}`),
    );
  }

  private ask(): void {
    this.at = this.now();
    const own = shuffled(this.members.filter((one) => this.live(one))).slice(0, CARDS);
    const odd = this.drawn();
    if (own.length < 2 || odd === null) {
      this.element.replaceChildren(h("h3", null, "Is it one concept?"), h("p.faint", null, "Too few live neurons to ask."));
      return;
    }
    const cards = shuffled([...own, odd]).map((one, i) => {
      // What a patch is of would give the answer away.
      const card = h(
        "button.card",
        { "aria-label": `neuron ${i + 1} is the intruder`, onclick: () => answer(one) },
        patchRow(one.run, one.run.at(this.at), one.neuron, 9, 26, true),
      );
      return { one, card };
    });
    const answer = (chosen: NeuronRef) => {
      const right = chosen === odd;
      score.asked += 1;
      if (right) score.found += 1;
      const told = `${right ? "Right" : "No"}: the intruder is ${odd.run.nameAt(odd.run.at(this.at), odd.neuron)}.`;
      for (const { one, card } of cards) {
        card.disabled = true;
        if (one === odd) {
          card.classList.add("odd");
          card.append(h("span", null, "✓ intruder"));
        } else if (one === chosen) {
          card.classList.add("wrong");
          card.append(h("span", null, "✗ belongs"));
        }
      }
      this.say(told);
      const again = h("button", { onclick: () => this.ask() }, "Again");
      this.element.append(h("p.verdict", null, `${told} ${score.found} of ${score.asked} found so far. `, again));
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
    const live = this.members.filter((one) => this.live(one));
    if (live.length === 0) return null;
    const place = ({ run, neuron }: NeuronRef) => {
      const t = run.at(this.at);
      return [run.x(t, neuron), run.y(t, neuron)];
    };
    const places = live.map(place);
    const middle = [0, 1].map((i) => places.reduce((sum, p) => sum + p[i], 0) / places.length);
    const runs = [...new Set(live.map(({ run }) => run))];
    const others = runs
      .flatMap((run) => Array.from({ length: run.neurons }, (_, neuron) => ({ run, neuron })))
      .filter((one) => this.live(one) && !inside.has(one.run.id(one.neuron)))
      .map((one) => {
        const [x, y] = place(one);
        return { one, apart: Math.hypot(x - middle[0], y - middle[1]) };
      })
      .sort((a, b) => b.apart - a.apart);
    const far = others.slice(0, Math.max(1, Math.floor(others.length / 2)));
    return far.length === 0 ? null : far[Math.floor(Math.random() * far.length)].one;
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
