/** Menus and explanations are <details>: they work without script; this closes them politely. */
export function closeMenus(root: ParentNode, except?: Element | null): void {
  for (const open of root.querySelectorAll<HTMLDetailsElement>("details[data-menu][open]")) {
    if (open !== except && !(except && open.contains(except))) open.open = false;
  }
}

let listening = false;

export function initMenus(): void {
  if (listening) return;
  listening = true;
  document.addEventListener("click", (event) => {
    // By the path: what was clicked may have been replaced meanwhile.
    const menu = event
      .composedPath()
      .find((each) => each instanceof Element && each.matches("details[data-menu]"));
    closeMenus(document, menu instanceof Element ? menu : null);
  });
  document.addEventListener("focusin", (event) => {
    const target = event.target instanceof Element ? event.target : null;
    closeMenus(document, target?.closest("details[data-menu]") ?? null);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const open = document.activeElement?.closest<HTMLDetailsElement>("details[data-menu][open]");
    if (!open) return;
    open.open = false;
    open.querySelector("summary")?.focus();
  });
}

/** The side navigation on a narrow screen. Without script it simply stands above the page. */
export function initNavToggle(root: ParentNode): void {
  for (const button of root.querySelectorAll<HTMLButtonElement>("[data-nav-toggle]")) {
    if (button.dataset.ready) continue;
    button.dataset.ready = "true";
    const nav = document.getElementById(button.getAttribute("aria-controls") ?? "");
    const set = (open: boolean) => {
      button.setAttribute("aria-expanded", String(open));
      nav?.toggleAttribute("data-open", open);
    };
    button.addEventListener("click", () => set(button.getAttribute("aria-expanded") !== "true"));
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && button.getAttribute("aria-expanded") === "true") {
        set(false);
        button.focus();
      }
    });
  }
}
