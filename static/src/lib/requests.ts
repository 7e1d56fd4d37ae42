import htmx from "htmx.org";
import { withoutEmpty } from "./clean";
import { announce } from "./live";

/** What an htmx request needs around it: clean addresses, "refreshing…", errors that keep the old numbers. */

interface Detail {
  parameters: Record<string, unknown>;
  elt: Element;
  target?: Element;
  xhr: XMLHttpRequest;
  shouldSwap: boolean;
}

function results(): HTMLElement | null {
  return document.getElementById("results");
}

function setBusy(busy: boolean): void {
  results()?.setAttribute("aria-busy", String(busy));
  if (busy) results()?.removeAttribute("data-failed");
}

function fail(text: string): void {
  setBusy(false);
  const place = document.getElementById("request-error");
  if (place) {
    place.hidden = false;
    const slot = place.querySelector("[data-text]");
    if (slot) slot.textContent = text;
  }
  announce(text);
}

/** Whether someone reads an explanation or types: a quiet refresh then waits for its next turn. */
function isInUse(): boolean {
  const active = document.activeElement;
  const typing = active?.matches("#results :is(input, select, textarea)") ?? false;
  return typing || document.querySelector("#results details[open]") !== null;
}

const detailOf = (event: Event) => (event as CustomEvent<Detail>).detail;

export function initRequests(): void {
  htmx.on("htmx:configRequest", (event) => {
    const { parameters, elt } = detailOf(event);
    if (!elt.matches("[data-query-bar]")) return;
    const own = elt instanceof HTMLElement ? elt.dataset.defaults : undefined;
    const defaults = own ? (JSON.parse(own) as Record<string, string>) : undefined;
    for (const name of withoutEmpty(parameters, defaults)) delete parameters[name];
  });
  htmx.on("htmx:beforeRequest", (event) => {
    const quiet = detailOf(event).elt.matches("[data-quiet]");
    if (quiet && isInUse()) event.preventDefault();
    else if (!quiet) setBusy(true);
  });
  htmx.on("htmx:beforeSwap", (event) => {
    const detail = detailOf(event);
    // A sign-in page instead of numbers: the session ended. Load the address as a page.
    if (detail.target?.id === "results" && !detail.xhr.responseText.includes('id="results"')) {
      detail.shouldSwap = false;
      location.reload();
    }
  });
  let announced = results()?.dataset.announce;
  htmx.on("htmx:afterSettle", () => {
    setBusy(false);
    const text = results()?.dataset.announce;
    if (text && text !== announced) announce(text);
    announced = text;
  });
  htmx.on("htmx:responseError", (event) => {
    const { status } = detailOf(event).xhr;
    fail(`The server answered with error ${status}. The last numbers stay on the page.`);
  });
  htmx.on("htmx:sendError", () =>
    fail("The server cannot be reached. The last numbers stay on the page."),
  );
  htmx.on("htmx:timeout", () =>
    fail("The answer takes too long. The last numbers stay on the page."),
  );
}
