// A copy button on each block of code.

import { t } from "./language.js";

/** Adds the buttons. */
export function addCopyButtons() {
  if (!navigator.clipboard) return;
  for (const block of document.querySelectorAll("[data-copy]")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "fh-copy";
    button.textContent = t("复制", "Copy");
    const said = document.createElement("span");
    said.className = "govuk-visually-hidden";
    said.setAttribute("role", "status");
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(block.querySelector("code").textContent);
      button.textContent = t("已复制", "Copied");
      said.textContent = t("已复制到剪贴板", "Copied to the clipboard");
      setTimeout(() => {
        button.textContent = t("复制", "Copy");
        said.textContent = "";
      }, 2000);
    });
    block.append(button, said);
  }
}
