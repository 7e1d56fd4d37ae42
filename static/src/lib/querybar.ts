/** The query bar asks as soon as something is chosen; a custom range first wants two days. */

/** A window from two days, both included, as UTC instants; a sentence where that is no window. */
export function customWindow(first: string, last: string): string {
  if (!first || !last) throw new Error("Give the first and the last day.");
  const start = Date.parse(`${first}T00:00:00Z`);
  const end = Date.parse(`${last}T00:00:00Z`) + 86_400_000;
  if (Number.isNaN(start) || Number.isNaN(end)) throw new Error("These are no days.");
  if (end <= start) throw new Error("The last day lies before the first.");
  if (end - start > 31 * 86_400_000) throw new Error("A window has at most 31 days.");
  const text = (instant: number) => new Date(instant).toISOString().replace(".000Z", "Z");
  return `${text(start)},${text(end)}`;
}

export function initQueryBar(root: ParentNode): void {
  for (const form of root.querySelectorAll<HTMLFormElement>("[data-query-bar]")) {
    if (form.dataset.ready) continue;
    form.dataset.ready = "true";
    const select = form.querySelector<HTMLSelectElement>("[name=window]");
    const range = form.querySelector<HTMLElement>("[data-custom-range]");
    for (const each of form.querySelectorAll<HTMLSelectElement>("select[name]")) {
      each.addEventListener("change", () => {
        if (each === select && each.value === "custom") {
          range?.removeAttribute("hidden");
          range?.querySelector("input")?.focus();
          return;
        }
        form.requestSubmit();
      });
    }
    if (select && range) listenRange(form, select, range);
  }
}

function listenRange(form: HTMLFormElement, select: HTMLSelectElement, range: HTMLElement): void {
  const first = range.querySelector<HTMLInputElement>("[data-part=first]");
  const last = range.querySelector<HTMLInputElement>("[data-part=last]");
  const problem = range.querySelector<HTMLElement>("[data-part=problem]");
  const apply = () => {
    try {
      const value = customWindow(first?.value ?? "", last?.value ?? "");
      select.append(new Option("Custom range", value, true, true));
    } catch (error) {
      if (problem) problem.textContent = error instanceof Error ? error.message : String(error);
      first?.focus();
      return;
    }
    form.requestSubmit();
  };
  range.querySelector("[data-part=apply]")?.addEventListener("click", apply);
  for (const input of [first, last]) {
    input?.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      apply();
    });
  }
}
