// The page's language, and words that only scripts say.

/** "zh" or "en". */
export const lang = document.documentElement.lang.startsWith("zh") ? "zh" : "en";

/** The text of this page's language: of a pair, or of two arguments. */
export function t(zh, en) {
  if (zh !== null && typeof zh === "object") return zh[lang] ?? "";
  return lang === "zh" || en === undefined ? zh : en;
}

const SIZES = ["B", "KB", "MB", "GB", "TB"];

/** Bytes as people read them. */
export function bytes(count) {
  let step = 0;
  let value = count;
  while (value >= 1000 && step < SIZES.length - 1) {
    value /= 1000;
    step += 1;
  }
  return `${step === 0 ? value : value.toFixed(1)} ${SIZES[step]}`;
}

/** Seconds as "2 分 05 秒" or "2 min 5 s". */
export function duration(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor((whole % 3600) / 60);
  if (hours > 0) return t(`${hours} 小时 ${minutes} 分`, `${hours} h ${minutes} min`);
  if (minutes > 0) return t(`${minutes} 分 ${whole % 60} 秒`, `${minutes} min ${whole % 60} s`);
  return t(`${whole} 秒`, `${whole} s`);
}

/** A whole number with separators. */
export function exact(count) {
  return count.toLocaleString(lang === "zh" ? "zh-CN" : "en");
}
