import htmx from "htmx.org";
import { initCharts } from "./charts/index";
import { initCalendars } from "./lib/calendar";
import { initCopy } from "./lib/copy";
import { initFilters } from "./lib/filters";
import { initFinders } from "./lib/find";
import { initMenus, initNavToggle } from "./lib/menus";
import { initPrint } from "./lib/print";
import { initQueryBar } from "./lib/querybar";
import { initRequests } from "./lib/requests";
import { initThemeToggle } from "./lib/theme";

/** Each runs on load and again for what htmx swapped in; each is safe to run twice. */
const inits: ((root: ParentNode) => void)[] = [
  initMenus,
  initNavToggle,
  initThemeToggle,
  initCopy,
  initPrint,
  initFilters,
  initFinders,
  initCalendars,
  initQueryBar,
  initCharts,
];

function init(root: ParentNode): void {
  for (const each of inits) each(root);
}

initRequests();
init(document);
htmx.on("htmx:afterSettle", (event) => {
  if (event.target instanceof Element) init(event.target.parentElement ?? event.target);
});
