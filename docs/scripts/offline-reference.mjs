// Redoc shows its maker's logo from a CDN. The page must not ask for anything elsewhere, so the image
// becomes an empty one; the template names Redoc in words.
import { readFileSync, writeFileSync } from "node:fs";

const PAGE = "static/api/index.html";
const LOGO = /https:\/\/cdn\.redoc\.ly\/redoc\/logo-mini(?:-full)?\.svg/g;
const EMPTY = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg'/%3E";

const page = readFileSync(PAGE, "utf8");
if (!page.match(LOGO)) {
  throw new Error(`${PAGE} does not hold the logo's address any more: look at what it loads now`);
}
writeFileSync(PAGE, page.replace(LOGO, EMPTY));
