/** Named groups of neurons: kept in this browser, and in files. */

import type { Model } from "../data/model";
import type { NeuronRef, Run } from "../data/run";
import { download, h, refill } from "../dom";
import type { Selection } from "../selection";
import type { Store } from "../state";

interface Group {
  name: string;
  neurons: string[];
}

export class GroupShelf {
  readonly element = h("section.groups", { "aria-label": "saved groups" });
  private readonly model: Model;
  private readonly key: string;
  private groups: Group[];

  private readonly status = h("p.faint", { role: "status" });

  constructor(private readonly store: Store) {
    this.model = store.model;
    // Two results may have one title; their maps differ.
    const extents = this.model.scenes.map((scene) => scene.extent.join());
    this.key = `conceptevo groups of ${this.model.meta.title} ${extents.join(" ")}`;
    this.groups = this.recall();
    this.draw();
  }

  add(name: string, members: NeuronRef[]): void {
    const neurons = members.map(({ run, neuron }) => run.id(neuron));
    this.groups = [...this.groups.filter((group) => group.name !== name), { name, neurons }];
    this.keep();
    this.say(`saved ${name}, ${neurons.length} neurons`);
  }

  private say(text: string): void {
    this.status.textContent = text;
  }

  // Some browsers give pages from a file no storage; the groups then last a visit.
  private recall(): Group[] {
    try {
      return parse(localStorage.getItem(this.key) ?? "[]");
    } catch {
      return [];
    }
  }

  private keep(): void {
    try {
      localStorage.setItem(this.key, JSON.stringify(this.groups));
    } catch {
      this.say("this browser keeps nothing for pages from a file: save the groups as JSON");
    }
    this.draw();
  }

  private select(group: Group): void {
    const members = new Map<Run, Set<number>>();
    let missing = 0;
    for (const id of group.neurons) {
      const ref = this.model.find(id);
      if (ref === null) {
        missing += 1;
        continue;
      }
      members.set(ref.run, (members.get(ref.run) ?? new Set()).add(ref.neuron));
    }
    const description = `neurons of the group ${group.name}${missing ? ` (${missing} are not in this page)` : ""}`;
    const selection: Selection = { members, description, region: null, site: null };
    this.store.set({ selection, tab: "selection" });
  }

  private draw(): void {
    const file = h("input", {
      type: "file",
      accept: "application/json,.json",
      hidden: true,
      onchange: async () => {
        const chosen = file.files?.[0];
        if (chosen === undefined) return;
        try {
          const read = parse(await chosen.text());
          const names = new Set(read.map((group) => group.name));
          this.groups = [...this.groups.filter((group) => !names.has(group.name)), ...read];
          this.keep();
          this.say(`${read.length} groups read`);
        } catch {
          this.say(`${chosen.name} holds no groups: a list of {"name", "neurons"} is expected`);
        }
      },
    });
    refill(
      this.element,
      h("h3", null, "Saved groups"),
      ...this.groups.map((group) =>
        h(
          "div.group",
          null,
          h("button.link", { onclick: () => this.select(group) }, group.name),
          h("span.faint", null, `${group.neurons.length} neurons`),
          h(
            "button.quiet",
            {
              "aria-label": `delete the group ${group.name}`,
              onclick: () => {
                this.groups = this.groups.filter((kept) => kept !== group);
                this.keep();
              },
            },
            "✕",
          ),
        ),
      ),
      this.groups.length === 0 ? h("p.faint", null, "none yet") : "",
      h(
        "div.actions",
        null,
        h("button", { onclick: () => download("groups.json", `${JSON.stringify(this.groups, null, 1)}\n`, "application/json") }, "Save as JSON"),
        h("button", { onclick: () => file.click() }, "Read JSON"),
        file,
      ),
      this.status,
    );
  }
}

function parse(text: string): Group[] {
  const read: unknown = JSON.parse(text);
  const isGroup = (value: any): value is Group =>
    typeof value?.name === "string" && Array.isArray(value.neurons) && value.neurons.every((id: unknown) => typeof id === "string");
  if (!Array.isArray(read) || !read.every(isGroup)) throw new Error("no groups");
  return read.map(({ name, neurons }) => ({ name, neurons }));
}
