// The public asks and a body answers, in a browser, on a phone and on a desk, in both languages: a form without
// signing in, its secret address, a number of a person that does not get out, an answer that two persons give,
// and what everyone reads in the end; and what was made of the data. No error in the console, nothing wider than the screen.

import { createRequire } from "node:module";
import { join } from "node:path";

const require = createRequire(join(process.env.FENHE_TOOLS, "npm/package.json"));
const { chromium } = require("playwright-core");

const { FENHE_URL: url, OUT: out } = process.env;
const PASSWORD = "fenhe-yanshi-2026";
const SCREENS = { phone: { width: 390, height: 844 }, desk: { width: 1280, height: 900 } };
const ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-dev-shm-usage", "--no-proxy-server"];
const PHONE = "13812345678";

const mistakes = [];

function must(condition, message) {
  if (!condition) throw new Error(message);
}

async function open(browser, screen, options = {}) {
  const context = await browser.newContext({ viewport: SCREENS[screen], locale: "zh-CN", ...options });
  context.setDefaultTimeout(60_000);
  const page = await context.newPage();
  page.on("console", (message) => {
    // A form with mistakes is answered with 422, which a browser calls an error.
    if (message.type() === "error" && !/status of 4(04|22)/.test(message.text())) mistakes.push(`${screen} ${page.url()}: ${message.text()}`);
  });
  page.on("pageerror", (error) => mistakes.push(`${screen} ${page.url()}: ${error}`));
  page.on("response", (response) => {
    if (response.status() >= 500) mistakes.push(`${screen} ${response.url()}: ${response.status()}`);
  });
  return page;
}

async function shoot(page, screen, name) {
  await page.waitForLoadState("load");
  const width = await page.evaluate(() => document.documentElement.scrollWidth);
  if (width > SCREENS[screen].width) mistakes.push(`${screen} ${page.url()}: ${width} px wide`);
  await page.screenshot({ path: join(out, `${screen}-${name}.png`), fullPage: true });
}

async function signedIn(browser, screen, login) {
  const page = await open(browser, screen);
  await page.goto(`${url}/sign-in`);
  await page.fill("#name", login);
  await page.fill("#password", PASSWORD);
  await Promise.all([page.waitForURL(/\/desk$/), page.click("main form button[type=submit]")]);
  return page;
}

/** Presses a button of the main part and waits for the page that comes of it. */
async function press(page, words) {
  await Promise.all([page.waitForNavigation(), page.click(`main button:has-text("${words}")`)]);
}

/** Every page for everyone as it looks, in both languages. */
async function look(browser, screen) {
  const page = await open(browser, screen);
  const list = await (await fetch(`${url}/api/v1/requests?limit=200`)).json();
  const of = (state) => list.requests.find((one) => one.state === state);
  must(of("answered") && of("closed") && of("supplement_asked") && of("to_approve"), "the demo has no case in each state");
  must(list.requests.every((one) => !JSON.stringify(one).includes("demo@example.org")), "a contact is public");
  const conditional = list.requests.find((one) => one.kind === "conditional").dataset;
  const paths = ["/requests", "/requests/new", "/requests/new?kind=open_data", `/requests/new?kind=conditional&about=${conditional}`, "/requests/own", `/requests/${of("answered").number}`, `/requests/${of("supplement_asked").number}`, `/dataset/${conditional}`];
  for (const [number, path] of paths.entries()) {
    for (const [language, prefix] of [["zh", ""], ["en", "/en"]]) {
      const answer = await page.goto(`${url}${prefix}${path}`);
      must(answer.status() === 200, `${prefix}${path}: ${answer.status()}`);
      await shoot(page, screen, `look-${number}-${language}`);
    }
  }
  await page.context().close();
}

/** Files a case and gives the address of its page. */
async function file(browser, screen, script) {
  const page = await open(browser, screen, { javaScriptEnabled: script });
  await page.goto(`${url}/search?q=${encodeURIComponent("火星车轨迹")}`);
  await page.click("main a:has-text('请求开放这些数据')");
  must((await page.inputValue("#title")) === "火星车轨迹", "what was searched for is not carried along");
  await page.fill("#title", "希望开放公共充电桩的利用率");
  await page.fill("#question", `需要按日统计的利用率。请打 ${PHONE} 联系我。`);
  await page.fill("#name", "系统测试");
  await page.fill("#contact", "test@example.org");
  await page.selectOption("#body", { label: "山西省统计局（演示）" });
  // Sooner than anyone can write; what was typed stays.
  await press(page, "提交");
  must(page.url().endsWith("/requests/new"), `a form was taken at once: ${page.url()}`);
  must((await page.textContent("main")).includes("提交得太快"), "it is not said why");
  must((await page.inputValue("#name")) === "系统测试", "what was typed is lost");
  await shoot(page, screen, "too-soon");
  await page.waitForTimeout(3500);
  await press(page, "提交");
  must(/\/requests\/own\/[0-9A-Z-]{9}\/[\w-]{43}$/.test(page.url()), `no page of one's own: ${page.url()}`);
  must((await page.textContent("main")).includes("test@example.org"), "the filer does not see what was filed");
  await shoot(page, screen, "own");
  const address = page.url();
  await page.context().close();
  return address;
}

