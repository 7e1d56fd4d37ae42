import {
  ArcElement,
  BarController,
  BarElement,
  CategoryScale,
  Chart,
  DoughnutController,
  LinearScale,
  LineController,
  LineElement,
  PointElement,
  Tooltip,
} from "chart.js";
import htmx from "htmx.org";
import { announce } from "../lib/live";
import { initBrush } from "./brush";
import { configFor } from "./config";
import { applyLegend, initLegend } from "./legend";
import { currentLook } from "./look";
import { initPictures } from "./picture";
import { type ChartSpec, parts, spoken, spokenSeries } from "./spec";
import { zoomAddress } from "./timeline";

Chart.register(
  ArcElement,
  BarController,
  BarElement,
  CategoryScale,
  DoughnutController,
  LinearScale,
  LineController,
  LineElement,
  PointElement,
  Tooltip,
);

const BAR_HEIGHT = 30;
const AXIS_HEIGHT = 34;
const drawn = new Map<HTMLCanvasElement, { chart: Chart; spec: ChartSpec }>();

/** Reads `<script type="application/json" id=…>` written by json_script: a spec per canvas name. */
function specFor(canvas: HTMLCanvasElement): ChartSpec | undefined {
  const source = document.getElementById(canvas.dataset.source ?? "");
  if (!source?.textContent) return undefined;
  const specs = JSON.parse(source.textContent) as Record<string, ChartSpec>;
  return specs[canvas.dataset.chart ?? ""];
}

function draw(canvas: HTMLCanvasElement, spec: ChartSpec): Chart {
  if (spec.type === "bars" && canvas.parentElement) {
    canvas.parentElement.style.height = `${spec.bars.length * BAR_HEIGHT + AXIS_HEIGHT}px`;
  }
  const look = currentLook(canvas);
  Chart.defaults.font.family = look.font;
  Chart.defaults.font.size = 12;
  const config = configFor(spec, look);
  config.options = {
    ...config.options,
    onClick: (event, elements, chart) => {
      if (event.native) open(hit(chart, spec, event.native, elements[0]?.index));
    },
    onHover: (event, elements, chart) => {
      const target = event.native?.target;
      if (!event.native || !(target instanceof HTMLElement)) return;
      const href = hit(chart, spec, event.native, elements[0]?.index);
      target.style.cursor = href ? "pointer" : spec.type === "timeline" ? "crosshair" : "default";
    },
  };
  return new Chart(canvas, config);
}

/** Where a click at this place goes: over time that is the row of the segment under the pointer. */
function hit(chart: Chart, spec: ChartSpec, event: Event, index: number | undefined): string {
  if (spec.type !== "timeline") return parts(spec)[index ?? -1]?.href ?? "";
  const under = chart.getElementsAtEventForMode(event, "nearest", { intersect: true }, false);
  return spec.series[under[0]?.datasetIndex ?? -1]?.href ?? "";
}

/** Goes where the part of the table goes: through its link, so that htmx and history do their work. */
function open(href: string): void {
  if (!href) return;
  const results = document.getElementById("results");
  const links = results?.querySelectorAll<HTMLAnchorElement>("a[href]") ?? [];
  const link = [...links].find((anchor) => anchor.getAttribute("href") === href);
  if (link || !results) {
    if (link) link.click();
    else location.assign(href);
    return;
  }
  const made = document.createElement("a");
  made.href = href;
  made.setAttribute("hx-get", href);
  made.hidden = true;
  results.append(made);
  htmx.process(made);
  made.click();
}

/**
 * Left and right walk over the parts, Home and End jump, Enter opens; each step is spoken. Over time up and down
 * walk over the series of a step, and Enter opens the series.
 */
function listen(canvas: HTMLCanvasElement, spec: ChartSpec): void {
  let index = -1;
  let series = -1;
  const mark = () => {
    const chart = drawn.get(canvas)?.chart;
    if (!chart) return;
    const sets = chart.data.datasets.map((_, datasetIndex) => ({ datasetIndex, index }));
    const shown = series < 0 ? sets : sets.filter((set) => set.datasetIndex === series);
    chart.setActiveElements(shown);
    chart.tooltip?.setActiveElements(shown, { x: 0, y: 0 });
    chart.update("none");
  };
  const show = (next: number) => {
    const count = parts(spec).length;
    index = (next + count) % count;
    series = -1;
    mark();
    announce(spoken(spec, index));
  };
  const showSeries = (step: number) => {
    if (spec.type !== "timeline") return;
    if (index < 0) index = spec.steps.length - 1;
    const count = spec.series.length;
    series = series < 0 && step < 0 ? count - 1 : (series + step + count) % count;
    mark();
    announce(spokenSeries(spec, series, index));
  };
  const isTimeline = spec.type === "timeline";
  const actions: Record<string, () => void> = {
    ArrowRight: () => show(index + 1),
    ArrowLeft: () => show(index < 0 ? -1 : index - 1),
    ArrowDown: () => (isTimeline ? showSeries(-1) : show(index + 1)),
    ArrowUp: () => (isTimeline ? showSeries(1) : show(index < 0 ? -1 : index - 1)),
    Home: () => show(0),
    End: () => show(-1),
    Enter: () => {
      const own = isTimeline ? spec.series[series]?.href : undefined;
      open(own ?? parts(spec)[index]?.href ?? "");
    },
  };
  canvas.addEventListener("keydown", (event) => {
    const action = actions[event.key];
    if (!action) return;
    action();
    event.preventDefault();
  });
  if (isTimeline) {
    initBrush(canvas, {
      steps: spec.steps.length,
      area: () => drawn.get(canvas)?.chart.chartArea,
      zoom: (from, to) => open(zoomAddress(spec, from, to)),
    });
  }
}

function redrawAll(): void {
  for (const [canvas, { chart, spec }] of drawn) {
    chart.destroy();
    if (canvas.isConnected) {
      const again = draw(canvas, spec);
      drawn.set(canvas, { chart: again, spec });
      applyLegend(canvas, again);
    } else drawn.delete(canvas);
  }
}

let followsTheme = false;

export function initCharts(root: ParentNode): void {
  for (const [canvas, { chart }] of drawn) {
    if (canvas.isConnected) continue;
    chart.destroy();
    drawn.delete(canvas);
  }
  for (const canvas of root.querySelectorAll<HTMLCanvasElement>("canvas[data-chart]")) {
    if (drawn.has(canvas)) continue;
    const spec = specFor(canvas);
    if (!spec || parts(spec).length === 0) continue;
    drawn.set(canvas, { chart: draw(canvas, spec), spec });
    listen(canvas, spec);
    initLegend(canvas, () => drawn.get(canvas)?.chart);
  }
  initPictures(
    root,
    (name) => [...drawn].find(([canvas]) => canvas.dataset.chart === name)?.[1].chart,
  );
  if (followsTheme) return;
  followsTheme = true;
  document.addEventListener("theme:change", redrawAll);
  // Drawn text does not follow a font that arrives later by itself.
  void document.fonts?.ready.then(redrawAll);
}
