import { announce } from "./live";

/** <button data-copy="#id"> copies that element's text; data-copy-text copies its own value. */
export function initCopy(root: ParentNode): void {
  for (const button of root.querySelectorAll<HTMLButtonElement>("[data-copy], [data-copy-text]")) {
    if (button.dataset.ready) continue;
    button.dataset.ready = "true";
    button.addEventListener("click", () => void copyFrom(button));
  }
}

async function copyFrom(button: HTMLButtonElement): Promise<void> {
  const source = button.dataset.copy ? document.querySelector(button.dataset.copy) : null;
  const text = button.dataset.copyText ?? source?.textContent?.trim() ?? "";
  const label = button.querySelector("[data-copy-label]") ?? button;
  const before = button.dataset.copyBefore ?? label.textContent ?? "";
  button.dataset.copyBefore = before;
  try {
    await navigator.clipboard.writeText(text);
    label.textContent = "Copied";
  } catch {
    // no clipboard (plain http, refused): select the text, so that Ctrl+C does it
    if (source) getSelection()?.selectAllChildren(source);
    label.textContent = source ? "Press Ctrl+C" : "Copy failed";
  }
  announce(label.textContent);
  setTimeout(() => {
    label.textContent = before;
  }, 2500);
}
