// Runs before the first paint, so that a chosen theme never flashes. Kept tiny on purpose.
import { applyTheme, followSystem, printLight } from "./lib/theme";

document.documentElement.classList.add("js");
applyTheme();
followSystem();
printLight();
