/** Drawings of a map, one after the other. */

export class DrawingQueue {
  private isBusy = false;
  private pending: { tween: number; done: (() => void)[] } | null = null;
  isClosed = false;

  constructor(private readonly draw: (tween: number) => Promise<void>) {}

  /** A drawing under way is let finish; of several that wait the last is drawn. */
  add(tween: number): Promise<void> {
    return new Promise((resolve) => {
      const done = [...(this.pending?.done ?? []), resolve];
      this.pending = { tween, done };
      if (!this.isBusy) void this.work();
    });
  }

  private async work(): Promise<void> {
    this.isBusy = true;
    while (this.pending !== null && !this.isClosed) {
      const { tween, done } = this.pending;
      this.pending = null;
      try {
        await this.draw(tween);
      } catch (error) {
        // What was closed while it was drawn is no fault.
        if (!this.isClosed) throw error;
      } finally {
        for (const call of done) call();
      }
    }
    this.isBusy = false;
  }

  close(): void {
    this.isClosed = true;
  }
}
