// Tables whose rows a person adds and removes: `<table data-rows>` with a `<template>` of one row that
// has `__n__` where its number goes, `[data-row-add]` and `[data-row-remove]`.
// Without script the same buttons post the form with `action=add_item` or `remove_item_N`.

/** Wires up the tables. */
export function editRows() {
  for (const table of document.querySelectorAll("table[data-rows]")) {
    const body = table.tBodies[0];
    const template = table.querySelector("template") ?? document.getElementById(table.dataset.rows);
    let next = body.rows.length;
    const add = document.querySelector(`[data-row-add="${table.id}"]`);
    add?.addEventListener("click", (event) => {
      event.preventDefault();
      body.insertAdjacentHTML("beforeend", template.innerHTML.replaceAll("__n__", String(next)));
      next += 1;
      body.rows[body.rows.length - 1].querySelector("input, select")?.focus();
    });
    body.addEventListener("click", (event) => {
      const button = event.target.closest("[data-row-remove]");
      if (!button) return;
      event.preventDefault();
      button.closest("tr").remove();
      add?.focus();
    });
  }
}
