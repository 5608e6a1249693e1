// Nothing is wider than a phone: the main pages in both languages at 390 px, for anyone, for the clerk and
// for those who decide. A page that is too wide is named with the elements that make it so.

import { createRequire } from "node:module";
import { mkdirSync } from "node:fs";
import { join } from "node:path";

const require = createRequire(join(process.env.FENHE_TOOLS, "npm/package.json"));
const { chromium } = require("playwright-core");

const { FENHE_URL: url, OUT: out } = process.env;
const PASSWORD = "fenhe-yanshi-2026";
const WIDTH = 390;
const ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-dev-shm-usage", "--no-proxy-server"];

const tooWide = [];
let looked = 0;

/** The elements that stand out on the right and lie in no box that scrolls, told in the page. */
function standingOut(width) {
  const clips = (element) => {
    for (let box = element.parentElement; box && box !== document.body; box = box.parentElement) {
      if (getComputedStyle(box).overflowX !== "visible") return true;
    }
    return false;
  };
  const told = [];
  for (const element of document.querySelectorAll("body *")) {
    const { right, width: own } = element.getBoundingClientRect();
    if (own > 0 && right > width + 0.5 && !clips(element)) {
      const words = element.textContent.trim().slice(0, 30);
      told.push(`<${element.tagName.toLowerCase()} class="${element.className}"> to ${Math.round(right)}: ${words}`);
    }
  }
  return told.slice(0, 5).join("; ");
}

async function look(page, path, name) {
  for (const prefix of ["", "/en"]) {
    const address = prefix + (path === "/" && prefix ? "" : path);
    const answer = await page.goto(url + encodeURI(address), { waitUntil: "load" });
    if (answer.status() !== 200) throw new Error(`${address}: ${answer.status()}`);
    // Fonts, charts and tabs have their size once the scripts ran.
    await page.evaluate(() => document.fonts.ready);
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    looked += 1;
    if (width > WIDTH) {
      tooWide.push(`${address} is ${width} px wide: ${await page.evaluate(standingOut, WIDTH)}`);
      await page.screenshot({ path: join(out, `${name}${prefix.replace("/", "-")}.png`), fullPage: true });
    }
  }
}

async function open(browser) {
  const context = await browser.newContext({ viewport: { width: WIDTH, height: 844 }, locale: "zh-CN" });
  context.setDefaultTimeout(60_000);
  return context.newPage();
}

async function signedIn(browser, login) {
  const page = await open(browser);
  await page.goto(`${url}/sign-in`);
  await page.fill("#name", login);
  await page.fill("#password", PASSWORD);
  await Promise.all([page.waitForURL(/\/desk$/), page.click("main form button[type=submit]")]);
  return page;
}

async function json(page, path) {
  return (await page.request.get(url + path)).json();
}

/** What anyone sees: every open data set, because each has other words and numbers. */
async function portal(browser) {
  const page = await open(browser);
  const named = { home: "/", search: "/search?q=山西", results: "/search", "sign-in": "/sign-in", evidence: "/evidence", bodies: "/bodies", developers: "/developers", topics: "/topics", topic: "/topics/population", sql: "/sql", "sql-answer": "/sql?sql=select+1+as+x", nothing: "/search?q=qqqqqq" };
  for (const [name, path] of Object.entries(named)) await look(page, path, name);
  const found = await json(page, "/api/v1/datasets?per_page=100");
  const [data, entries] = [found.datasets.filter((one) => one.has_data), found.datasets.filter((one) => !one.has_data)];
  if (data.length === 0 || entries.length === 0) throw new Error("the demo has no data sets or no entries");
  for (const { id } of data) {
    await look(page, `/dataset/${id}`, `dataset-${id}`);
    await look(page, `/dataset/${id}/explore`, `explore-${id}`);
  }
  await look(page, `/dataset/${data[0].id}/rating`, "rating");
  for (const { id } of entries.slice(0, 3)) await look(page, `/dataset/${id}`, `entry-${id}`);
  await page.context().close();
}

/** What the clerk sees: the inbox, an asset, a draft, and a run of the gate of each outcome. */
async function clerk(browser) {
  const page = await signedIn(browser, "clerk");
  for (const [name, path] of Object.entries({ inbox: "/desk", assets: "/desk/assets", register: "/desk/assets/new", account: "/desk/account" })) {
    await look(page, path, name);
  }
  const seen = new Set();
  for (const asset of (await json(page, "/api/v1/assets?limit=200")).assets) {
    if (asset.origin !== null) continue;
    const runs = await page.request.get(`${url}/api/v1/assets/${asset.id}/gate-runs`);
    for (const run of runs.ok() ? await runs.json() : []) {
      if (seen.has(run.state)) continue;
      seen.add(run.state);
      await look(page, `/desk/gate/${run.id}`, `gate-${run.state}`);
    }
    if (!seen.has(`asset ${asset.state}`)) {
      seen.add(`asset ${asset.state}`);
      await look(page, `/desk/assets/${asset.id}`, `asset-${asset.state}`);
    }
  }
  for (const needed of ["approved", "refused"]) {
    if (!seen.has(needed)) throw new Error(`the demo has no gate run that is ${needed}`);
  }
  await page.context().close();
}

async function deciders(browser) {
  for (const login of ["head", "admin", "reviewer"]) {
    const page = await signedIn(browser, login);
    await look(page, "/desk", `inbox-${login}`);
    await look(page, "/desk/reviews", `reviews-${login}`);
    await page.context().close();
  }
}

mkdirSync(out, { recursive: true });
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: ARGUMENTS });
try {
  await portal(browser);
  await clerk(browser);
  await deciders(browser);
  if (tooWide.length > 0) throw new Error(`${tooWide.length} of ${looked} pages are wider than ${WIDTH} px\n${tooWide.join("\n")}`);
  console.log(`${looked} pages at ${WIDTH} px, none wider`);
} catch (error) {
  console.error(`not as it should be: ${error.message}`);
  process.exitCode = 1;
} finally {
  await browser.close();
}
