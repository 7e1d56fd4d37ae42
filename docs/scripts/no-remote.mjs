// The built site must load nothing from elsewhere: no script, style, font, image or frame of another host.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const LOADS = [
  /<(?:script|img|iframe|source|audio|video|embed)\b[^>]*\bsrc(?:set)?=["']?(?:https?:)?\/\/[^"'\s>]+/gi,
  /<link\b(?=[^>]*\brel=["']?(?:stylesheet|preload|modulepreload|preconnect|dns-prefetch|icon|manifest))[^>]*\bhref=["']?(?:https?:)?\/\/[^"'\s>]+/gi,
  /url\(\s*["']?(?:https?:)?\/\/[^"')\s]+/gi,
  /@import\s+["'](?:https?:)?\/\/[^"']+/gi,
];

const found = [];
for (const entry of readdirSync("build", { recursive: true, withFileTypes: true })) {
  if (!entry.isFile() || !/\.(?:html|css)$/.test(entry.name)) continue;
  const path = join(entry.parentPath, entry.name);
  // The reference carries its own program as text, in which such addresses are words; its policy refuses them.
  const text = readFileSync(path, "utf8").replace(/(<script\b[^>]*>)[\s\S]*?<\/script>/gi, "$1</script>");
  for (const pattern of LOADS) {
    for (const [load] of text.matchAll(pattern)) found.push(`${path}: ${load}`);
  }
}
if (found.length > 0) {
  console.error(`The site loads from elsewhere:\n${found.join("\n")}`);
  process.exit(1);
}
