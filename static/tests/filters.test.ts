import assert from "node:assert/strict";
import { test } from "node:test";
import { comparison, initFilters, withCondition } from "../src/lib/filters";
import { page } from "./dom";

test("a comparison is written in OpenCost's grammar", () => {
  assert.equal(comparison("namespace", "", ":", "payments"), 'namespace:"payments"');
  assert.equal(comparison("pod", "", "!<~:", "web"), 'pod!<~:"web"');
});

test("several values become a list", () => {
  assert.equal(comparison("node", "", ":", " a, b ,"), 'node:"a","b"');
});

test("a label's name is spelled as Prometheus spells it", () => {
  assert.equal(
    comparison("label", "app.kubernetes.io/name", "~:", "api"),
    'label[app_kubernetes_io_name]~:"api"',
  );
});

test("what the grammar cannot say is refused in words", () => {
  assert.throws(() => comparison("pod", "", ":", 'a"b'), /double quote/);
  assert.throws(() => comparison("pod", "", ":", "  "), /Give a value/);
  assert.throws(() => comparison("label", "", ":", "x"), /name/);
});

test("a condition joins the old ones with and", () => {
  assert.equal(withCondition("", 'pod:"a"'), 'pod:"a"');
  assert.equal(withCondition('node:"n"', 'pod:"a"'), 'node:"n"+pod:"a"');
});

test("an old either-or keeps its meaning beside a new condition", () => {
  assert.equal(withCondition('node:"n"|node:"m"', 'pod:"a"'), '(node:"n"|node:"m")+pod:"a"');
  assert.equal(withCondition('node:"n|m"', 'pod:"a"'), 'node:"n|m"+pod:"a"');
  assert.equal(withCondition('(a:"1"|b:"2")', 'pod:"a"'), '(a:"1"|b:"2")+pod:"a"');
});

const BUILDER = `<form><input name="filter" value='node:"n"'>
  <div data-filter-builder>
    <select data-part="field"><option value="namespace">Namespace</option><option value="label">Label</option></select>
    <div class="field"><input data-part="key"></div>
    <select data-part="operator"><option value=":">is</option></select>
    <input data-part="value"><p data-part="problem"></p><button type="button" data-part="add">Add</button>
  </div></form>`;

function builder() {
  page(BUILDER);
  const form = document.querySelector("form") as HTMLFormElement;
  let submitted = 0;
  form.requestSubmit = () => {
    submitted += 1;
  };
  initFilters(document);
  const part = <T extends HTMLElement>(name: string) =>
    form.querySelector<T>(`[data-part=${name}]`) as T;
  return { form, part, submits: () => submitted };
}

test("adding a filter asks again with the longer filter text", () => {
  const { form, part, submits } = builder();
  part<HTMLInputElement>("value").value = "shop";
  part("add").click();
  assert.equal(
    form.querySelector<HTMLInputElement>("[name=filter]")?.value,
    'node:"n"+namespace:"shop"',
  );
  assert.equal(submits(), 1);
});

test("a value that is missing is asked for and nothing is sent", () => {
  const { part, submits } = builder();
  part("add").click();
  assert.match(part("problem").textContent ?? "", /Give a value/);
  assert.equal(submits(), 0);
});

test("the name of a label is only asked for where there is one", () => {
  const { part } = builder();
  const field = part<HTMLSelectElement>("field");
  assert.equal(part("key").closest(".field")?.hasAttribute("hidden"), true);
  field.value = "label";
  field.dispatchEvent(new window.Event("change"));
  assert.equal(part("key").closest(".field")?.hasAttribute("hidden"), false);
});
