import type { ColourName } from "./spec";

/** How charts look right now: theme, motion, colours. Read again when the theme changes. */
export interface Look {
  text: string;
  muted: string;
  grid: string;
  accent: string;
  surface: string;
  font: string;
  animate: boolean;
  fill(name: ColourName): string | CanvasPattern;
  /** The same colour with gaps: what is only partly there. */
  hatched(name: ColourName): string | CanvasPattern;
  line(name: ColourName): string;
  /** Behind steps of which nothing is stored. */
  missing: string | CanvasPattern;
  /** The earlier period behind the current one. */
  ghost: string;
}

/** Lines across a fill, so that idle and unallocated differ from workloads without colour. */
function pattern(ground: string, line: string, cross: boolean): CanvasPattern | string {
  const size = 8;
  const tile = document.createElement("canvas");
  tile.width = size;
  tile.height = size;
  const pen = tile.getContext("2d");
  if (!pen) return ground;
  pen.fillStyle = ground;
  pen.fillRect(0, 0, size, size);
  pen.strokeStyle = line;
  pen.lineWidth = 1.5;
  pen.beginPath();
  for (const shift of [-size, 0, size]) {
    pen.moveTo(shift, size);
    pen.lineTo(shift + size, 0);
    if (cross) {
      pen.moveTo(shift, 0);
      pen.lineTo(shift + size, size);
    }
  }
  pen.stroke();
  return pen.createPattern(tile, "repeat") ?? ground;
}

export function currentLook(element: Element = document.documentElement): Look {
  const style = getComputedStyle(element);
  const read = (name: string) => style.getPropertyValue(name).trim();
  const fills = new Map<ColourName, string | CanvasPattern>();
  const hatches = new Map<ColourName, string | CanvasPattern>();
  const colour = (name: ColourName) => read(`--${name}`) || read("--others");
  const surface = read("--chart-surface");
  return {
    text: read("--chart-text"),
    muted: read("--chart-muted"),
    grid: read("--chart-grid"),
    accent: read("--chart-note"),
    surface,
    font: style.fontFamily,
    animate: !matchMedia("(prefers-reduced-motion: reduce)").matches,
    hatched(name) {
      const made = hatches.get(name) ?? pattern(colour(name), surface, false);
      hatches.set(name, made);
      return made;
    },
    missing: pattern(read("--missing"), read("--missing-line"), false),
    ghost: read("--ghost"),
    line: (name) => read(`--${name}-line`) || colour(name),
    fill(name) {
      let fill = fills.get(name);
      if (fill === undefined) {
        const ground = colour(name);
        const line = read(`--${name}-line`);
        fill = line ? pattern(ground, line, name === "idle") : ground;
        fills.set(name, fill);
      }
      return fill;
    },
  };
}
