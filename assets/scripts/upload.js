// Sends a file in pieces and goes on after an interruption, then follows the reading on the server.
//
// 1. POST /api/v1/assets/{asset}/uploads            → { upload_id, offset }
// 2. PATCH /api/v1/uploads/{upload}, Upload-Offset   → 204 with the new Upload-Offset; again until all is sent
//    HEAD /api/v1/uploads/{upload}                   → Upload-Offset, where to go on after an interruption
// 3. POST /api/v1/uploads/{upload}/completion        → { job_id, version_id }
// 4. GET /api/v1/jobs/{job}                          until it ends
//
// What is needed to go on is kept in localStorage under the file's fingerprint (name, size, date); the
// server's offset decides, never our memory of it. Without script the form is an ordinary multipart post.

import { describeJob, drawJob, followJob } from "./job.js";
import { bytes, duration, t } from "./language.js";

const PIECE_BYTES = 8 * 1024 * 1024;
const RETRY_MS = [1000, 2000, 4000, 8000, 15000];
const CONFLICT = 409;

const form = document.querySelector("[data-upload]");
const panel = document.querySelector("[data-upload-progress]");
const status = panel?.querySelector("[data-upload-status]");
const csrf = form?.querySelector('input[name="csrf"]').value;

let paused = false;
let cancelled = false;
let running = null;

class Stopped extends Error {}

function key(file) {
  return `fenhe-upload:${form.dataset.asset}:${file.name}:${file.size}:${file.lastModified}`;
}

function remembered(name) {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}

function remember(name, value) {
  try {
    if (value === null) localStorage.removeItem(name);
    else localStorage.setItem(name, value);
  } catch {
    // A browser that keeps nothing can still upload; it cannot resume after a reload.
  }
}

async function refused(response) {
  const problem = await response.json().catch(() => null);
  const said = problem?.[t("title_zh", "title_en")] ?? problem?.detail ?? problem?.title;
  return new Error(said ?? t(`服务器答复 ${response.status}`, `the server answered ${response.status}`));
}

async function post(url, body) {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json", "x-csrf-token": csrf },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw await refused(response);
  return response.json();
}

function settings() {
  const chosen = new FormData(form);
  const set = {};
  if (chosen.get("encoding")) set.encoding = chosen.get("encoding");
  if (chosen.get("delimiter")) set.delimiter = chosen.get("delimiter");
  if (chosen.get("has_header")) set.has_header = chosen.get("has_header") === "true";
  return set;
}

/** Where the server stands, or null when it no longer knows the upload. */
async function offsetOf(upload) {
  const response = await fetch(`/api/v1/uploads/${upload}`, { method: "HEAD", cache: "no-store" });
  if (response.status === 404 || response.status === 410) return null;
  if (!response.ok) throw new TypeError("not reachable");
  const offset = Number(response.headers.get("Upload-Offset"));
  return Number.isSafeInteger(offset) ? offset : null;
}

async function begin(file) {
  const known = remembered(key(file));
  if (known) {
    const offset = await offsetOf(known);
    if (offset !== null && offset <= file.size) return { id: known, offset };
  }
  const made = await post(`/api/v1/assets/${form.dataset.asset}/uploads`, { file_name: file.name, bytes: file.size, ...settings() });
  remember(key(file), made.upload_id);
  return { id: made.upload_id, offset: made.offset };
}

/** Sends one piece; XHR, because fetch tells nothing about what has been sent. */
function sendPiece(upload, file, offset, onSent) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    running = request;
    request.open("PATCH", `/api/v1/uploads/${upload}`);
    request.setRequestHeader("Upload-Offset", String(offset));
    request.setRequestHeader("Content-Type", "application/offset+octet-stream");
    request.setRequestHeader("X-CSRF-Token", csrf);
    request.upload.onprogress = (event) => onSent(offset + event.loaded);
    request.onload = () => {
      if (request.status === 204 || request.status === 200) resolve(Number(request.getResponseHeader("Upload-Offset")));
      else if (request.status === CONFLICT || request.status >= 500) reject(new TypeError("again"));
      else reject(new Error(said(request)));
    };
    request.onerror = () => reject(new TypeError("not reachable"));
    request.onabort = () => reject(new Stopped());
    request.send(file.slice(offset, offset + PIECE_BYTES));
  });
}

function said(request) {
  try {
    const problem = JSON.parse(request.responseText);
    return problem[t("title_zh", "title_en")] ?? problem.detail ?? problem.title;
  } catch {
    return t(`服务器答复 ${request.status}`, `the server answered ${request.status}`);
  }
}

