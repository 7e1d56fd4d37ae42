import assert from "node:assert/strict";
import { test } from "node:test";
import { customWindow, initQueryBar } from "../src/lib/querybar";
import { page } from "./dom";

test("two days, both included, become one UTC window", () => {
  assert.equal(
    customWindow("2026-01-01", "2026-01-07"),
    "2026-01-01T00:00:00Z,2026-01-08T00:00:00Z",
  );
  assert.equal(
    customWindow("2026-01-01", "2026-01-01"),
    "2026-01-01T00:00:00Z,2026-01-02T00:00:00Z",
  );
});

test("days in the wrong order, too many or missing are refused in words", () => {
  assert.throws(() => customWindow("2026-01-02", "2026-01-01"), /before the first/);
  assert.throws(() => customWindow("2026-01-01", "2026-03-01"), /31 days/);
  assert.throws(() => customWindow("", "2026-03-01"), /first and the last/);
});

const BAR = `<form data-query-bar><select name="window"><option value="today">Today</option><option value="7d">7</option>
  <option value="custom">Custom</option></select>
  <div data-custom-range hidden><input data-part="first"><input data-part="last">
  <button type="button" data-part="apply"></button><p data-part="problem"></p></div></form>`;

function bar() {
  page(BAR);
  const form = document.querySelector("form") as HTMLFormElement;
  let submitted = 0;
  form.requestSubmit = () => {
    submitted += 1;
  };
  initQueryBar(document);
  const select = form.querySelector("select") as HTMLSelectElement;
  const choose = (value: string) => {
    select.value = value;
    select.dispatchEvent(new window.Event("change", { bubbles: true }));
  };
  return { form, select, choose, submits: () => submitted };
}

test("choosing a window asks at once", () => {
  const { choose, submits } = bar();
  choose("7d");
  assert.equal(submits(), 1);
});

test("a custom range first shows its two days", () => {
  const { form, choose, submits } = bar();
  choose("custom");
  assert.equal(submits(), 0);
  assert.equal(form.querySelector("[data-custom-range]")?.hasAttribute("hidden"), false);
});

test("applying the range makes it the chosen window", () => {
  const { form, select, choose, submits } = bar();
  choose("custom");
  for (const input of form.querySelectorAll("input")) input.value = "2026-02-03";
  form.querySelector("button")?.click();
  assert.equal(select.value, "2026-02-03T00:00:00Z,2026-02-04T00:00:00Z");
  assert.equal(submits(), 1);
});
