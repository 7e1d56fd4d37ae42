import {
  ArcElement,
  BarController,
  BarElement,
  CategoryScale,
  Chart,
  DoughnutController,
  LinearScale,
  Tooltip,
} from "chart.js";
import { announce } from "../lib/live";
import { configFor } from "./config";
import { currentLook } from "./look";
import { type ChartSpec, parts, spoken } from "./spec";

Chart.register(
  ArcElement,
  BarController,
  BarElement,
  CategoryScale,
  DoughnutController,
  LinearScale,
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
    onClick: (_event, elements) => open(spec, elements[0]?.index),
    onHover: (event, elements) => {
      const part = parts(spec)[elements[0]?.index ?? -1];
      const target = event.native?.target;
      if (target instanceof HTMLElement) target.style.cursor = part?.href ? "pointer" : "default";
    },
  };
  return new Chart(canvas, config);
}

/** Goes where the part of the table goes: through its link, so that htmx and history do their work. */
function open(spec: ChartSpec, index: number | undefined): void {
  const part = index === undefined ? undefined : parts(spec)[index];
  if (!part?.href) return;
  const link = [...document.querySelectorAll<HTMLAnchorElement>("#results a[href]")].find(
    (anchor) => anchor.getAttribute("href") === part.href,
  );
  if (link) link.click();
  else location.assign(part.href);
}

/** Arrows walk over the parts, Home and End jump, Enter drills in; each step is spoken. */
function listen(canvas: HTMLCanvasElement, spec: ChartSpec): void {
  let index = -1;
  const show = (next: number) => {
    const count = parts(spec).length;
    index = (next + count) % count;
    const chart = drawn.get(canvas)?.chart;
    if (chart) {
      const sets = chart.data.datasets.map((_, datasetIndex) => ({ datasetIndex, index }));
      chart.setActiveElements(sets);
      chart.tooltip?.setActiveElements(sets, { x: 0, y: 0 });
      chart.update("none");
    }
    announce(spoken(spec, index));
  };
  canvas.addEventListener("keydown", (event) => {
    if (event.key === "ArrowRight" || event.key === "ArrowDown") show(index + 1);
    else if (event.key === "ArrowLeft" || event.key === "ArrowUp") show(index < 0 ? -1 : index - 1);
    else if (event.key === "Home") show(0);
    else if (event.key === "End") show(-1);
    else if (event.key === "Enter") open(spec, index < 0 ? undefined : index);
    else return;
    event.preventDefault();
  });
}

function redrawAll(): void {
  for (const [canvas, { chart, spec }] of drawn) {
    chart.destroy();
    if (canvas.isConnected) drawn.set(canvas, { chart: draw(canvas, spec), spec });
    else drawn.delete(canvas);
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
  }
  if (followsTheme) return;
  followsTheme = true;
  document.addEventListener("theme:change", redrawAll);
  // Drawn text does not follow a font that arrives later by itself.
  void document.fonts?.ready.then(redrawAll);
}