function wait(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function stage(name) {
  const item = panel.querySelector(`[data-stage="${name}"]`);
  return { bar: item.querySelector("progress"), note: item.querySelector("[data-stage-note]") };
}

function meter(file, start) {
  const { bar, note } = stage("send");
  const began = performance.now();
  bar.max = file.size || 1;
  return (sent) => {
    bar.value = sent;
    const seconds = (performance.now() - began) / 1000;
    const speed = seconds > 1 ? (sent - start) / seconds : 0;
    const left = speed > 0 ? t(`，约剩 ${duration((file.size - sent) / speed)}`, `, about ${duration((file.size - sent) / speed)} left`) : "";
    note.textContent = `${bytes(sent)} / ${bytes(file.size)}${left}`;
  };
}

async function sendAll(file, upload) {
  let offset = upload.offset;
  let failures = 0;
  const show = meter(file, offset);
  show(offset);
  while (offset < file.size) {
    if (cancelled) throw new Stopped();
    if (paused) {
      await wait(200);
      continue;
    }
    try {
      offset = await sendPiece(upload.id, file, offset, show);
      failures = 0;
      status.textContent = "";
    } catch (error) {
      if (error instanceof Stopped && paused) {
        offset = (await offsetOf(upload.id)) ?? 0;
        continue;
      }
      if (!(error instanceof TypeError)) throw error;
      const pause = RETRY_MS[Math.min(failures, RETRY_MS.length - 1)];
      failures += 1;
      status.textContent = t(`连接中断，${duration(pause / 1000)}后重试`, `The connection was lost; trying again in ${duration(pause / 1000)}`);
      await wait(pause);
      const where = await offsetOf(upload.id).catch(() => offset);
      if (where === null) throw new Error(t("服务器上已没有这次上传，请重新开始。", "The server no longer has this upload; please start again."));
      offset = where;
    }
    show(offset);
  }
}

async function read(file, upload) {
  const { bar, note } = stage("read");
  panel.querySelector("[data-upload-pause]").hidden = true;
  panel.querySelector("[data-upload-cancel]").hidden = true;
  status.textContent = t("已全部传完，服务器正在读取。", "All is sent; the server is reading.");
  const { job_id: job, version_number: number } = await post(`/api/v1/uploads/${upload.id}/completion`, {});
  remember(key(file), null);
  const last = await followJob(job, (answer) => {
    if (answer === null) return;
    note.textContent = describeJob(answer);
    drawJob(bar, answer);
  });
  // The version's page tells how it went, also when it failed.
  location.assign(number === undefined ? form.action.replace(/\/upload$/, "") : `${form.dataset.versionUrl}${number}`);
  return last;
}

function fail(error) {
  panel.hidden = true;
  form.hidden = false;
  let box = document.getElementById("upload-error");
  if (!box) {
    box = document.createElement("p");
    box.id = "upload-error";
    box.className = "govuk-error-message";
    box.setAttribute("role", "alert");
    form.before(box);
  }
  box.textContent = error instanceof TypeError ? t("连接不上服务器，请稍后再试；已传的部分不会丢。", "The server cannot be reached; try again later. What was sent is not lost.") : error.message;
}

async function run(file) {
  const most = Number(form.dataset.maxBytes ?? Infinity);
  if (file.size > most) return fail(new Error(t(`文件有 ${bytes(file.size)}，超过上限 ${bytes(most)}。`, `The file has ${bytes(file.size)}, more than the ${bytes(most)} allowed.`)));
  form.hidden = true;
  panel.hidden = false;
  paused = false;
  cancelled = false;
  panel.querySelector("[data-upload-name]").textContent = file.name;
  let upload = null;
  try {
    upload = await begin(file);
    if (upload.offset > 0) status.textContent = t(`从 ${bytes(upload.offset)} 处继续。`, `Going on from ${bytes(upload.offset)}.`);
    await sendAll(file, upload);
    await read(file, upload);
  } catch (error) {
    if (!(error instanceof Stopped)) return fail(error);
    if (upload) await fetch(`/api/v1/uploads/${upload.id}`, { method: "DELETE", headers: { "x-csrf-token": csrf } }).catch(() => null);
    remember(key(file), null);
    panel.hidden = true;
    form.hidden = false;
  }
  return undefined;
}

function wireDrop(input) {
  const zone = form.querySelector("[data-drop]");
  form.querySelector("[data-drop-note]").hidden = false;
  for (const name of ["dragenter", "dragover"]) {
    zone.addEventListener(name, (event) => {
      event.preventDefault();
      zone.classList.add("fh-drop--over");
    });
  }
  for (const name of ["dragleave", "drop"]) zone.addEventListener(name, () => zone.classList.remove("fh-drop--over"));
  zone.addEventListener("drop", (event) => {
    event.preventDefault();
    if (event.dataTransfer.files.length > 0) input.files = event.dataTransfer.files;
  });
}

function wire() {
  const input = form.querySelector('input[type="file"]');
  wireDrop(input);
  form.addEventListener("submit", (event) => {
    const file = input.files[0];
    if (!file) return;
    event.preventDefault();
    run(file);
  });
  const pause = panel.querySelector("[data-upload-pause]");
  pause.addEventListener("click", () => {
    paused = !paused;
    if (paused) running?.abort();
    pause.textContent = paused ? t("继续", "Go on") : t("暂停", "Pause");
    status.textContent = paused ? t("已暂停。", "Paused.") : "";
  });
  panel.querySelector("[data-upload-cancel]").addEventListener("click", () => {
    cancelled = true;
    paused = false;
    running?.abort();
  });
}

if (form && panel) wire();
