// A chart by its link: the same question gives the same picture, in both languages, without script; another
// site can put it into a frame, and nothing else of ours.

import { createServer } from "node:http";
import { createRequire } from "node:module";
import { join } from "node:path";

const require = createRequire(join(process.env.FENHE_TOOLS, "npm/package.json"));
const { chromium } = require("playwright-core");

const { FENHE_URL: url, OUT: out } = process.env;
const ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-dev-shm-usage", "--no-proxy-server"];

function must(condition, message) {
  if (!condition) throw new Error(message);
}

const get = async (path, headers = {}) => {
  const response = await fetch(url + path, { headers });
  return { status: response.status, headers: response.headers, text: await response.text() };
};

/** A data set with a column of text that has few values. */
async function groupable() {
  const found = JSON.parse((await get("/api/v1/datasets?kind=dataset&per_page=100")).text).datasets;
  for (const { id } of found) {
    const rows = JSON.parse((await get(`/api/v1/datasets/${id}/rows?limit=1`)).text).rows;
    for (const [column, value] of Object.entries(rows[0] ?? {})) {
      if (typeof value !== "string") continue;
      const by = encodeURIComponent(`"${column}"`);
      const { groups } = JSON.parse((await get(`/api/v1/datasets/${id}/groups?by=${by}&measures=count&limit=1000`)).text);
      if (groups.length >= 3 && groups.length <= 20) return { id, column, groups };
    }
  }
  throw new Error("no data set of the demo can be grouped");
}

/** A site of someone else, with a frame for each address. */
async function elsewhere(addresses) {
  const frames = addresses.map((address) => `<iframe src="${address.replaceAll("&", "&amp;")}" width="740" height="700"></iframe>`).join("");
  const server = createServer((_, answer) => answer.setHeader("content-type", "text/html; charset=utf-8").end(`<!doctype html><title>elsewhere</title>${frames}`));
  await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
  return { server, address: `http://127.0.0.1:${server.address().port}/` };
}

const { id, column, groups } = await groupable();
const question = `group=${encodeURIComponent(column)}&measure=count&type=bar&sort=name`;
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: ARGUMENTS });
try {
  // The picture has every group with its number, and stays the same.
  for (const [prefix, rows] of [["", "行数"], ["/en", "rows"]]) {
    const svg = await get(`${prefix}/dataset/${id}/chart.svg?${question}`);
    must(svg.status === 200 && svg.headers.get("content-type") === "image/svg+xml", `the picture: ${svg.status}`);
    for (const group of groups) {
      const [name, count] = [Object.values(group)[0] ?? "—", group.count];
      must(svg.text.includes(`: ${count}</title>`) && svg.text.includes(name), `${name} ${count} is not in the picture`);
    }
    must(svg.text.includes(rows) && svg.text.includes("<desc"), "the picture is not described");
    must(svg.headers.get("content-security-policy").includes("default-src 'none'"), "the picture may load things");
    const again = await get(`${prefix}/dataset/${id}/chart.svg?${question}`, { "If-None-Match": svg.headers.get("etag") });
    must(again.status === 304, `an unchanged picture is sent again: ${again.status}`);
  }
  const names = (await get(`/dataset/${id}/chart.svg?${question}`)).text;
  const others = (await get(`/dataset/${id}/chart.svg?${question.replace("sort=name", "sort=value").replace("type=bar", "type=line")}`)).text;
  must(names !== others && others.includes("stroke-width"), "type and order change nothing");
  // What cannot be drawn is explained.
  for (const [query, status] of [["", 400], ["group=%E6%B2%A1%E6%9C%89", 400], [`${question}&column0=${encodeURIComponent(column)}&op0=eq&value0=zzzzzz`, 400], [`${question}&column0=x&op0=eq&value0=1`, 422]]) {
    const wrong = await get(`/dataset/${id}/chart.svg?${query}`);
    must(wrong.status === status && JSON.parse(wrong.text).detail.includes(" / "), `${query}: ${wrong.status} ${wrong.text.slice(0, 200)}`);
  }
  // Only the frame may stand in other pages.
  const framed = await get(`/dataset/${id}/chart?${question}`);
  must(framed.headers.get("content-security-policy").includes("frame-ancestors *") && !framed.headers.get("x-frame-options"), "the frame may not be framed");
  for (const path of ["/", `/dataset/${id}`, `/dataset/${id}/explore?${question}`, "/sign-in"]) {
    const page = await get(path, { Accept: "text/html" });
    must(page.headers.get("content-security-policy").includes("frame-ancestors 'none'") && page.headers.get("x-frame-options") === "DENY", `${path} may be framed`);
  }
  const site = await elsewhere([`${url}/dataset/${id}/chart?${question}`, `${url}/dataset/${id}`]);
  try {
    const page = await browser.newPage();
    await page.goto(site.address, { waitUntil: "load" });
    const texts = await Promise.all(page.frames().slice(1).map((frame) => frame.locator("body").innerText().catch(() => "")));
    must(texts.some((text) => text.includes(Object.values(groups[0])[0] ?? "—")), `the frame shows nothing: ${texts}`);
    must(!texts.some((text) => text.includes("API")), "a page that may not be framed is shown in a frame");
    await page.screenshot({ path: join(out, "framed.png"), fullPage: true });
  } finally {
    site.server.close();
  }
  // The page where it is made: without script the links, with script the drawing too.
  for (const javaScriptEnabled of [false, true]) {
    for (const [name, width] of [["phone", 390], ["desk", 1280]]) {
      const context = await browser.newContext({ javaScriptEnabled, viewport: { width, height: 900 } });
      const page = await context.newPage();
      await page.goto(`${url}/dataset/${id}/explore?${question}`, { waitUntil: "load" });
      const opened = page.locator("summary", { hasText: "分享或嵌入这张图" });
      await opened.click();
      const codes = await page.locator(".govuk-details code").allInnerTexts();
      must(codes.some((code) => code.includes("/explore?group=")) && codes.some((code) => code.startsWith("<iframe")), `no link, no frame: ${codes}`);
      if (!javaScriptEnabled) {
        const drawn = await page.locator("img.fh-picture").evaluate((image) => image.complete && image.naturalWidth > 0).catch(() => false);
        must(drawn, "without script there is no picture");
      }
      const wide = await page.evaluate(() => document.documentElement.scrollWidth).catch(() => 0);
      must(wide <= width, `${name}: ${wide} px wide`);
      await page.screenshot({ path: join(out, `${name}-${javaScriptEnabled ? "script" : "plain"}.png`), fullPage: true });
      await context.close();
    }
  }
  console.log(`${groups.length} groups by ${column} as a picture in two languages, and in a frame of another site`);
} finally {
  await browser.close();
}
