import type { ChartConfiguration, ChartDataset, Plugin } from "chart.js";
import { axisAmount, tooltip } from "./config";
import type { Look } from "./look";
import { notes } from "./notes";
import type { TimelineSeries, TimelineSpec } from "./spec";

type Set = ChartDataset<"bar" | "line", (number | null)[]>;

type Item = { datasetIndex: number; raw: unknown };

const MOST_IN_TOOLTIP = 10;

function bars(spec: TimelineSpec, series: TimelineSeries, look: Look): Set {
  return {
    type: "bar",
    label: series.label,
    data: series.values,
    backgroundColor: spec.steps.map((step) =>
      step.state === "partial" ? look.hatched(series.colour) : look.fill(series.colour),
    ),
    borderColor: look.surface,
    borderWidth: spec.steps.length > 120 ? 0 : { left: 0, top: 1, bottom: 0, right: 0 },
    borderSkipped: false as const,
    stack: "now",
    categoryPercentage: 0.86,
    barPercentage: spec.ghost ? 0.72 : 0.96,
    maxBarThickness: 56,
    order: 1,
  };
}

function line(spec: TimelineSpec, series: TimelineSeries, look: Look): Set {
  const partial = (index: number) => spec.steps[index]?.state === "partial";
  return {
    type: "line",
    label: series.label,
    data: series.values,
    borderColor: look.line(series.colour),
    backgroundColor: look.line(series.colour),
    borderWidth: 2,
    // A lone point between gaps has no line to be seen by.
    pointRadius: (context) => (spec.steps.length < 40 || isLone(series, context.dataIndex) ? 3 : 0),
    pointHoverRadius: 5,
    segment: { borderDash: (part) => (partial(part.p1DataIndex) ? [4, 4] : undefined) },
    spanGaps: false,
    order: 1,
  };
}

function isLone(series: TimelineSeries, index: number): boolean {
  const known = (place: number) => typeof series.values[place] === "number";
  return known(index) && !known(index - 1) && !known(index + 1);
}

/** Lines stand beside each other, so what a period is compared with needs a line of its own. */
function total(spec: TimelineSpec, look: Look): Set[] {
  if (!spec.ghost || spec.style !== "lines") return [];
  const colours = { borderColor: look.text, backgroundColor: look.text };
  const data = spec.steps.map((step) => step.value);
  return [{ ...colours, type: "line", label: "Total", data, borderWidth: 2.5, pointRadius: 0 }];
}

function ghost(spec: TimelineSpec, look: Look): Set[] {
  if (!spec.ghost) return [];
  const shared = { label: "Before", data: spec.ghost.values, order: 2 };
  if (spec.style === "lines") {
    return [
      {
        ...shared,
        type: "line",
        borderColor: look.muted,
        backgroundColor: look.muted,
        borderDash: [2, 4],
        borderWidth: 2,
        pointRadius: 0,
      },
    ];
  }
  return [
    {
      ...shared,
      type: "bar",
      backgroundColor: look.ghost,
      borderColor: look.muted,
      borderWidth: { left: 0, right: 0, bottom: 0, top: 1.5 },
      borderSkipped: false as const,
      grouped: false,
      stack: "before",
      categoryPercentage: 0.94,
      barPercentage: 1,
      maxBarThickness: 72,
    },
  ];
}

/** Steps without data are bands, so that nobody reads them as zero; the present has a line and its name. */
function marks(spec: TimelineSpec, look: Look): Plugin {
  return {
    id: "marks",
    beforeDatasetsDraw(chart) {
      const { ctx, chartArea, scales } = chart;
      const axis = scales.x;
      if (!axis) return;
      const width = chartArea.width / Math.max(1, spec.steps.length);
      ctx.save();
      spec.steps.forEach((step, index) => {
        const middle = axis.getPixelForValue(index);
        if (step.state === "missing") {
          ctx.fillStyle = look.missing;
          ctx.fillRect(middle - width / 2, chartArea.top, width, chartArea.height);
        }
      });
      ctx.restore();
    },
    afterDatasetsDraw(chart) {
      const index = spec.steps.findIndex((step) => step.now);
      const axis = chart.scales.x;
      if (index < 0 || !axis) return;
      const { ctx, chartArea } = chart;
      const x = axis.getPixelForValue(index);
      ctx.save();
      ctx.font = `500 11px ${look.font}`;
      ctx.fillStyle = look.muted;
      ctx.textAlign = x > chartArea.right - 24 ? "right" : "center";
      ctx.fillText("now", Math.min(x, chartArea.right), chartArea.top - 6);
      ctx.restore();
    },
  };
}

