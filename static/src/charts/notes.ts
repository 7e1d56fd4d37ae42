import type { Plugin } from "chart.js";
import type { Look } from "./look";
import type { TimelineSpec } from "./spec";

/** Notes beside the costs: their days as bands, and their marks, which are elements, over the step they begin in. */
export function notes(spec: TimelineSpec, look: Look): Plugin {
  return {
    id: "notes",
    beforeDatasetsDraw(chart) {
      const axis = chart.scales.x;
      if (!axis) return;
      const { ctx, chartArea } = chart;
      const half = chartArea.width / Math.max(1, spec.steps.length) / 2;
      ctx.save();
      ctx.fillStyle = look.accent;
      for (const note of spec.notes ?? []) {
        const from = axis.getPixelForValue(note.from) - half;
        const to = axis.getPixelForValue(note.to) + half;
        ctx.globalAlpha = 0.1;
        ctx.fillRect(from, chartArea.top, to - from, chartArea.height);
        ctx.globalAlpha = 1;
        ctx.fillRect(from, chartArea.top - 2, to - from, 2);
      }
      ctx.restore();
    },
    afterDraw(chart) {
      const axis = chart.scales.x;
      const marks =
        chart.canvas.parentElement?.querySelectorAll<HTMLElement>("[data-note-marks] > li");
      if (!axis || !marks) return;
      for (const mark of marks) {
        const x = axis.getPixelForValue(Number(mark.dataset.place));
        mark.style.left = `${x}px`;
        // A panel opens towards the side that has room.
        mark.classList.toggle("opens-left", x > chart.width / 2);
      }
    },
  };
}
