/** The whole page of one model: its parts, and what they share. */

import { COLOURS } from "../colour";
import type { Model } from "../data/model";
import { download, h, refill } from "../dom";
import { legendOf } from "../legend";
import { Maps } from "../map/maps";
import { carry } from "../selection";
import { type State, Store } from "../state";
import { onThemeChange } from "../theme";
import { Timeline } from "../time/timeline";
import { choicesOf, titleOf } from "./bar";
import { Help } from "./help";
import { keysOf, listenToKeys } from "./keys";
import { announceChanges, unknownBanner } from "./messages";
import { Search } from "./search";
import { sideOf } from "./side";

/** What the legend depends on. */
const EXPLAINED = ["colour", "cls", "isolated", "hidden", "panels"] as const;

export class App {
  private readonly store: Store;
  private readonly maps: Maps;
  private readonly timeline: Timeline;
  private readonly lassoButton: HTMLButtonElement;
  private readonly stop = new AbortController();

  constructor(
    root: HTMLElement,
    private readonly model: Model,
    isFinished: boolean | null = null,
    before: App | null = null,
  ) {
    document.title = model.meta.title;
    const carried = before === null ? {} : carry(before.store.state.selection, model);
    const { signal } = this.stop;
    const store = new Store(model, signal, isFinished !== null, carried);
    this.store = store;
    const live = h("p.sr", { role: "status", "aria-live": "polite" });
    const say = (text: string) => {
      live.textContent = text;
    };
    const lasso = (isOn: boolean) => this.lasso(isOn);
    const maps = new Maps(store, () => lasso(false));
    const timeline = new Timeline(store, (ms) => (maps.tween = ms), say);
    const search = new Search(store, say);
    [this.maps, this.timeline] = [maps, timeline];
    const keys = keysOf({ store, maps, timeline, search, lasso, openHelp: () => help.open() });
    const help = new Help(model, keys);
    this.lassoButton = h(
      "button.lasso",
      { "aria-pressed": "false", title: "Draw a region on a map (L)", onclick: () => lasso(!maps.actions.isLassoing) },
      "Draw a region",
    );
    const helpButton = h("button", { onclick: () => help.open(), title: "How to read the map, and keys (?)" }, "Help");
    root.replaceChildren(
      unknownBanner(store),
      h("header.bar", null, titleOf(store, isFinished), search.element, ...choicesOf(store), this.lassoButton, helpButton),
      h("main", null, h("div.stage", null, maps.element, this.legend()), sideOf(store, maps.element, say)),
      timeline.element,
      timeline.strip.element,
      live,
      help.element,
    );
    announceChanges(store, say);
    listenToKeys(keys, signal);
    store.begin();
    root.dataset.ready = "true";
  }

  /** Leaves the page to another model; the view is in the address. */
  close(): void {
    this.timeline.close();
    this.stop.abort();
    this.maps.close();
  }

  private legend(): HTMLElement {
    const entries = h("div.entries");
    const save = h("button", { onclick: () => void this.savePicture() }, "PNG of the maps");
    const renew = () => refill(entries, ...legendOf(this.store));
    this.store.listen((_, changed) => {
      if (EXPLAINED.some((key) => changed.has(key))) renew();
    });
    this.stop.signal.addEventListener("abort", onThemeChange(renew));
    return h("section.legend", { "aria-label": "legend" }, entries, save);
  }

  private lasso(isOn: boolean): void {
    this.maps.actions.isLassoing = isOn;
    this.maps.element.classList.toggle("lassoing", isOn);
    this.lassoButton.setAttribute("aria-pressed", String(isOn));
  }

  private async savePicture(): Promise<void> {
    const { state } = this.store;
    const { title } = this.model.meta;
    const label = this.model.stopLabel(state.at);
    const caption = `${title} · ${label} · coloured by ${COLOURS[state.colour]}`;
    download(pictureName(title, state, label), await this.maps.picture(caption));
  }
}

/** A file's name that says what is on the picture. */
function pictureName(title: string, state: State, time: string): string {
  const names = state.panels.map((panel) => (panel.startsWith("*") ? "all runs" : panel));
  const name = [title, ...new Set(names), `by ${COLOURS[state.colour]}`, time].join(" ");
  return `${name.replaceAll(/[^\p{L}\p{N}_.]+/gu, "-")}.png`;
}
