/** How to read the map, and every key. */

import type { Model } from "../data/model";
import { h } from "../dom";
import type { Key } from "./keys";

export class Help {
  readonly element: HTMLDialogElement;

  constructor(model: Model, keys: Key[]) {
    const close = h("button.close", { onclick: () => this.element.close() }, "Close");
    this.element = h(
      "dialog.help",
      { "aria-labelledby": "help-title" },
      close,
      h("h2", { id: "help-title", tabindex: -1, autofocus: true }, "How to read the map"),
      h("p", null, "Every dot is a neuron (a channel of a layer) in one snapshot of a training; its stimuli are the images that it responds to most. Neurons that respond to the same images lie close together, whatever network or epoch they are of: all share one space, which was learned from the base model and holds every other run by the images its neurons respond to most."),
      h("ul", null,
        h("li", null, "Trust near neighbours. UMAP preserves neighbourhoods; distances between far groups, sizes of groups and the axes mean nothing. Numbers on this page are measured in the space itself unless they say otherwise."),
        h("li", null, ...stability(model)),
        h("li", null, "Only some snapshots made the map; the others are placed on it by their nearest neighbours there, and nothing else moves."),
        h("li", null, "A dead neuron responds to nothing. It stays, pale, where it was last alive. So does one without a place."),
        h("li", null, "All runs show the same amount of training; a run that has ended waits in its last snapshot. Epochs count from 0: “epoch 3”, in names of neurons “@3”, is the network at the end of epoch 3. Before epoch 0 come “init”, the untrained network, and, where a run has them, snapshots within its first epochs, such as “step 20” after 20 steps."),
        h("li", null, "A neuron's concept is the one that it holds in most snapshots, by its place in the space or the class of half of its stimuli. It is born where it first holds it, settled where it no longer changes, has left it where it lives with another, and has died where it stays dead."),
        h("li", null, "Concepts are clusters of the base’s neurons, named after the class most of their stimuli are of. A neuron of another run holds the concept that it lies closest to, or none. The curves count its live neurons over time; a click on a band selects them."),
        h("li", null, "Movement is the distance in the space since the snapshot before. Importance is the share of a class's images whose logit rises along a neuron's evolution, with a 95 % interval: .5 means that it does not matter."),
        h("li", null, "Coverage is the share of a neuron's stimuli that have a vector in the space: with a low one its place is a guess."),
        h("li", null, "▼ above the curves: the monitor raised an alarm; filled where the concepts are lost."),
      ),
      h("h2", null, "Keys"),
      h("dl.keys", null, keys.map(({ shown, description }) => h("div", null, h("dt", null, shown), h("dd", null, description)))),
      h("p.faint", null, "The address holds the view: copy it to share. This page asks nothing of any server."),
    );
  }

  open(): void {
    if (!this.element.open) this.element.showModal();
  }
}

function stability(model: Model): string[] {
  return model.scenes.map((scene) => {
    const where = model.scenes.length > 1 ? ` (${scene.title})` : "";
    return scene.stability === null
      ? `How stable the map${where} is was not measured.`
      : `Stability${where}: with another random seed a point keeps ${Math.round(100 * scene.stability)} % of its 15 nearest neighbours on the map.`;
  });
}
