/**
 * How snapshots are called wherever people read, as `conceptevo_jax/epochs.py` says:
 * epochs count from 0, and before them come `init`, the untrained network, and snapshots
 * after some steps.
 */

export type Epoch = number | string;

/** A snapshot where “epoch” is written beside it: `init`, `step 4`, `0`, `1`. */
export function epochTick(epoch: Epoch): string {
  return String(epoch).replace(/^step(?=\d+$)/, "step ");
}

/** A snapshot of a run that is named elsewhere: `init`, `step 4`, `epoch 0`. */
export function epochLabel(epoch: Epoch): string {
  return typeof epoch === "number" ? `epoch ${epochTick(epoch)}` : epochTick(epoch);
}

/** A snapshot and its run: `vgg16, epoch 0`. */
export function snapshotLabel(run: string, epoch: Epoch): string {
  return `${run}, ${epochLabel(epoch)}`;
}

/** Where the end of an epoch, or the untrained network, lies on an axis of training. */
function position(epoch: number | "init"): number {
  return epoch === "init" ? 0 : epoch + 1;
}

/** Ticks of an axis of training from one place to another: `init`, and so many whole epochs. */
export function epochTicks(from: number, to: number, most: number): { at: number; label: string }[] {
  const count = Math.floor(to);
  const factors = [2, 2.5, 2];
  let step = 1;
  for (let i = 0; count > most * step; i++) step *= factors[i % factors.length];
  const epochs: (number | "init")[] = ["init"];
  for (let epoch = 0; epoch < count; epoch += step) {
    // On a long axis epoch 0 is so near to “init” that one tick would cover the other.
    if (position(epoch) >= step / 2) epochs.push(epoch);
  }
  return epochs
    .map((epoch) => ({ at: position(epoch), label: epochTick(epoch) }))
    .filter(({ at }) => at >= from && at <= to);
}
