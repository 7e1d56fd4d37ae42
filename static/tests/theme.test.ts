import assert from "node:assert/strict";
import { test } from "node:test";
import { applyTheme, chooseTheme, initThemeToggle, nextTheme, storedTheme } from "../src/lib/theme";
import { page } from "./dom";

test("without a choice the page follows the system", () => {
  page("", { dark: true });
  applyTheme();
  assert.equal(document.documentElement.dataset.bsTheme, "dark");
  assert.equal(document.documentElement.dataset.theme, "system");
});

test("a choice outlives the page and beats the system", () => {
  page("", { dark: true });
  chooseTheme("light");
  assert.equal(storedTheme(), "light");
  assert.equal(document.documentElement.dataset.bsTheme, "light");
});

test("choosing the system again forgets the choice", () => {
  page();
  chooseTheme("dark");
  chooseTheme("system");
  assert.equal(localStorage.getItem("theme"), null);
});

test("what another script left in storage is no theme", () => {
  page();
  localStorage.setItem("theme", "purple");
  assert.equal(storedTheme(), "system");
});

test("the toggle walks through system, light and dark and comes round", () => {
  assert.deepEqual(
    ["system", "light", "dark"].map((name) => nextTheme(name as "system")),
    ["light", "dark", "system"],
  );
});

test("the toggle says where it stands and works once per click, however often it is initialised", () => {
  page("<button data-theme-toggle></button>");
  initThemeToggle(document);
  initThemeToggle(document);
  const button = document.querySelector("button");
  button?.click();
  assert.equal(storedTheme(), "light");
  assert.match(button?.getAttribute("aria-label") ?? "", /^Theme: Light/);
});
