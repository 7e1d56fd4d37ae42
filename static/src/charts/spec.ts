/** What the server sends for a chart: costinsights/costs/charts.py writes exactly this. */
export type ChartSpec = DoughnutSpec | BarsSpec | TimelineSpec;

/** A colour's name in the style sheet: c1…c9, k-cpu…, idle, unallocated, others. */
export type ColourName = string;

export interface Part {
  label: string;
  /** The amount in currency units: for drawing only. */
  value: number;
  /** The exact amount as a person reads it. */
  text: string;
  /** Where a click goes; "" where there is nothing below. */
  href: string;
}

export interface Segment extends Part {
  share: string;
  colour: ColourName;
}

export interface DoughnutSpec {
  type: "doughnut";
  currency: string;
  description: string;
  centre: { value: string; label: string };
  segments: Segment[];
}

export interface Series {
  label: string;
  colour: ColourName;
  values: number[];
  texts: string[];
}

export interface BarsSpec {
  type: "bars";
  currency: string;
  description: string;
  bars: Part[];
  series: Series[];
}

/** One point in time. `value` is null where nothing is stored, which is not zero. */
export interface TimelineStep {
  label: string;
  title: string;
  /** The step's ends as UTC instants, the second excluded. */
  start: string;
  end: string;
  state: "complete" | "partial" | "missing";
  value: number | null;
  text: string;
  /** Whether it holds the present. */
  now: boolean;
  /** The page of this step alone; "" where there is none. */
  href: string;
}

export interface TimelineSeries {
  label: string;
  colour: ColourName;
  values: (number | null)[];
  texts: string[];
  total: string;
  href: string;
}

export interface TimelineSpec {
  type: "timeline";
  style: "bars" | "lines";
  currency: string;
  description: string;
  steps: TimelineStep[];
  series: TimelineSeries[];
  /** The earlier period's totals beside the current steps. */
  ghost: { values: (number | null)[]; texts: string[]; labels: string[] } | null;
  /** The page without its period; a brush adds start and end. */
  zoom: string;
  /** The steps that notes are about, both included. */
  notes?: { from: number; to: number }[];
}

/** The parts a keyboard walks over and a click opens. */
export function parts(spec: ChartSpec): Pick<Part, "label" | "text" | "href">[] {
  if (spec.type === "timeline") return spec.steps;
  return spec.type === "doughnut" ? spec.segments : spec.bars;
}

/** What is said when a part gets the focus. */
export function spoken(spec: ChartSpec, index: number): string {
  const part = parts(spec)[index];
  if (!part) return "";
  const share = spec.type === "doughnut" ? `, ${(part as Segment).share}` : "";
  const name = spec.type === "timeline" ? (part as TimelineStep).title : part.label;
  return `${name}: ${part.text}${share}${part.href ? ". Enter opens it" : ""}`;
}

/** What is said of a series at a step. */
export function spokenSeries(spec: TimelineSpec, series: number, step: number): string {
  const chosen = spec.series[series];
  if (!chosen) return "";
  const text = chosen.texts[step] || "nothing stored";
  return `${chosen.label}: ${text}${chosen.href ? ". Enter opens it" : ""}`;
}
