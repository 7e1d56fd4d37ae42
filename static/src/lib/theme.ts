/** Light, dark, or whatever the system says. The choice is kept in this browser only. */
export type Theme = "system" | "light" | "dark";

const KEY = "theme";
const ORDER: readonly Theme[] = ["system", "light", "dark"];

export function storedTheme(): Theme {
  try {
    const value = localStorage.getItem(KEY);
    return value === "light" || value === "dark" ? value : "system";
  } catch {
    return "system"; // storage may be forbidden; the page works without it
  }
}

function systemPrefersDark(): MediaQueryList {
  return matchMedia("(prefers-color-scheme: dark)");
}

export function effectiveTheme(theme: Theme = storedTheme()): "light" | "dark" {
  if (theme !== "system") return theme;
  return systemPrefersDark().matches ? "dark" : "light";
}

export function applyTheme(theme: Theme = storedTheme()): void {
  const root = document.documentElement;
  root.dataset.theme = theme;
  root.dataset.bsTheme = effectiveTheme(theme);
  document.dispatchEvent(new CustomEvent("theme:change"));
}

export function chooseTheme(theme: Theme): void {
  try {
    if (theme === "system") localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, theme);
  } catch {
    // the choice then lasts as long as this page
  }
  applyTheme(theme);
}

export function nextTheme(theme: Theme): Theme {
  return ORDER[(ORDER.indexOf(theme) + 1) % ORDER.length] ?? "system";
}

/** Paper is white: print what the light theme shows, then come back. */
export function printLight(): void {
  addEventListener("beforeprint", () => {
    document.documentElement.dataset.bsTheme = "light";
    document.dispatchEvent(new CustomEvent("theme:change"));
  });
  addEventListener("afterprint", () => applyTheme());
}

export function followSystem(): void {
  systemPrefersDark().addEventListener("change", () => {
    if (storedTheme() === "system") applyTheme("system");
  });
}

const NAMES: Record<Theme, string> = { system: "System", light: "Light", dark: "Dark" };

/** The button in the top bar walks through system, light and dark, and says where it stands. */
export function initThemeToggle(root: ParentNode): void {
  for (const button of root.querySelectorAll<HTMLButtonElement>("[data-theme-toggle]")) {
    if (button.dataset.ready) continue;
    button.dataset.ready = "true";
    const say = () => {
      const text = `Theme: ${NAMES[storedTheme()]}`;
      button.setAttribute("aria-label", `${text}. Change theme`);
      button.title = text;
    };
    say();
    button.addEventListener("click", () => {
      chooseTheme(nextTheme(storedTheme()));
      say();
    });
  }
}
