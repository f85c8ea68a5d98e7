/** Puts the page together. */

import "./style.css";

import { App } from "./app";
import { DataError } from "./data/format";
import { Model } from "./data/model";
import { findSource, watch } from "./data/source";
import { h } from "./dom";

const root = document.getElementById("app")!;

function tell(error: unknown): void {
  const readable = error instanceof DataError;
  root.replaceChildren(
    h(
      "div.notice",
      { role: "alert" },
      h("h1", null, "This page cannot show its data"),
      h("p", null, readable ? error.message : `Something went wrong: ${error}`),
      readable ? "" : h("p", null, "A browser of this or last year with WebGL is needed."),
    ),
  );
}

async function start(): Promise<void> {
  const { source, index } = findSource();
  let app = new App(root, await Model.load(source));
  if (index?.live) {
    watch(index, async (fresh, now) => {
      try {
        const model = await Model.load(fresh);
        app.close();
        app = new App(root, model, now.finished === true);
      } catch (error) {
        tell(error);
      }
    });
  }
}

// Parts come late, too: what fails anywhere is told, not left in a console.
window.addEventListener("unhandledrejection", (event) => {
  if (event.reason instanceof DataError) {
    event.preventDefault();
    tell(event.reason);
  }
});
start().catch(tell);
