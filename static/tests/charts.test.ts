import assert from "node:assert/strict";
import { test } from "node:test";
import { stepAt } from "../src/charts/brush";
import {
  axisAmount,
  barsConfig,
  configFor,
  doughnutConfig,
  isOddEnd,
  shortened,
} from "../src/charts/config";
import type { Look } from "../src/charts/look";
import {
  type BarsSpec,
  type DoughnutSpec,
  spoken,
  spokenSeries,
  type TimelineSpec,
} from "../src/charts/spec";
import { footer, timelineConfig, zoomAddress } from "../src/charts/timeline";

const look: Look = {
  text: "black",
  muted: "grey",
  grid: "silver",
  accent: "blue",
  surface: "white",
  font: "sans-serif",
  animate: false,
  fill: (name) => `fill:${name}`,
  hatched: (name) => `hatched:${name}`,
  line: (name) => `line:${name}`,
  missing: "missing",
  ghost: "ghost",
};

const doughnut: DoughnutSpec = {
  type: "doughnut",
  currency: "USD",
  description: "Shares",
  centre: { value: "$12", label: "total" },
  segments: [
    { label: "shop", value: 9, text: "$9.00", share: "75.0%", colour: "c3", href: "/?x" },
    { label: "Idle", value: 3, text: "$3.00", share: "25.0%", colour: "idle", href: "" },
  ],
};

const bars: BarsSpec = {
  type: "bars",
  currency: "EUR",
  description: "Bars",
  bars: [
    { label: "shop", value: 9, text: "€9.00", href: "/?x" },
    { label: "web", value: 3, text: "€3.00", href: "" },
  ],
  series: [
    { label: "CPU", colour: "k-cpu", values: [6, 3], texts: ["€6.00", "€3.00"] },
    { label: "RAM", colour: "k-ram", values: [3, 0], texts: ["€3.00", "€0.00"] },
  ],
};

test("a doughnut has a slice per segment in the colours the server named", () => {
  const { data } = doughnutConfig(doughnut, look);
  assert.deepEqual(data.labels, ["shop", "Idle"]);
  assert.deepEqual(data.datasets[0]?.data, [9, 3]);
  assert.deepEqual(data.datasets[0]?.backgroundColor, ["fill:c3", "fill:idle"]);
});

test("bars lie on their side and stack one series per resource", () => {
  const config = barsConfig(bars, look);
  assert.equal(config.options?.indexAxis, "y");
  assert.equal(config.options?.scales?.x?.stacked, true);
  assert.deepEqual(
    config.data.datasets.map((set) => set.data),
    [
      [6, 3],
      [3, 0],
    ],
  );
});

test("amounts start at zero: a cut axis would lie", () => {
  const axis = barsConfig(bars, look).options?.scales?.x as { beginAtZero?: boolean } | undefined;
  assert.equal(axis?.beginAtZero, true);
});

test("who asked for less motion gets none, and nobody waits for a chart to grow", () => {
  const moved = (animate: boolean) => {
    const { options } = configFor(bars, { ...look, animate });
    const touched = options?.transitions?.active?.animation as { duration: number };
    return [options?.animation, touched.duration];
  };
  assert.deepEqual(moved(false), [false, 0]);
  assert.deepEqual(moved(true), [false, 120]);
});

test("an axis speaks short amounts", () => {
  assert.equal(axisAmount(1234, "USD"), "$1.2k");
  assert.equal(axisAmount(2_500_000, "EUR"), "€2.5M");
  assert.equal(axisAmount(0.5, "USD"), "$0.50");
  assert.equal(axisAmount(-20, "USD"), "−$20");
  assert.equal(axisAmount(12, "CHF"), "12 CHF");
});

test("a long name keeps its beginning and its end", () => {
  const short = shortened("notifications-dispatcher-worker-7f9c");
  assert.equal(short.length, 22);
  assert.ok(short.startsWith("notifications") && short.endsWith("7f9c"));
  assert.equal(shortened("shop"), "shop");
});

test("a part is spoken with its amount, its share and whether it opens", () => {
  assert.equal(spoken(doughnut, 0), "shop: $9.00, 75.0%. Enter opens it");
  assert.equal(spoken(bars, 1), "web: €3.00");
});

test("an axis does not name the odd amount its longest bar ends at", () => {
  const ticks = [0, 20, 40, 60, 61].map((value) => ({ value }));
  assert.equal(isOddEnd(4, ticks), true);
  assert.equal(isOddEnd(3, ticks.slice(0, 4)), false);
});

const timeline: TimelineSpec = {
  type: "timeline",
  style: "bars",
  currency: "USD",
  description: "Over time",
  zoom: "/history/?group_by=cluster",
  steps: ["complete", "missing", "partial"].map((state, index) => ({
    label: `${index + 1} Nov`,
    title: `Sun ${index + 1} Nov 2026`,
    start: `2026-11-0${index + 1}T00:00:00Z`,
    end: `2026-11-0${index + 2}T00:00:00Z`,
    state: state as "complete" | "missing" | "partial",
    value: state === "missing" ? null : 3,
    text: state === "missing" ? "nothing stored" : "$3.00",
    now: index === 2,
    href: index === 0 ? "" : "/history/?start=x",
  })),
  series: [
    {
      label: "shop",
      colour: "c3",
      values: [3, null, 3],
      texts: ["$3.00", "", "$3.00"],
      total: "$6.00",
      href: "/history/?filter=x",
    },
  ],
  ghost: { values: [2, 2, null], texts: ["$2.00", "$2.00", ""], labels: ["29 Oct", "30 Oct", ""] },
};

test("a partial step is hatched and a missing one has no bar", () => {
  const [shop, before] = timelineConfig(timeline, look).data.datasets;
  assert.deepEqual(shop?.backgroundColor, ["fill:c3", "fill:c3", "hatched:c3"]);
  assert.equal(shop?.data[1], null);
  assert.equal(before?.label, "Before");
});

test("a tooltip ends with the step's total and the earlier period's", () => {
  assert.deepEqual(footer(timeline, 0), ["Total  $3.00", "29 Oct  $2.00"]);
  assert.deepEqual(footer(timeline, 2), ["Total  $3.00"]);
});

test("a brushed stretch becomes two ends, and days of long ago stay days", () => {
  assert.equal(
    zoomAddress(timeline, 2, 1),
    "/history/?group_by=cluster&start=2026-11-02&end=2026-11-04",
  );
  assert.match(zoomAddress(timeline, 0, 0), /start=2026-11-01&end=2026-11-02&step=day$/);
});

test("a place in the chart is a step, its edges the first and the last", () => {
  assert.deepEqual(
    [-5, 0, 49, 50, 99, 300].map((x) => stepAt(x, 0, 100, 2)),
    [0, 0, 0, 1, 1, 1],
  );
});

test("a step and a series in it are spoken with their amounts", () => {
  assert.equal(spoken(timeline, 1), "Sun 2 Nov 2026: nothing stored. Enter opens it");
  assert.equal(spokenSeries(timeline, 0, 0), "shop: $3.00. Enter opens it");
});
