/** "Add filter": field, operator and value become one more condition of the filter text. */

/** One comparison in OpenCost's grammar. Throws a sentence when the grammar cannot say it. */
export function comparison(field: string, key: string, operator: string, value: string): string {
  const values = value
    .split(",")
    .map((part) => part.trim())
    .filter(Boolean);
  if (values.length === 0) throw new Error("Give a value.");
  if (values.some((part) => part.includes('"'))) {
    throw new Error("A value cannot contain a double quote.");
  }
  const keyed = field === "label" || field === "annotation";
  if (keyed && !key.trim()) throw new Error(`Give the ${field}'s name.`);
  const left = keyed ? `${field}[${key.trim().replace(/[^A-Za-z0-9_]/g, "_")}]` : field;
  return `${left}${operator}${values.map((part) => `"${part}"`).join(",")}`;
}

/** Whether the text has a `|` outside quotes and parentheses, so that `+` may not stand beside it. */
function hasBareOr(text: string): boolean {
  let depth = 0;
  let quoted = false;
  for (const character of text) {
    if (character === '"') quoted = !quoted;
    else if (quoted) continue;
    else if (character === "(") depth += 1;
    else if (character === ")") depth -= 1;
    else if (character === "|" && depth === 0) return true;
  }
  return false;
}

/** The filter under which the old one and the new condition hold. */
export function withCondition(filter: string, condition: string): string {
  const old = filter.trim();
  if (!old) return condition;
  return `${hasBareOr(old) ? `(${old})` : old}+${condition}`;
}

export function initFilters(root: ParentNode): void {
  for (const builder of root.querySelectorAll<HTMLElement>("[data-filter-builder]")) {
    if (builder.dataset.ready) continue;
    builder.dataset.ready = "true";
    const pick = <T extends HTMLElement>(name: string) =>
      builder.querySelector<T>(`[data-part="${name}"]`);
    const field = pick<HTMLSelectElement>("field");
    const key = pick<HTMLInputElement>("key");
    const operator = pick<HTMLSelectElement>("operator");
    const value = pick<HTMLInputElement>("value");
    const problem = pick<HTMLElement>("problem");
    const form = builder.closest("form");
    const text = form?.querySelector<HTMLInputElement>("[name=filter]");
    if (!field || !key || !operator || !value || !problem || !form || !text) continue;
    const showKey = () => {
      const keyed = field.value === "label" || field.value === "annotation";
      key.closest<HTMLElement>(".field")?.toggleAttribute("hidden", !keyed);
    };
    const add = () => {
      try {
        const condition = comparison(field.value, key.value, operator.value, value.value);
        text.value = withCondition(text.value, condition);
      } catch (error) {
        problem.textContent = error instanceof Error ? error.message : String(error);
        value.focus();
        return;
      }
      form.requestSubmit();
    };
    showKey();
    field.addEventListener("change", showKey);
    pick<HTMLButtonElement>("add")?.addEventListener("click", add);
    for (const input of [key, value]) {
      input.addEventListener("keydown", (event) => {
        if (event.key !== "Enter") return;
        event.preventDefault();
        add();
      });
    }
  }
}
