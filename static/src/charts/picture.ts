import type { Chart } from "chart.js";

/** The chart as a picture with its title and legend, as a download. */

const PADDING = 20;
const LINE = 22;

interface Entry {
  label: string;
  colour: string;
}

export function initPictures(root: ParentNode, chartOf: (name: string) => Chart | undefined): void {
  for (const button of root.querySelectorAll<HTMLButtonElement>("[data-chart-png]")) {
    if (button.dataset.ready) continue;
    button.dataset.ready = "true";
    button.addEventListener("click", () => {
      const chart = chartOf(button.dataset.chartPng ?? "");
      if (chart) save(chart);
    });
  }
}

function save(chart: Chart): void {
  const section = chart.canvas.closest("section");
  const title = section?.querySelector("h2")?.textContent?.trim() ?? "Costs";
  const words = document.getElementById("period-words")?.textContent?.trim() ?? "";
  compose(chart, words ? `${title}, ${words}` : title).toBlob((blob) => {
    if (!blob) return;
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = `${title.toLowerCase().replace(/[^a-z0-9]+/g, "-")}.png`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  }, "image/png");
}

function compose(chart: Chart, title: string): HTMLCanvasElement {
  const scale = chart.currentDevicePixelRatio;
  const style = getComputedStyle(chart.canvas);
  const read = (name: string) => style.getPropertyValue(name).trim();
  const picture = document.createElement("canvas");
  const pen = picture.getContext("2d");
  const entries = entriesOf(chart);
  if (!pen) return picture;
  const font = `12px ${style.fontFamily}`;
  pen.font = font;
  const places = layOut(entries, chart.width, (text) => pen.measureText(text).width);
  const rows = (places.at(-1)?.row ?? -1) + 1;
  picture.width = (chart.width + 2 * PADDING) * scale;
  picture.height = (chart.height + 3 * PADDING + LINE * (rows + 1)) * scale;
  pen.scale(scale, scale);
  pen.fillStyle = read("--chart-surface");
  pen.fillRect(0, 0, picture.width, picture.height);
  pen.fillStyle = read("--chart-text");
  pen.font = `600 15px ${style.fontFamily}`;
  pen.fillText(title, PADDING, PADDING + 14);
  const { width, height } = chart;
  pen.drawImage(chart.canvas, PADDING, PADDING + LINE, width, height);
  pen.font = font;
  entries.forEach((entry, index) => {
    const place = places[index];
    if (!place) return;
    const x = PADDING + place.x;
    const y = 2 * PADDING + LINE + height + place.row * LINE;
    pen.fillStyle = entry.colour;
    pen.fillRect(x, y, 10, 10);
    pen.fillStyle = read("--chart-text");
    pen.fillText(entry.label, x + 16, y + 9);
  });
  return picture;
}

function entriesOf(chart: Chart): Entry[] {
  const items = chart.canvas.closest("section")?.querySelectorAll(".legend li") ?? [];
  const isOut = (item: Element) => item.querySelector("button")?.ariaPressed === "false";
  const some = [...items].some(isOut);
  return [...items]
    .filter((item) => (item.querySelector("button") ? !isOut(item) : !some))
    .map((item) => {
      const swatch = item.querySelector(".swatch");
      return {
        label: item.textContent?.trim() ?? "",
        colour: swatch ? getComputedStyle(swatch).backgroundColor : "transparent",
      };
    });
}

/** Where each entry of the legend stands: beside the one before, or in the next row. */
export function layOut(
  entries: { label: string }[],
  width: number,
  measure: (text: string) => number,
): { x: number; row: number }[] {
  let x = 0;
  let row = 0;
  return entries.map((entry) => {
    const own = measure(entry.label) + 36;
    if (x > 0 && x + own > width) {
      x = 0;
      row += 1;
    }
    const place = { x, row };
    x += own;
    return place;
  });
}
