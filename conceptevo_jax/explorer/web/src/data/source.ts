/** Where the data lies: in the page itself, or in files beside it. */

import { AGAIN, type Chunk, DataError, decode, fromBase64 } from "./format";

export interface Index {
  revision: string;
  live: boolean;
  chunks: Record<string, string>;
  sheets: Record<string, string>;
  finished?: boolean;
}

export interface Source {
  chunk(name: string): Promise<Chunk>;
  /** Address of a sheet of images, for CSS. */
  sheet(name: string): string;
}

declare global {
  interface Window {
    conceptevoChunk(name: string, base64: string): void;
    conceptevoRevision(index: Index): void;
  }
}

/** Finds the page's data. */
export function findSource(): { source: Source; index: Index | null } {
  const element = document.getElementById("conceptevo-index");
  if (element === null) return { source: new Embedded(), index: null };
  const index = readIndex(element.textContent ?? "");
  return { source: new Beside(index), index };
}

function readIndex(text: string): Index {
  const isRecord = (value: unknown) => typeof value === "object" && value !== null;
  try {
    const index = JSON.parse(text);
    if (isRecord(index.chunks) && isRecord(index.sheets)) return index;
  } catch {
    // Told below, as what is no list.
  }
  throw new DataError("The list of this page's files is damaged. Write the page again.");
}

/** Looks at a sheet once: CSS, which shows it, would leave out in silence what is damaged. */
function check(url: string, damage: string): void {
  const image = new Image();
  image.src = url;
  image.decode().catch(() => {
    throw new DataError(damage);
  });
}

class Embedded implements Source {
  private readonly chunks = new Map<string, Promise<Chunk>>();
  private readonly sheets = new Map<string, string>();

  private find(kind: string, name: string): Element {
    const element = document.querySelector(`script.conceptevo-${kind}[data-name="${CSS.escape(name)}"]`);
    if (element === null) {
      throw new DataError(`This page lacks its ${kind} “${name}”: the file was cut off or edited. ${AGAIN}`);
    }
    return element;
  }

  async chunk(name: string): Promise<Chunk> {
    let chunk = this.chunks.get(name);
    if (chunk === undefined) {
      const element = this.find("chunk", name);
      chunk = decode(name, element.textContent ?? "");
      this.chunks.set(name, chunk);
      // What was decoded once is not kept a second time as text.
      chunk.then(() => element.remove(), () => {});
    }
    return chunk;
  }

  sheet(name: string): string {
    let url = this.sheets.get(name);
    if (url === undefined) {
      const element = this.find("sheet", name);
      const bytes = fromBase64(`images ${name}`, element.textContent ?? "");
      const damage = `The part “images ${name}” of this page's data is damaged. ${AGAIN}`;
      // Browsers draw what there is of an image; its first bytes tell its length.
      const length = bytes.length < 12 ? Infinity : new DataView(bytes.buffer).getUint32(4, true) + 8;
      if (bytes.length < length) throw new DataError(damage);
      url = URL.createObjectURL(new Blob([bytes], { type: "image/webp" }));
      this.sheets.set(name, url);
      element.remove();
      check(url, damage);
    }
    return url;
  }
}

const TOGETHER =
  "Keep the page and its folder together, or write them again with " +
  "`conceptevo explore RESULT_FOLDER --folder`.";

class Beside implements Source {
  private readonly chunks = new Map<string, Promise<Chunk>>();
  private readonly checked = new Set<string>();

  constructor(private readonly index: Index) {}

  chunk(name: string): Promise<Chunk> {
    let chunk = this.chunks.get(name);
    if (chunk === undefined) {
      chunk = this.read(name);
      this.chunks.set(name, chunk);
    }
    return chunk;
  }

  private async read(name: string): Promise<Chunk> {
    return decode(name, await deliver(this.path("chunks", name)));
  }

  private path(kind: "chunks" | "sheets", name: string): string {
    const path = this.index[kind][name];
    if (path === undefined) throw new DataError(`This page's list of files lacks “${name}”. ${AGAIN}`);
    return path;
  }

  sheet(name: string): string {
    const path = this.path("sheets", name);
    if (!this.checked.has(name)) {
      this.checked.add(name);
      check(path, `The file ${path} beside this page is missing or damaged. ${TOGETHER}`);
    }
    return path;
  }

}

const waiting = new Map<string, (base64: string) => void>();

// By path, which tells versions apart: a live page may ask for two of one name.
window.conceptevoChunk = (_, base64) => {
  const path = document.currentScript?.getAttribute("src") ?? "";
  waiting.get(path)?.(base64);
  waiting.delete(path);
};

/** Loads a file beside the page: by a script, since `file://` allows nothing else. */
function deliver(path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const fail = (what: string) =>
      reject(
        new DataError(`The file ${path} beside this page ${what}. ${TOGETHER}`),
      );
    let came = false;
    waiting.set(path, (base64) => {
      came = true;
      resolve(base64);
    });
    const script = document.createElement("script");
    script.src = path;
    script.onload = () => {
      script.remove();
      waiting.delete(path);
      if (!came) fail("holds something else than this page's data, or was cut off");
    };
    script.onerror = () => {
      script.remove();
      fail("is missing or cannot be read");
    };
    document.head.append(script);
  });
}

/** Asks every two seconds, without a server, whether a training has gone on. */
export function watch(index: Index, onNew: (source: Source, index: Index) => void): void {
  // Its end changes no data, so that the revision stays.
  const state = ({ revision, finished }: Index) => `${revision} ${finished === true}`;
  let current = state(index);
  let finished = false;
  window.conceptevoRevision = (fresh) => {
    if (state(fresh) !== current) {
      current = state(fresh);
      onNew(new Beside(fresh), fresh);
    }
    finished = fresh.finished === true;
  };
  const ask = () => {
    const script = document.createElement("script");
    script.src = `data/revision.js?t=${Date.now()}`;
    script.onload = script.onerror = () => {
      script.remove();
      if (!finished) window.setTimeout(ask, 2000);
    };
    document.head.append(script);
  };
  ask();
}
