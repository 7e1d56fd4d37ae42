import type { Chart } from "chart.js";
import { announce } from "../lib/live";

/** The legend's buttons beside a chart: a click shows one series alone, with Shift it hides or shows one. */

const buttonsOf = (canvas: HTMLCanvasElement) => [
  ...(canvas.closest("section")?.querySelectorAll<HTMLButtonElement>("button[data-series]") ?? []),
];

/** Which series are shown after a click on one. */
export function afterClick(shown: boolean[], index: number, toggles: boolean): boolean[] {
  if (toggles) {
    const next = shown.map((each, place) => (place === index ? !each : each));
    return next.some(Boolean) ? next : shown.map(() => true);
  }
  const isAlone = shown.every((each, place) => each === (place === index));
  return shown.map((_, place) => isAlone || place === index);
}

/** Draw what the buttons say. */
export function applyLegend(canvas: HTMLCanvasElement, chart: Chart): void {
  const shown = buttonsOf(canvas).map((button) => button.ariaPressed !== "false");
  // The total and the earlier period are of all series: beside some of them they would only mislead.
  chart.data.datasets.forEach((_, place) => {
    chart.setDatasetVisibility(place, shown[place] ?? shown.every(Boolean));
  });
  chart.update("none");
}

export function initLegend(canvas: HTMLCanvasElement, chart: () => Chart | undefined): void {
  const buttons = buttonsOf(canvas);
  buttons.forEach((button, place) => {
    button.addEventListener("click", (event) => {
      const shown = buttons.map((each) => each.ariaPressed !== "false");
      const next = afterClick(shown, place, event.shiftKey);
      buttons.forEach((each, index) => {
        each.ariaPressed = String(next[index]);
      });
      const drawn = chart();
      if (drawn) applyLegend(canvas, drawn);
      const count = next.filter(Boolean).length;
      const all = count === buttons.length;
      announce(all ? "All series shown" : `${count} of ${buttons.length} series shown`);
    });
  });
}
