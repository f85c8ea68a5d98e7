/** Puts the page together. */

import "./style.css";

import { App } from "./app/app";
import { DataError } from "./data/format";
import { Model } from "./data/model";
import { findSource, watch } from "./data/source";
import { h } from "./dom";

const root = document.getElementById("app")!;

const NO_WEBGL =
  "This browser draws no maps, since WebGL is missing or switched off: allow WebGL " +
  "(hardware acceleration), or open this page in another browser.";

function tell(cause: unknown): void {
  const error = cause instanceof DataError || hasWebGL() ? cause : new DataError(NO_WEBGL);
  const readable = error instanceof DataError;
  root.replaceChildren(
    h(
      "div.notice",
      { role: "alert" },
      h("h1", null, "This page cannot show its data"),
      h("p", null, readable ? error.message : `Something went wrong: ${error}`),
    ),
  );
}

/** Asked only after a failure: the answer takes a quarter of a second without a GPU. */
function hasWebGL(): boolean {
  return document.createElement("canvas").getContext("webgl") !== null;
}

/** Above the page, which goes on with what it has. */
function warn(error: DataError): void {
  document.querySelector(".banner")?.remove();
  root.prepend(h("p.banner", { role: "alert" }, error.message));
}

async function start(): Promise<void> {
  const { source, index } = findSource();
  let app = new App(root, await Model.load(source), index?.live ? false : null);
  if (!index?.live) return;
  let newest = 0;
  watch(index, async (fresh, now) => {
    const turn = ++newest;
    try {
      const model = await Model.load(fresh);
      if (turn !== newest) return;
      app.close();
      app = new App(root, model, now.finished === true, app);
    } catch (error) {
      if (!(error instanceof DataError)) throw error;
      warn(error);
    }
  });
}

// Parts come late, too: what fails anywhere is told, not left in a console.
window.addEventListener("unhandledrejection", (event) => {
  if (event.reason instanceof DataError) {
    event.preventDefault();
    warn(event.reason);
  }
});
start().catch(tell);
