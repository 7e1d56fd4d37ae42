import type { ChartConfiguration, Plugin, TooltipItem } from "chart.js";
import type { Look } from "./look";
import type { BarsSpec, ChartSpec, DoughnutSpec } from "./spec";
import { timelineConfig } from "./timeline";

const SYMBOLS: Record<string, string> = { USD: "$", EUR: "€", GBP: "£", JPY: "¥", INR: "₹" };

/** An amount on an axis: $1.2k, €40, 12 CHF. */
export function axisAmount(value: number, currency: string): string {
  const size = Math.abs(value);
  const [divisor, suffix] = size >= 1e6 ? [1e6, "M"] : size >= 1000 ? [1000, "k"] : [1, ""];
  const scaled = size / divisor;
  const digits = scaled >= 100 || Number.isInteger(scaled) ? 0 : scaled >= 1 ? 1 : 2;
  const number = `${value < 0 ? "−" : ""}${SYMBOLS[currency] ?? ""}${scaled.toFixed(digits)}${suffix}`;
  return SYMBOLS[currency] ? number : `${number} ${currency}`.trim();
}

/** A long name keeps its end, where replicas and versions differ. */
export function shortened(label: string, most = 22): string {
  if (label.length <= most) return label;
  const head = Math.ceil((most - 1) * 0.6);
  return `${label.slice(0, head)}…${label.slice(label.length - (most - 1 - head))}`;
}

export function tooltip(look: Look) {
  return {
    backgroundColor: look.text,
    titleColor: look.surface,
    bodyColor: look.surface,
    footerColor: look.surface,
    padding: 10,
    cornerRadius: 6,
    boxPadding: 4,
    usePointStyle: true,
  };
}

export function doughnutConfig(spec: DoughnutSpec, look: Look): ChartConfiguration<"doughnut"> {
  return {
    type: "doughnut",
    data: {
      labels: spec.segments.map((segment) => segment.label),
      datasets: [
        {
          data: spec.segments.map((segment) => segment.value),
          backgroundColor: spec.segments.map((segment) => look.fill(segment.colour)),
          borderColor: look.surface,
          borderWidth: spec.segments.length > 1 ? 2 : 0, // a lone slice has no neighbour to part from
          hoverOffset: 4,
        },
      ],
    },
    options: {
      responsive: true,
      maintainAspectRatio: false,
      cutout: "68%",
      layout: { padding: 4 },
      animation: false, // numbers stand still; only what the pointer touches moves
      transitions: { active: { animation: { duration: look.animate ? 120 : 0 } } },
      plugins: {
        legend: { display: false },
        tooltip: {
          ...tooltip(look),
          callbacks: {
            label: (item: TooltipItem<"doughnut">) => {
              const segment = spec.segments[item.dataIndex];
              return segment ? ` ${segment.text} · ${segment.share}` : "";
            },
          },
        },
      },
    },
  };
}

/** Writes each bar's total after its end: the number a reader came for. */
function barTotals(spec: BarsSpec, look: Look): Plugin<"bar"> {
  return {
    id: "barTotals",
    afterDatasetsDraw(chart) {
      const { ctx } = chart;
      ctx.save();
      ctx.font = `500 12px ${look.font}`;
      ctx.fillStyle = look.text;
      ctx.textBaseline = "middle";
      spec.bars.forEach((bar, index) => {
        const row = chart.getDatasetMeta(0).data[index];
        const x = chart.scales.x?.getPixelForValue(Math.max(0, bar.value));
        if (row && x !== undefined) ctx.fillText(bar.text, x + 8, row.y);
      });
      ctx.restore();
    },
  };
}

/** Whether a tick is only there because the data ends there, out of step with the others. */
export function isOddEnd(index: number, ticks: readonly { value: number }[]): boolean {
  const [first, second, last] = [ticks[0], ticks[1], ticks[ticks.length - 1]];
  const before = ticks[ticks.length - 2];
  if (index < 2 || index !== ticks.length - 1 || !first || !second || !last || !before)
    return false;
  return last.value - before.value < (second.value - first.value) * 0.999;
}

export function barsConfig(spec: BarsSpec, look: Look): ChartConfiguration<"bar"> {
  return {
    type: "bar",
    data: {
      labels: spec.bars.map((bar) => bar.label),
      datasets: spec.series.map((series) => ({
        label: series.label,
        data: series.values,
        backgroundColor: look.fill(series.colour),
        borderColor: look.surface,
        borderWidth: { left: 0, top: 0, bottom: 0, right: 1 },
        borderSkipped: false as const,
        barThickness: 16,
      })),
    },
    options: {
      indexAxis: "y",
      responsive: true,
      maintainAspectRatio: false,
      animation: false, // numbers stand still; only what the pointer touches moves
      transitions: { active: { animation: { duration: look.animate ? 120 : 0 } } },
      layout: { padding: { right: 76 } },
      interaction: { mode: "nearest", axis: "y", intersect: false },
      scales: {
        x: {
          stacked: true,
          beginAtZero: true,
          bounds: "data",
          border: { display: false },
          grid: { color: look.grid, drawTicks: false },
          ticks: {
            color: look.muted,
            maxTicksLimit: 5,
            padding: 6,
            callback: (value, index, ticks) =>
              isOddEnd(index, ticks) ? null : axisAmount(Number(value), spec.currency),
          },
        },
        y: {
          stacked: true,
          border: { color: look.grid },
          grid: { display: false },
          ticks: {
            color: look.text,
            autoSkip: false,
            callback(_value, index) {
              return shortened(spec.bars[index]?.label ?? "", this.chart.width < 420 ? 13 : 22);
            },
          },
        },
      },
      plugins: {
        legend: { display: false },
        tooltip: {
          ...tooltip(look),
          mode: "index",
          axis: "y",
          itemSort: (a, b) => Number(b.raw) - Number(a.raw),
          filter: (item: TooltipItem<"bar">) => Number(item.raw) !== 0,
          callbacks: {
            label: (item: TooltipItem<"bar">) => {
              const series = spec.series[item.datasetIndex];
              return series ? ` ${series.label}  ${series.texts[item.dataIndex] ?? ""}` : "";
            },
            footer: (items: TooltipItem<"bar">[]) => {
              const bar = spec.bars[items[0]?.dataIndex ?? -1];
              return bar ? `Total  ${bar.text}` : "";
            },
          },
        },
      },
    },
    plugins: [barTotals(spec, look)],
  };
}

export function configFor(spec: ChartSpec, look: Look): ChartConfiguration {
  if (spec.type === "timeline") return timelineConfig(spec, look);
  const config = spec.type === "doughnut" ? doughnutConfig(spec, look) : barsConfig(spec, look);
  return config as ChartConfiguration;
}
