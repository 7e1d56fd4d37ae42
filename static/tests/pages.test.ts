import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import icons from "../src/icons.json";
import { announce } from "../src/lib/live";
import { closeMenus, initMenus, initNavToggle } from "../src/lib/menus";
import { page } from "./dom";

function files(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? files(path) : [path];
  });
}

const templates = files("../templates").filter((path) => path.endsWith(".html"));

test("every icon a template names is in the sprite", () => {
  const named = templates.flatMap((path) => {
    const text = readFileSync(path, "utf8");
    return [...text.matchAll(/\{% icon "([\w-]+)"|\bicon="([\w-]+)"/g)].map((m) => m[1] ?? m[2]);
  });
  assert.ok(named.length > 20);
  assert.deepEqual(
    named.filter((name) => !icons.includes(name ?? "")),
    [],
  );
});

test("no page carries script or style of its own: the content policy forbids it", () => {
  const inline = /<script(?![^>]*\bsrc=)[^>]*>|<style|\sstyle=|\son[a-z]+="|javascript:/i;
  const pages = templates.filter((path) => !path.includes("/mail/"));
  assert.deepEqual(
    pages.filter((path) => inline.test(readFileSync(path, "utf8"))),
    [],
  );
});

const MENUS = `<details data-menu id="a" open><summary>A</summary><p>x</p></details>
  <details data-menu id="b" open><summary>B</summary><p id="inside">y</p></details>`;

test("opening one menu closes the others", () => {
  page(MENUS);
  closeMenus(document, document.getElementById("b"));
  assert.equal(document.querySelector<HTMLDetailsElement>("#a")?.open, false);
  assert.equal(document.querySelector<HTMLDetailsElement>("#b")?.open, true);
});

test("Escape closes the menu that has the focus and gives the focus back", () => {
  page(`${MENUS}<button>out</button>`);
  initMenus();
  const summary = document.querySelector<HTMLElement>("#b summary");
  summary?.setAttribute("tabindex", "0");
  summary?.focus();
  summary?.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", bubbles: true }));
  assert.equal(document.querySelector<HTMLDetailsElement>("#b")?.open, false);
  assert.equal(document.activeElement, summary);
});

test("the navigation opens and closes and says so", () => {
  page(
    '<button data-nav-toggle aria-controls="n" aria-expanded="false"></button><nav id="n"></nav>',
  );
  initNavToggle(document);
  const button = document.querySelector("button");
  button?.click();
  assert.equal(button?.getAttribute("aria-expanded"), "true");
  assert.equal(document.getElementById("n")?.hasAttribute("data-open"), true);
  button?.click();
  assert.equal(document.getElementById("n")?.hasAttribute("data-open"), false);
});

test("the live region speaks", () => {
  page();
  announce("Updated");
  assert.equal(document.getElementById("live")?.textContent, "Updated");
});
