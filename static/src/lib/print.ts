/** <button data-print> prints the page. */
export function initPrint(root: ParentNode): void {
  for (const button of root.querySelectorAll<HTMLButtonElement>("[data-print]")) {
    if (button.dataset.ready) continue;
    button.dataset.ready = "true";
    button.addEventListener("click", () => window.print());
  }
}
