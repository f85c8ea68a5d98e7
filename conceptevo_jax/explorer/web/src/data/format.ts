/** Reads the chunks that `conceptevo_jax.explorer.export` packs. */

export const FORMAT = 1;

export type NumberArray =
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | Float32Array;

/** A message for the reader of the page: what is wrong, and what to do. */
export class DataError extends Error {}

export const AGAIN = "Write the page again with `conceptevo explore RESULT_FOLDER`.";

const TYPES = {
  u8: Uint8Array,
  i8: Int8Array,
  u16: Uint16Array,
  i16: Int16Array,
  u32: Uint32Array,
  i32: Int32Array,
  f32: Float32Array,
} as const;

interface Entry {
  dtype: keyof typeof TYPES;
  shape: number[];
  offset: number;
}

export class Chunk {
  constructor(
    readonly name: string,
    readonly meta: any,
    private readonly entries: Record<string, Entry>,
    private readonly bytes: ArrayBuffer,
  ) {}

  has(name: string): boolean {
    return name in this.entries;
  }

  /** An array as a view of the chunk's memory, its axes folded into one. */
  array<T extends NumberArray>(name: string, shape?: number[]): T {
    const entry = this.entries[name];
    if (entry === undefined) {
      throw new DataError(`The part “${this.name}” lacks its array “${name}”. ${AGAIN}`);
    }
    if (shape !== undefined && shape.join() !== entry.shape.join()) {
      throw new DataError(
        `The array “${name}” of the part “${this.name}” is ${entry.shape.join(" × ")}, ` +
          `but ${shape.join(" × ")} was expected. ${AGAIN}`,
      );
    }
    const count = entry.shape.reduce((a, b) => a * b, 1);
    const Type = TYPES[entry.dtype];
    if (Type === undefined || entry.offset + count * Type.BYTES_PER_ELEMENT > this.bytes.byteLength) {
      throw new DataError(`The array “${name}” of the part “${this.name}” is cut off. ${AGAIN}`);
    }
    return new Type(this.bytes, entry.offset, count) as unknown as T;
  }

  /** Numbers of which the upper halves of 32 bits are held. */
  floats(name: string, shape: number[]): Float32Array {
    const halves = this.array<Uint16Array>(name, shape);
    const words = new Uint32Array(halves.length);
    for (let i = 0; i < halves.length; i++) words[i] = halves[i] << 16;
    return new Float32Array(words.buffer);
  }
}

/** Base64 → gzip → container; every damage on the way gets a message of its own. */
export async function decode(name: string, base64: string): Promise<Chunk> {
  const packed = fromBase64(name, base64);
  const plain = await gunzip(name, packed);
  return parse(name, plain);
}

export function fromBase64(name: string, base64: string): Uint8Array<ArrayBuffer> {
  try {
    const native = (Uint8Array as any).fromBase64;
    if (native !== undefined) return native.call(Uint8Array, base64);
    const text = atob(base64);
    const bytes = new Uint8Array(text.length);
    for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
    return bytes;
  } catch {
    throw new DataError(
      `The part “${name}” of this page's data is damaged: it holds letters that do not belong ` +
        `there, or ends too early. ${AGAIN}`,
    );
  }
}

async function gunzip(name: string, packed: Uint8Array<ArrayBuffer>): Promise<ArrayBuffer> {
  try {
    const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
    return await new Response(stream).arrayBuffer();
  } catch {
    throw new DataError(
      `The part “${name}” of this page's data is damaged: its checksum does not fit, so it was ` +
        `cut off or edited. ${AGAIN}`,
    );
  }
}

function parse(name: string, bytes: ArrayBuffer): Chunk {
  const view = new DataView(bytes);
  const magic = bytes.byteLength < 12 ? "" : String.fromCharCode(...new Uint8Array(bytes, 0, 4));
  if (magic !== "CEVO") {
    throw new DataError(`The part “${name}” is no data of this page. ${AGAIN}`);
  }
  const format = view.getUint32(4, true);
  if (format !== FORMAT) {
    throw new DataError(
      `The part “${name}” has format ${format}, and this page reads ${FORMAT}: data and page ` +
        `are of different versions of conceptevo_jax. ${AGAIN}`,
    );
  }
  const length = view.getUint32(8, true);
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(new Uint8Array(bytes, 12, length));
    const header = JSON.parse(text);
    const start = 12 + length;
    const entries: Record<string, Entry> = {};
    for (const [key, entry] of Object.entries<Entry>(header.arrays)) {
      entries[key] = { ...entry, offset: entry.offset + start };
    }
    return new Chunk(name, header.meta, entries, bytes);
  } catch (error) {
    throw new DataError(`The header of the part “${name}” cannot be read (${error}). ${AGAIN}`);
  }
}
