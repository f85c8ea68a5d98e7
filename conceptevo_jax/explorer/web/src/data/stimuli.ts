/** The images that neurons respond to most, and where on them their patches are. */

import type { Chunk } from "./format";

/** Patches of a run, loaded when first looked at. */
export interface Patches {
  images: Uint16Array | Uint32Array;
  unused: number;
  peaks: Float32Array;
  corners: Uint16Array | null;
  length: Uint16Array | null;
}

/** Patches of so many snapshots and neurons, `k` each; where is unknown when images were left out. */
export function readPatches(chunk: Chunk, snapshots: number, neurons: number, k: number): Patches {
  const images = chunk.array<Uint16Array | Uint32Array>("images", [snapshots, neurons, k]);
  const hasCorners = chunk.has("corners");
  return {
    images,
    unused: images.BYTES_PER_ELEMENT === 2 ? 65535 : 4294967295,
    peaks: chunk.floats("peaks", [snapshots, neurons, k]),
    corners: hasCorners ? chunk.array("corners", [snapshots, neurons, k, 2]) : null,
    length: hasCorners ? chunk.array("length", [neurons]) : null,
  };
}

/** Images of a neuron in a snapshot, the strongest first. */
export function stimuliOf({ images, unused }: Patches, row: number, k: number): number[] {
  return Array.from(images.subarray(row * k, (row + 1) * k)).filter((image) => image !== unused);
}
