/** What the server sends for a chart: costinsights/costs/charts.py writes exactly this. */
export type ChartSpec = DoughnutSpec | BarsSpec;

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

/** The parts a keyboard walks over and a click opens. */
export function parts(spec: ChartSpec): Part[] {
  return spec.type === "doughnut" ? spec.segments : spec.bars;
}

/** What is said when a part gets the focus. */
export function spoken(spec: ChartSpec, index: number): string {
  const part = parts(spec)[index];
  if (!part) return "";
  const share = spec.type === "doughnut" ? `, ${(part as Segment).share}` : "";
  return `${part.label}: ${part.text}${share}${part.href ? ". Enter opens it" : ""}`;
}
