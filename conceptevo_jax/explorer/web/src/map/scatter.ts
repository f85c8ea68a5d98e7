/** Points as regl-scatterplot draws them: its settings, colours, camera and selection. */

import createScatterplot, { type createRenderer } from "regl-scatterplot";

import { pale } from "../colour";
import { themeColour } from "../theme";
import { cameraOf, type Size, type View, viewOfCamera } from "./view";

export type Renderer = ReturnType<typeof createRenderer>;

/** Opacity of points, and of those that are left out while others are isolated. */
const OPACITY = 0.85;
const FAINT = 0.25;

/** Share of their opacity that points keep while others are selected. */
const UNSELECTED = 0.3;

/**
 * An index of no points, in the form of kdbush: neighbours are found by `Points` instead,
 * since to index all points anew at every step takes longer than to draw them.
 */
const NO_INDEX = new Uint8Array([0xdb, 0x18, 64, 0, 0, 0, 0, 0]).buffer;

export class Scatter {
  private readonly plot;
  private painted: number[][] | null = null;
  private paintedStyle = "";

  /** A crowd of points is drawn as small squares, which take less to draw. */
  constructor(renderer: Renderer, canvas: HTMLCanvasElement, isCrowd: boolean) {
    this.plot = createScatterplot({
      renderer,
      canvas,
      width: 100,
      height: 100,
      aspectRatio: 1,
      backgroundColor: themeColour("--paper"),
      actionKeyMap: {},
      deselectOnDblClick: false,
      deselectOnEscape: false,
      showReticle: false,
      pointOutlineWidth: 1.5,
      pointSizeSelected: 1.5,
      colorBy: "valueA",
      opacityBy: "valueA",
      opacityInactiveScale: UNSELECTED,
      pointScaleMode: "constant",
      performanceMode: isCrowd,
      spatialIndexUseWorker: false,
    } as any);
  }

  /** Views are told a frame late, also those that were set. */
  onView(call: (view: View) => void): void {
    this.plot.subscribe("view", (event: any) => call(viewOfCamera(event.view)));
  }

  look(view: View): void {
    this.plot.set({ cameraView: cameraOf(view) });
  }

  resize({ width, height }: Size): void {
    this.plot.set({ width, height });
  }

  /** Its background, where the look of the page has changed. */
  repaint(): void {
    this.plot.set({ backgroundColor: themeColour("--paper") });
  }

  /** The points alone, enlarged so many times. */
  async enlarged(scale: number): Promise<ImageData> {
    return this.plot.export({ scale });
  }

  /** Sets sizes and colours of points, where they have changed. */
  style(palette: string[], pointSize: number, isDimmed: boolean): void {
    const backdrop = themeColour("--backdrop");
    const pointColor = [...palette, ...palette.map(pale), backdrop, backdrop];
    const share = isDimmed ? UNSELECTED : 1;
    const style = `${pointColor} ${pointSize} ${share}`;
    // Whatever is set is drawn at once, and a drawing more for every step shows.
    if (style === this.paintedStyle) return;
    this.paintedStyle = style;
    this.plot.set({
      pointColor,
      opacity: pointColor.map((_, i) => share * (i < pointColor.length - 1 ? OPACITY : FAINT)),
      pointSize,
    });
  }

  /** Draws points; the same at other places go there in `tween` ms. */
  async draw(points: number[][], tween: number): Promise<void> {
    const isSame = this.painted === points;
    this.painted = points;
    await this.plot.draw(points, {
      transition: isSame && tween > 0,
      transitionDuration: tween,
      zDataType: "categorical",
      spatialIndex: NO_INDEX,
      preventFilterReset: true,
    });
  }

  clear(): void {
    this.plot.clear();
  }

  select(points: number[]): void {
    if (points.length > 0) this.plot.select(points, { preventEvent: true });
    else if (this.plot.get("selectedPoints").length > 0) this.plot.deselect({ preventEvent: true });
  }

  destroy(): void {
    this.plot.destroy();
  }
}
