// `npm run preview`: renders the templates with their fixtures and serves the result on a loopback
// port, with the content security policy that the server uses. Each request renders anew.
// Settings: PORT (8090), PYTHON (a Python with PyPI `minijinja`; default python3).

import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { dirname, extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const out = join(here, "..", "node_modules", ".cache", "preview");
const dist = join(here, "..", "dist");
const port = Number(process.env.PORT ?? 8090);
const types = { ".html": "text/html; charset=utf-8", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml", ".json": "application/json" };
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

function render() {
  const run = spawnSync(process.env.PYTHON ?? "python3", [join(here, "render.py"), out], { encoding: "utf8" });
  if (run.status !== 0) console.error(run.stderr || run.error?.message);
}

function index() {
  const pages = JSON.parse(readFileSync(join(out, "pages.json"), "utf8"));
  return `<!doctype html><html lang="en"><title>Fenhe pages</title><ul>${pages.map((p) => `<li><a href="/${p}">${p}</a></li>`).join("")}</ul></html>`;
}

render();
createServer((request, response) => {
  const path = normalize(decodeURIComponent(new URL(request.url, "http://localhost").pathname));
  if (path === "/") {
    response.writeHead(200, { "content-type": types[".html"] });
    return response.end(index());
  }
  const file = path.startsWith("/assets/") ? join(dist, path.slice(8)) : join(out, path);
  if (path.endsWith(".html") && process.env.RENDER !== "once") render();
  if (!existsSync(file)) {
    response.writeHead(404, { "content-type": "text/plain" });
    return response.end("not in the preview");
  }
  response.writeHead(200, { "content-type": types[extname(file)] ?? "application/octet-stream", "content-security-policy": policy });
  response.end(readFileSync(file));
}).listen(port, "127.0.0.1", () => console.log(`http://127.0.0.1:${port}/`));
