// Builds dist/: one script, one style sheet, the theme switch that must run first, the icon sprite.
import { copyFileSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";
import * as sass from "sass";

const here = fileURLToPath(new URL(".", import.meta.url));

/** Compiles the chosen parts of Tabler; the rest of the style sheet is plain CSS. */
const scss = {
  name: "scss",
  setup(build) {
    build.onLoad({ filter: /\.scss$/ }, ({ path }) => {
      const { css, loadedUrls } = sass.compile(path, {
        loadPaths: [`${here}node_modules`],
        quietDeps: true,
      });
      return {
        contents: css,
        loader: "css",
        watchFiles: loadedUrls.map((url) => fileURLToPath(url)),
      };
    });
  },
};

/** One SVG file with a symbol per icon named in src/icons.json. */
function writeSprite() {
  const names = JSON.parse(readFileSync(`${here}src/icons.json`, "utf8"));
  const symbols = names.map((name) => {
    const svg = readFileSync(`${here}node_modules/@tabler/icons/icons/outline/${name}.svg`, "utf8");
    const shapes = svg.replace(/^[\s\S]*?<svg[^>]*>/, "").replace(/<\/svg>\s*$/, "");
    return `<symbol id="${name}" viewBox="0 0 24 24">${shapes.replace(/\s+/g, " ").trim()}</symbol>`;
  });
  writeFileSync(
    `${here}dist/icons.svg`,
    `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join("")}</svg>\n`,
  );
}

const options = {
  absWorkingDir: here,
  bundle: true,
  minify: true,
  target: ["es2022", "chrome120", "firefox120", "safari17.5"],
  logLevel: "warning",
};

if (process.argv.includes("--tests")) {
  rmSync(`${here}node_modules/.cache/tests`, { recursive: true, force: true });
  const tests = (await readdir(`${here}tests`)).filter((name) => name.endsWith(".test.ts"));
  await esbuild.build({
    ...options,
    minify: false,
    target: "node20",
    platform: "node",
    format: "esm",
    packages: "external",
    entryPoints: tests.map((name) => `tests/${name}`),
    outdir: "node_modules/.cache/tests",
  });
} else {
  const context = await esbuild.context({
    ...options,
    entryPoints: [
      "src/main.ts",
      "src/theme.ts",
      { in: "src/styles/main.css", out: "main" },
      { in: "src/styles/staff.css", out: "staff" },
    ],
    entryNames: "[name]",
    assetNames: "[name]",
    outdir: "dist",
    format: "iife",
    loader: { ".woff2": "file", ".svg": "file" },
    plugins: [scss],
  });
  await context.rebuild();
  writeSprite();
  copyFileSync(`${here}src/assets/favicon.svg`, `${here}dist/favicon.svg`);
  if (process.argv.includes("--watch")) await context.watch();
  else await context.dispose();
}
