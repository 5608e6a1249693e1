// The journey of a clerk in a browser, on a phone and on a desk: sign in, register, upload with progress,
// send to the gate, read the verdict. No error in the console, nothing against the content security
// policy, nothing wider than the screen. Then the first steps once more without script.

import { createRequire } from "node:module";
import { mkdirSync } from "node:fs";
import { join } from "node:path";

const require = createRequire(join(process.env.FENHE_TOOLS, "npm/package.json"));
const { chromium } = require("playwright-core");

const { FENHE_URL: url, OUT: out } = process.env;
const PASSWORD = "fenhe-yanshi-2026";
const SCREENS = { phone: { width: 390, height: 844 }, desk: { width: 1280, height: 900 } };
const ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-dev-shm-usage", "--no-proxy-server"];

const mistakes = [];

function must(condition, message) {
  if (!condition) throw new Error(message);
}

/** A page that tells of everything that goes wrong on it. */
async function open(browser, screen, options = {}) {
  const context = await browser.newContext({ viewport: SCREENS[screen], locale: "zh-CN", ...options });
  context.setDefaultTimeout(60_000);
  const page = await context.newPage();
  await page.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", (event) => console.error(`CSP ${event.violatedDirective} ${event.blockedURI}`));
  });
  page.on("console", (message) => {
    if (message.type() === "error") mistakes.push(`${screen} ${page.url()}: ${message.text()}`);
  });
  page.on("pageerror", (error) => mistakes.push(`${screen} ${page.url()}: ${error}`));
  page.on("response", (response) => {
    if (response.status() >= 500) mistakes.push(`${screen} ${response.url()}: ${response.status()}`);
  });
  return page;
}

/** The elements that reach farthest to the right, told in the page. */
function widest() {
  const told = (element) => `<${element.tagName.toLowerCase()} class="${element.className}"> to ${Math.round(element.getBoundingClientRect().right)}`;
  const right = (element) => element.getBoundingClientRect().right;
  return [...document.querySelectorAll("body *")].sort((a, b) => right(b) - right(a)).slice(0, 4).map(told).join(", ");
}

async function shoot(page, screen, name) {
  // An element can be there before the style sheet: then nothing has its width yet.
  await page.waitForLoadState("load");
  const width = await page.evaluate(() => document.documentElement.scrollWidth);
  if (width > SCREENS[screen].width) {
    mistakes.push(`${screen} ${page.url()}: ${width} px wide on ${SCREENS[screen].width} px: ${await page.evaluate(widest)}`);
  }
  await page.screenshot({ path: join(out, `${screen}-${name}.png`), fullPage: true });
}

async function signIn(page, login) {
  await page.goto(`${url}/sign-in`);
  await page.fill("#name", login);
  await page.fill("#password", PASSWORD);
  await Promise.all([page.waitForURL(/\/desk$/), page.click("main form button[type=submit]")]);
}

/** A CSV file about persons who do not exist. */
function persons(rows) {
  const lines = ["姓名,手机号,性别,年龄,区划代码,满意度"];
  let seed = 42;
  const dice = (most) => {
    seed = (seed * 1103515245 + 12345) % 2147483648;
    return Math.floor((seed / 2147483648) * most);
  };
  const one = (text) => text[dice(text.length)];
  for (let number = 0; number < rows; number += 1) {
    const phone = `154${String(dice(100_000_000)).padStart(8, "0")}`;
    lines.push(`${one("王李张刘赵")}${one("明红建丽")}${one("国芳海燕")},${phone},${one("男女")},${18 + dice(60)},14010${5 + dice(5)},${1 + dice(5)}`);
  }
  return Buffer.from(`${lines.join("\r\n")}\r\n`);
}