export function timelineConfig(spec: TimelineSpec, look: Look): ChartConfiguration {
  const isLines = spec.style === "lines";
  const drawn = spec.series.map((series) => (isLines ? line : bars)(spec, series, look));
  return {
    type: isLines ? "line" : "bar",
    data: {
      labels: spec.steps.map((step) => step.label),
      datasets: [...drawn, ...total(spec, look), ...ghost(spec, look)],
    },
    options: {
      responsive: true,
      maintainAspectRatio: false,
      animation: false, // numbers stand still; only what the pointer touches moves
      layout: { padding: { top: 18 } },
      interaction: { mode: "index", intersect: false },
      scales: {
        x: {
          stacked: !isLines,
          offset: true,
          border: { color: look.grid },
          grid: { display: false },
          ticks: { color: look.muted, maxRotation: 0, autoSkipPadding: 14 },
        },
        y: {
          stacked: !isLines,
          beginAtZero: true,
          border: { display: false },
          grid: { color: look.grid, drawTicks: false },
          ticks: {
            color: look.muted,
            maxTicksLimit: 6,
            padding: 8,
            callback: (value) => axisAmount(Number(value), spec.currency),
          },
        },
      },
      plugins: {
        legend: { display: false },
        tooltip: {
          ...tooltip(look),
          itemSort: (a, b) => Number(b.raw) - Number(a.raw),
          filter: (item, _index, items) => isShown(spec, item, items),
          callbacks: {
            title: (items) => spec.steps[items[0]?.dataIndex ?? -1]?.title ?? "",
            label: (item) => {
              const series = spec.series[item.datasetIndex];
              return series ? ` ${series.label}  ${series.texts[item.dataIndex] ?? ""}` : "";
            },
            footer: (items) => footer(spec, items[0]?.dataIndex ?? -1),
          },
        },
      },
    },
    plugins: [marks(spec, look), notes(spec, look)],
  } as ChartConfiguration;
}

/** The largest amounts of a step, and never the ghost: it has its line below. */
function isShown(spec: TimelineSpec, item: Item, items: Item[]): boolean {
  if (item.datasetIndex >= spec.series.length || Number(item.raw) === 0) return false;
  const larger = items.filter(
    (other) => other.datasetIndex < spec.series.length && Number(other.raw) > Number(item.raw),
  );
  return larger.length < MOST_IN_TOOLTIP;
}

/** The lines under a tooltip: the step's total, then the earlier period's. */
export function footer(spec: TimelineSpec, index: number): string[] {
  const step = spec.steps[index];
  if (!step) return [];
  const lines = [`Total  ${step.text}`];
  const before = spec.ghost?.texts[index];
  if (before) lines.push(`${spec.ghost?.labels[index] ?? ""}  ${before}`);
  return lines;
}

/** The address for a stretch of steps, both included, in either order. */
export function zoomAddress(spec: TimelineSpec, from: number, to: number): string {
  const first = spec.steps[Math.min(from, to)];
  const last = spec.steps[Math.max(from, to)];
  if (!first || !last) return "";
  const [start, end] = [first.start, last.end].map((text) => text.replace("T00:00:00Z", ""));
  const address = new URL(spec.zoom, "http://here");
  address.searchParams.delete("window"); // the two ends take its place
  address.searchParams.set("start", start ?? "");
  address.searchParams.set("end", end ?? "");
  // Hours of long ago are no longer kept: a short stretch keeps the step it was chosen in.
  const days = (Date.parse(last.end) - Date.parse(first.start)) / 86_400_000;
  if (days <= 2 && !first.href && Date.parse(first.end) - Date.parse(first.start) > 3_600_000)
    address.searchParams.set("step", "day");
  return `${address.pathname}${address.search}`;
}
