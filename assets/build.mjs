// Builds what the pages load: `npm run build` writes `dist/` with hashed names and `manifest.json`
// (logical name → file name). Nothing here reads the network; the browser loads nothing from elsewhere.
//
// Budget: style sheet + script + mark, compressed, stay under 60 KB, so that a first page with its
// HTML stays under 100 KB. The build fails when they do not.

import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { compile } from "sass";

const here = dirname(fileURLToPath(import.meta.url));
const dist = join(here, "dist");
const BUDGET_BYTES = 60_000;
const FIRST_PAGE = ["fenhe.css", "fenhe.js", "mark.svg"];
const SCRIPTS = ["fenhe", "chart", "upload"];
const ICONS = ["mark.svg", "mark-192.svg"];

rmSync(dist, { recursive: true, force: true });
mkdirSync(dist, { recursive: true });

const manifest = {};
const compressed = {};

function emit(name, bytes) {
  const dot = name.lastIndexOf(".");
  const digest = createHash("sha256").update(bytes).digest("hex").slice(0, 10);
  const file = `${name.slice(0, dot)}.${digest}${name.slice(dot)}`;
  writeFileSync(join(dist, file), bytes);
  manifest[name] = file;
  compressed[name] = gzipSync(bytes, { level: 9 }).length;
}

const css = compile(join(here, "styles", "fenhe.scss"), {
  style: "compressed",
  loadPaths: [join(here, "node_modules")],
  charset: false,
  quietDeps: true,
});
emit("fenhe.css", Buffer.from(css.css));

for (const name of SCRIPTS) {
  const result = await build({
    entryPoints: [join(here, "scripts", `${name}.js`)],
    bundle: true,
    minify: true,
    format: "iife",
    target: ["es2020"],
    legalComments: "none",
    write: false,
    logLevel: "warning",
  });
  emit(`${name}.js`, Buffer.from(result.outputFiles[0].contents));
}

for (const name of ICONS) emit(basename(name), readFileSync(join(here, "icons", name)));

writeFileSync(join(dist, "manifest.json"), `${JSON.stringify(manifest, null, 2)}\n`);

for (const [name, bytes] of Object.entries(compressed)) {
  console.log(`${name.padEnd(14)} ${(bytes / 1000).toFixed(1).padStart(7)} KB compressed  ${manifest[name]}`);
}
const first = FIRST_PAGE.reduce((sum, name) => sum + compressed[name], 0);
console.log(`first page loads ${(first / 1000).toFixed(1)} KB beside its HTML (budget ${BUDGET_BYTES / 1000} KB)`);
if (first > BUDGET_BYTES) {
  console.error("over budget: make the first page lighter");
  process.exit(1);
}
