/** Dragging over a chart chooses a stretch of its steps. */

interface Brushed {
  steps: number;
  /** Where the steps are drawn, in pixels of the canvas. */
  area(): { left: number; right: number; top: number; bottom: number } | undefined;
  zoom(from: number, to: number): void;
}

/** Less is a click with an unsteady hand. */
const SHORTEST_DRAG = 8;

/** The step at a place between the ends of the drawing. */
export function stepAt(x: number, left: number, right: number, steps: number): number {
  const share = (x - left) / Math.max(1, right - left);
  return Math.min(steps - 1, Math.max(0, Math.floor(share * steps)));
}

export function initBrush(canvas: HTMLCanvasElement, brushed: Brushed): void {
  const shade = canvas.parentElement?.querySelector<HTMLElement>("[data-brush]");
  if (!shade) return;
  let began: number | null = null;
  const place = (event: PointerEvent) => event.clientX - canvas.getBoundingClientRect().left;
  const end = () => {
    began = null;
    shade.hidden = true;
  };
  canvas.addEventListener("pointerdown", (event) => {
    if (event.button === 0 && event.pointerType !== "touch") began = place(event);
  });
  canvas.addEventListener("pointermove", (event) => {
    const area = brushed.area();
    if (began === null || !area) return;
    const now = place(event);
    if (Math.abs(now - began) < SHORTEST_DRAG) return;
    canvas.setPointerCapture(event.pointerId);
    const width = (area.right - area.left) / brushed.steps;
    const [from, to] = [began, now].map((x) => stepAt(x, area.left, area.right, brushed.steps));
    const [first, last] = [Math.min(from ?? 0, to ?? 0), Math.max(from ?? 0, to ?? 0)];
    shade.hidden = false;
    shade.style.left = `${area.left + first * width}px`;
    shade.style.width = `${(last - first + 1) * width}px`;
    shade.style.top = `${area.top}px`;
    shade.style.height = `${area.bottom - area.top}px`;
  });
  canvas.addEventListener("pointerup", (event) => {
    const area = brushed.area();
    const from = began;
    const wasDrag = !shade.hidden;
    end();
    if (from === null || !area || !wasDrag) return;
    // The click that follows a drag would open the segment under the pointer.
    window.addEventListener("click", (click) => click.stopPropagation(), {
      capture: true,
      once: true,
    });
    const at = (x: number) => stepAt(x, area.left, area.right, brushed.steps);
    setTimeout(() => brushed.zoom(at(from), at(place(event))));
  });
  canvas.addEventListener("pointercancel", end);
}
