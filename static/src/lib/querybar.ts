/** The query bar asks as soon as something is chosen; a custom range first wants two days. */

const DAY = 86_400_000;

const LONGEST = 31;

/** Two days, both included, as instants of which the second is excluded. Throws a sentence where that is none. */
function ends(first: string, last: string): [number, number] {
  if (!first || !last) throw new Error("Give the first and the last day.");
  const start = Date.parse(`${first}T00:00:00Z`);
  const end = Date.parse(`${last}T00:00:00Z`) + DAY;
  if (Number.isNaN(start) || Number.isNaN(end)) throw new Error("These are no days.");
  if (end <= start) throw new Error("The last day lies before the first.");
  if (end - start > LONGEST * DAY) throw new Error(`A window has at most ${LONGEST} days.`);
  return [start, end];
}

/** A window from two days, both included, as UTC instants; a sentence where that is no window. */
export function customWindow(first: string, last: string): string {
  const text = (instant: number) => new Date(instant).toISOString().replace(".000Z", "Z");
  return ends(first, last).map(text).join(",");
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
    for (const each of form.querySelectorAll<HTMLInputElement>("input[data-submits]")) {
      each.addEventListener("change", () => form.requestSubmit());
    }
    if (select && range) listenRange(form, select, range);
  }
}

function listenRange(form: HTMLFormElement, select: HTMLSelectElement, range: HTMLElement): void {
  const first = range.querySelector<HTMLInputElement>("[data-part=first]");
  const last = range.querySelector<HTMLInputElement>("[data-part=last]");
  const problem = range.querySelector<HTMLElement>("[data-part=problem]");
  const choose = (from: string, to: string) => {
    select.append(new Option("Custom range", customWindow(from, to), true, true));
  };
  const apply = () => {
    try {
      choose(first?.value ?? "", last?.value ?? "");
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
