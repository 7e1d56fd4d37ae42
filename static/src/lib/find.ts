/** `[data-find]`: typing into its search field leaves only the entries with that text. */
export function initFinders(root: ParentNode): void {
  for (const box of root.querySelectorAll<HTMLElement>("[data-find]")) {
    if (box.dataset.ready) continue;
    box.dataset.ready = "true";
    const field = box.querySelector<HTMLInputElement>("[data-part=find]");
    field?.addEventListener("input", () => narrow(box, field.value.trim().toLowerCase()));
    field?.addEventListener("keydown", (event) => {
      const first = box.querySelector<HTMLElement>("[data-part=section] li:not([hidden]) a");
      if (event.key === "Enter") event.preventDefault();
      if (event.key === "ArrowDown" || event.key === "Enter") first?.focus();
      if (event.key === "Enter" && field.value) first?.click();
    });
  }
}

function narrow(box: HTMLElement, text: string): void {
  let found = 0;
  for (const section of box.querySelectorAll<HTMLElement>("[data-part=section]")) {
    const named = section.querySelector(".list-head")?.textContent?.toLowerCase() ?? "";
    let own = 0;
    for (const entry of section.querySelectorAll("li")) {
      entry.hidden = !named.includes(text) && !entry.textContent?.toLowerCase().includes(text);
      if (!entry.hidden) own += 1;
    }
    section.hidden = own === 0;
    found += own;
  }
  const none = box.querySelector<HTMLElement>("[data-part=none]");
  if (none) none.hidden = found > 0;
}
