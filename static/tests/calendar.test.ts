import assert from "node:assert/strict";
import { test } from "node:test";
import { afterClick } from "../src/charts/legend";
import { layOut } from "../src/charts/picture";
import { initCalendars, plusDays, plusMonths, weeksOf } from "../src/lib/calendar";
import { initFinders } from "../src/lib/find";
import { page } from "./dom";

test("months are walked without leaving their days", () => {
  assert.equal(plusMonths("2026-03-31", -1), "2026-02-28");
  assert.equal(plusMonths("2026-12-15", 1), "2027-01-15");
  assert.equal(plusDays("2026-10-25", 1), "2026-10-26");
});

test("weeks begin on Monday and have only the month's days", () => {
  const weeks = weeksOf("2026-11-23");
  assert.deepEqual(weeks[0], ["", "", "", "", "", "", "2026-11-01"]);
  assert.equal(weeks.at(-1)?.[0], "2026-11-30");
});

const CALENDAR = `<div data-calendar data-oldest="2026-10-10" data-newest="2026-11-20" data-first="2026-11-01"
  data-last="2026-11-07"><div data-part="months" hidden></div><input data-part="first"><input data-part="last"></div>`;

test("two clicks choose a period, in either order; other days say why not", () => {
  page(CALENDAR);
  initCalendars(document);
  const day = (name: string) => document.querySelector(`[data-day="${name}"]`) as HTMLButtonElement;
  day("2026-11-12").click();
  day("2026-11-03").click();
  day("2026-11-21").click();
  const values = [...document.querySelectorAll("input")].map((input) => input.value);
  assert.deepEqual(values, ["2026-11-03", "2026-11-12"]);
  assert.match(day("2026-11-21").getAttribute("aria-label") ?? "", /in the future/);
  assert.match(day("2026-10-09").getAttribute("aria-label") ?? "", /no longer kept/);
});

test("a legend's click shows one series, the next one all, Shift one fewer", () => {
  assert.deepEqual(afterClick([true, true, true], 1, false), [false, true, false]);
  assert.deepEqual(afterClick([false, true, false], 1, false), [true, true, true]);
  assert.deepEqual(afterClick([true, true, true], 1, true), [true, false, true]);
});

test("a picture's legend goes on in the next row", () => {
  const places = layOut([{ label: "a" }, { label: "b" }], 100, () => 40);
  assert.deepEqual(places, [
    { x: 0, row: 0 },
    { x: 0, row: 1 },
  ]);
});

test("typing leaves the entries with that text", () => {
  page(`<div data-find><input data-part="find"><div data-part="section"><ul><li><a>team</a></li><li><a>app</a></li></ul>
    </div><p data-part="none" hidden></p></div>`);
  initFinders(document);
  const field = document.querySelector("input") as HTMLInputElement;
  field.value = "te";
  field.dispatchEvent(new window.Event("input"));
  const hidden = [...document.querySelectorAll("li")].map((entry) => entry.hidden);
  assert.deepEqual(hidden, [false, true]);
});
