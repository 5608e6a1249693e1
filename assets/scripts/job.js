// Follows a job that runs on the server, and loads the page again when it has ended.
// `<div data-job="ID">` holds `progress`, `[data-job-note]` and `[data-job-eta]`.

import { duration, exact, t } from "./language.js";

const EVERY_MS = 1000;
const LOST_MS = 5000;
const ENDED = ["done", "failed", "cancelled"];
const NOT_OURS = [401, 403, 404, 410];

/**
 * Asks for a job until it ends. `show` gets each answer, and null while the server does not answer.
 * Resolves with the last answer, or with null when the server no longer shows us the job.
 */
export async function followJob(id, show) {
  for (;;) {
    let pause = EVERY_MS;
    try {
      const response = await fetch(`/api/v1/jobs/${id}`, { headers: { accept: "application/json" } });
      if (response.ok) {
        const job = await response.json();
        show(job);
        if (ENDED.includes(job.state)) return job;
      } else if (NOT_OURS.includes(response.status)) {
        return null;
      } else {
        pause = LOST_MS;
      }
    } catch {
      pause = LOST_MS;
      show(null);
    }
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}

/** What a job is doing, in words. */
export function describeJob(job) {
  const progress = job.progress;
  if (!progress) return t("正在排队", "Waiting for its turn");
  const note = t(progress.note_zh ?? "", progress.note_en ?? "");
  const unit = progress.unit === "rows" ? t("行", "rows") : progress.unit === "bytes" ? t("字节", "bytes") : (progress.unit ?? "");
  const done = progress.total ? `${exact(progress.done)} / ${exact(progress.total)} ${unit}` : `${exact(progress.done)} ${unit}`;
  const left = job.eta_seconds == null ? "" : t(`，约剩 ${duration(job.eta_seconds)}`, `, about ${duration(job.eta_seconds)} left`);
  return `${note ? `${note} · ` : ""}${done}${left}`;
}

/** Draws a job's progress into a `<progress>` element. */
export function drawJob(bar, job) {
  if (job.progress?.total) {
    bar.max = job.progress.total;
    bar.value = job.progress.done;
  } else {
    bar.removeAttribute("value");
  }
}

/** Follows the jobs that the page shows. */
export function watchJobs() {
  for (const box of document.querySelectorAll("[data-job]")) {
    const note = box.querySelector("[data-job-note]");
    const bar = box.querySelector("progress");
    followJob(box.dataset.job, (job) => {
      if (job === null) {
        note.textContent = t("连接中断，正在重试", "The connection was lost; trying again");
        return;
      }
      note.textContent = describeJob(job);
      drawJob(bar, job);
    }).then((last) => {
      if (last === null) note.textContent = t("看不到进度了，请刷新页面。", "The progress is no longer shown; please reload the page.");
      else location.reload();
    });
  }
}
