import { JSDOM } from "jsdom";

/** Gives each test a fresh document, with the globals that the code under test reads. */
export function page(html = "", options: { dark?: boolean; url?: string } = {}): JSDOM {
  const dom = new JSDOM(`<!DOCTYPE html><body>${html}<div id="live"></div></body>`, {
    url: options.url ?? "http://acme.localhost/",
    pretendToBeVisual: true,
  });
  const { window } = dom;
  const matchMedia = (query: string) => ({
    matches: query.includes("dark") && options.dark === true,
    addEventListener: () => undefined,
  });
  Object.assign(globalThis, {
    window,
    document: window.document,
    localStorage: window.localStorage,
    HTMLElement: window.HTMLElement,
    Element: window.Element,
    CustomEvent: window.CustomEvent,
    KeyboardEvent: window.KeyboardEvent,
    MouseEvent: window.MouseEvent,
    Option: window.Option,
    matchMedia,
  });
  return dom;
}