async function journey(browser, screen, script) {
  const address = await file(browser, screen, script);
  const number = address.split("/").at(-2);
  const anyone = await open(browser, screen);
  const seen = async () => {
    await anyone.goto(`${url}/requests/${number}`);
    return anyone.textContent("main");
  };
  const before = await seen();
  for (const secret of [PHONE, "利用率", "test@example.org", "系统测试"]) must(!before.includes(secret), `${secret} is public before it was released`);

  const clerk = await signedIn(browser, screen, "clerk");
  must((await clerk.textContent("main")).includes("希望开放公共充电桩的利用率"), "the inbox does not show the case");
  await shoot(clerk, screen, "inbox");
  await clerk.goto(`${url}/desk/requests/${number}`);
  const proposed = await clerk.inputValue("#question");
  must(proposed.includes("【手机号码】") && !proposed.includes(PHONE), `the release is not proposed masked: ${proposed}`);
  await shoot(clerk, screen, "desk-filed");
  await clerk.fill("#question", `需要按日统计的利用率。请打 ${PHONE} 联系我。`);
  await press(clerk, "公开");
  must((await clerk.textContent("main")).includes("不得公开"), "a number of a person can be released");
  await shoot(clerk, screen, "desk-barred");
  await clerk.fill("#question", proposed);
  await press(clerk, "公开");
  await press(clerk, "受理");
  await clerk.selectOption("#outcome", "refused");
  await clerk.fill("#text", "数据由企业产生，尚未归集，本单位没有这项数据。");
  await press(clerk, "提交审批");
  must((await clerk.textContent("main")).includes("须写明法律依据"), "a refusal needs no ground");
  await shoot(clerk, screen, "desk-no-ground");
  await clerk.selectOption("#outcome", "not_held");
  await clerk.fill("#holder", "山西省能源局");
  await press(clerk, "提交审批");
  must(!(await clerk.isVisible("main button:has-text('批准并公布答复')")), "who wrote the answer can approve it");
  must(!(await seen()).includes("山西省能源局"), "a draft is public");

  const head = await signedIn(browser, screen, "head");
  await head.goto(`${url}/en/desk/requests/${number}`);
  await shoot(head, screen, "desk-to-approve");
  await press(head, "Approve and publish the answer");
  const after = await seen();
  for (const words of ["山西省能源局", "按日统计的利用率", "不属于本单位"]) must(after.includes(words), `${words} is not public: ${after}`);
  must(!after.includes(PHONE), "a number of a person is public");
  await shoot(anyone, screen, "answered");

  const filer = await open(browser, screen, { javaScriptEnabled: script });
  await filer.goto(address);
  await press(filer, "我满意");
  must((await filer.textContent("main")).includes("已办结"), "the filer cannot close it");
  for (const page of [anyone, clerk, head, filer]) await page.context().close();
}

/** What was made of the data: the gallery, the page of the dataset, the form and the review. */
async function reuses(browser) {
  const { reuses: shown } = await (await fetch(`${url}/api/v1/reuses`)).json();
  must(shown.length === 1 && !JSON.stringify(shown).includes("demo@example.org"), "the gallery is not what was reviewed");
  for (const screen of Object.keys(SCREENS)) {
    const page = await open(browser, screen);
    for (const [name, path] of [["gallery", "/reuses"], ["gallery-en", "/en/reuses"], ["reuse-form", "/reuses/new"]]) {
      await page.goto(`${url}${path}`);
      await shoot(page, screen, name);
    }
    await page.goto(`${url}/reuses`);
    must((await page.textContent("main")).includes("县域老龄化地图"), "the gallery does not show the reuse");
    await page.context().close();
  }
  const admin = await signedIn(browser, "desk", "admin");
  await admin.goto(`${url}/desk/reuses`);
  await shoot(admin, "desk", "desk-reuses");
  await admin.click("main summary:has-text('不展示') >> nth=0");
  await admin.fill("main textarea >> nth=0", "演示用，不展示");
  await press(admin, "不展示");
  must((await admin.textContent("main")).includes("没有待审核的成果"), "declining does not take it from the list");
  await admin.context().close();
}

/** A complaint that persons are exposed comes before the data administrator, with the button that stops it. */
async function complaint(browser) {
  const admin = await signedIn(browser, "desk", "admin");
  await admin.click("main a:has-text('核查暴露')");
  must(await admin.isVisible("main summary:has-text('暂停开放这份数据')"), "the release cannot be suspended from its complaint");
  await shoot(admin, "desk", "complaint");
  await admin.goto(`${url}/desk/requests`);
  await shoot(admin, "desk", "desk-list");
  await admin.context().close();
}

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: ARGUMENTS });
try {
  for (const screen of Object.keys(SCREENS)) await look(browser, screen);
  await journey(browser, "desk", true);
  await journey(browser, "phone", false);
  await complaint(browser);
  await reuses(browser);
} finally {
  await browser.close();
}
must(mistakes.length === 0, mistakes.join("\n"));
console.log("asked without an account, answered by two persons, on two screens, once without script; one reuse declined");
