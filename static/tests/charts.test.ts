import assert from "node:assert/strict";
import { test } from "node:test";
import {
  axisAmount,
  barsConfig,
  configFor,
  doughnutConfig,
  isOddEnd,
  shortened,
} from "../src/charts/config";
import type { Look } from "../src/charts/look";
import { type BarsSpec, type DoughnutSpec, spoken } from "../src/charts/spec";

const look: Look = {
  text: "black",
  muted: "grey",
  grid: "silver",
  surface: "white",
  font: "sans-serif",
  animate: false,
  fill: (name) => `fill:${name}`,
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
