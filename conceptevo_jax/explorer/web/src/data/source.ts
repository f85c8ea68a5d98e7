/** Where the data lies: in the page itself, or in files beside it. */

import { type Chunk, DataError, decode, fromBase64 } from "./format";

export interface Index {
  revision: string;
  live: boolean;
  chunks: Record<string, string>;
  sheets: Record<string, string>;
  finished?: boolean;
}

export interface Source {
  chunk(name: string): Promise<Chunk>;
  has(name: string): boolean;
  /** Address of a sheet of images, for CSS; null where there is none. */
  sheet(name: string): string | null;
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
  let index: Index;
  try {
    index = JSON.parse(element.textContent ?? "");
  } catch {
    throw new DataError("The list of this page's files is damaged. Write the page again.");
  }
  return { source: new Beside(index), index };
}

class Embedded implements Source {
  private readonly chunks = new Map<string, Promise<Chunk>>();
  private readonly sheets = new Map<string, string>();

  private find(kind: string, name: string): Element | null {
    return document.querySelector(`script.conceptevo-${kind}[data-name="${CSS.escape(name)}"]`);
  }

  has(name: string): boolean {
    return this.chunks.has(name) || this.find("chunk", name) !== null;
  }

  chunk(name: string): Promise<Chunk> {
    let found = this.chunks.get(name);
    if (found === undefined) {
      const element = this.find("chunk", name);
      if (element === null) {
        return Promise.reject(
          new DataError(
            `This page lacks its part “${name}”: the file was cut off or edited. ` +
              "Write the page again with `conceptevo explore RESULT_FOLDER`.",
          ),
        );
      }
      found = decode(name, element.textContent ?? "");
      this.chunks.set(name, found);
      // What was decoded once is not kept a second time as text.
      found.then(() => element.remove(), () => {});
    }
    return found;
  }

  sheet(name: string): string | null {
    let url = this.sheets.get(name);
    if (url === undefined) {
      const element = this.find("sheet", name);
      if (element === null) return null;
      const bytes = fromBase64(`images ${name}`, element.textContent ?? "");
      url = URL.createObjectURL(new Blob([bytes], { type: "image/webp" }));
      this.sheets.set(name, url);
    }
    return url;
  }
}

class Beside implements Source {
  private readonly chunks = new Map<string, Promise<Chunk>>();

  constructor(private readonly index: Index) {}

  has(name: string): boolean {
    return name in this.index.chunks;
  }

  chunk(name: string): Promise<Chunk> {
    let found = this.chunks.get(name);
    if (found === undefined) {
      found = this.read(name);
      this.chunks.set(name, found);
    }
    return found;
  }

  private async read(name: string): Promise<Chunk> {
    const path = this.index.chunks[name];
    if (path === undefined) {
      throw new DataError(`This page's list of files lacks “${name}”. Write the page again.`);
    }
    return decode(name, await deliver(name, path));
  }

  sheet(name: string): string | null {
    return this.index.sheets[name] ?? null;
  }

  static of(index: Index): Source {
    return new Beside(index);
  }
}

const waiting = new Map<string, (base64: string) => void>();

window.conceptevoChunk = (name, base64) => {
  waiting.get(name)?.(base64);
  waiting.delete(name);
};

/** Loads a file beside the page: by a script, since `file://` allows nothing else. */
function deliver(name: string, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const fail = (what: string) =>
      reject(
        new DataError(
          `The file ${path} beside this page ${what}. Keep the page and its folder together, ` +
            "or write them again with `conceptevo explore RESULT_FOLDER --folder`.",
        ),
      );
    let came = false;
    waiting.set(name, (base64) => {
      came = true;
      resolve(base64);
    });
    const script = document.createElement("script");
    script.src = path;
    script.onload = () => {
      script.remove();
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
  let current = index.revision;
  window.conceptevoRevision = (fresh) => {
    if (fresh.revision !== current) {
      current = fresh.revision;
      onNew(Beside.of(fresh), fresh);
    }
    if (!fresh.finished) window.setTimeout(ask, 2000);
  };
  const ask = () => {
    const script = document.createElement("script");
    script.src = `data/revision.js?t=${Date.now()}`;
    script.onload = () => script.remove();
    script.onerror = () => {
      script.remove();
      window.setTimeout(ask, 2000);
    };
    document.head.append(script);
  };
  ask();
}