async function portal(page, screen) {
  for (const [name, path] of Object.entries({ home: "/", search: "/search?q=山西", english: "/en", evidence: "/evidence", developers: "/developers" })) {
    const answer = await page.goto(url + encodeURI(path));
    must(answer.status() === 200, `${path}: ${answer.status()}`);
    await shoot(page, screen, name);
  }
  await page.goto(`${url}/search?kind=dataset`);
  await page.locator('main a[href*="/dataset/"]').first().click();
  await page.waitForURL(/\/dataset\//);
  await shoot(page, screen, "dataset");
}

async function journey(page, screen, title) {
  await signIn(page, "clerk");
  await shoot(page, screen, "inbox");
  await page.goto(`${url}/desk/assets/new`);
  await page.fill("#title_zh", title);
  await Promise.all([page.waitForURL(/\/desk\/assets\/[0-9a-f-]{36}/), page.click("main form button[type=submit]")]);
  await shoot(page, screen, "edit");
  const asset = page.url().match(/\/desk\/assets\/[0-9a-f-]{36}/)[0];

  await page.goto(`${url}${asset}/upload`);
  await shoot(page, screen, "upload");
  await page.setInputFiles("#file", { name: "survey.csv", mimeType: "text/csv", buffer: persons(6000) });
  const sent = [];
  page.on("request", (request) => request.method() === "PATCH" && sent.push(request.url()));
  // The pieces are held back a little, so that the progress is there to be seen.
  await page.route("**/api/v1/uploads/*", async (route) => {
    await new Promise((resolve) => setTimeout(resolve, 400));
    await route.continue();
  });
  await page.click("main form[data-upload] button[type=submit]");
  await page.waitForSelector("[data-upload-progress]:not([hidden])");
  await shoot(page, screen, "progress");
  await page.waitForURL((at) => !at.pathname.endsWith("/upload"));
  must(sent.length > 0, "the file was not sent in pieces");
  if (!/\/versions\/1$/.test(page.url())) {
    mistakes.push(`${screen}: after the upload the page is ${page.url()}, not the version's`);
    await page.goto(`${url}${asset}/versions/1`);
  }
  await page.waitForFunction(() => document.querySelector("[data-job]") === null);
  await shoot(page, screen, "version");

  await page.goto(url + asset);
  await shoot(page, screen, "asset");
  await Promise.all([page.waitForURL(/\/desk\/gate\//), page.click('main form[action$="/gate"] button')]);
  await page.waitForSelector('main form[action$="/columns"] select');
  await shoot(page, screen, "gate-found");
  await page.click('main form[action$="/columns"] button[type=submit]');
  await page.waitForSelector(".fh-verdict--pass, .fh-verdict--refuse");
  const verdict = await page.locator(".fh-verdict h1").innerText();
  await shoot(page, screen, "gate-measured");
  must((await page.locator(".fh-verdict--pass").count()) === 1, `the gate does not let it pass: ${verdict}`);
  return asset;
}

async function reviewer(browser, screen) {
  const page = await open(browser, screen);
  await signIn(page, "reviewer");
  await page.goto(`${url}/desk/reviews`);
  await shoot(page, screen, "reviews");
  await page.context().close();
}

/** Registering with a file works without script, and the items come from the file. */
async function withoutScript(browser) {
  const page = await open(browser, "desk", { javaScriptEnabled: false });
  await signIn(page, "clerk");
  await page.goto(`${url}/desk/assets/new`);
  await page.fill("#title_zh", "无脚本登记（系统测试）");
  await page.setInputFiles("#file", { name: "survey.csv", mimeType: "text/csv", buffer: persons(200) });
  await Promise.all([page.waitForURL(/\/desk\/assets\/[0-9a-f-]{36}/), page.click("main form button[type=submit]")]);
  const asset = page.url().match(/\/desk\/assets\/[0-9a-f-]{36}/)[0];
  for (let tries = 0; ; tries += 1) {
    await page.goto(`${url}${asset}/versions/1`);
    if ((await page.locator(".fh-figures").count()) > 0) break;
    must(tries < 100, "the file that was sent without script is not read");
    await page.waitForTimeout(200);
  }
  must((await page.locator(".fh-figures dd").first().innerText()) === "200", "the version has other rows");
  await page.screenshot({ path: join(out, "desk-without-script.png"), fullPage: true });
  await page.context().close();
}

mkdirSync(out, { recursive: true });
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: ARGUMENTS });
let current = null;
try {
  for (const screen of Object.keys(SCREENS)) {
    current = await open(browser, screen);
    await portal(current, screen);
    await journey(current, screen, `浏览器登记（系统测试，${screen}）`);
    await reviewer(browser, screen);
    await current.context().close();
    current = null;
  }
  await withoutScript(browser);
  must(mistakes.length === 0, mistakes.join("\n"));
  console.log("the journey on a phone and on a desk, without an error in the console");
} catch (error) {
  if (current) await current.screenshot({ path: join(out, "failed.png"), fullPage: true }).catch(() => null);
  console.error(`not as it should be: ${error.message}`);
  if (mistakes.length > 0) console.error(mistakes.join("\n"));
  process.exitCode = 1;
} finally {
  await browser.close();
}
