import assert from "node:assert/strict";
import { test } from "node:test";
import { withoutEmpty } from "../src/lib/clean";

test("an address carries only what differs from the defaults", () => {
  const parameters = { window: "today", aggregate: "pod", filter: "", idle: "hide", cluster: "" };
  assert.deepEqual(withoutEmpty(parameters), ["window", "filter", "cluster"]);
});
