"use strict";
for (const button of document.querySelectorAll("[data-sort]")) {
  button.addEventListener("click", () => {
    const head = button.closest("th"), body = button.closest("table").tBodies[0];
    const descending = head.getAttribute("aria-sort") === "ascending";
    for (const other of head.parentElement.cells) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", descending ? "descending" : "ascending");
    const value = (row) => {
      const cell = row.cells[head.cellIndex];
      return cell.dataset.v ?? cell.innerText.trim();
    };
    const order = (a, b) => {
      const x = value(a), y = value(b);
      const difference = x !== "" && y !== "" && isFinite(x) && isFinite(y) ? x - y : x.localeCompare(y);
      return descending ? -difference : difference;
    };
    body.append(...[...body.rows].sort(order));
  });
}
for (const input of document.querySelectorAll("[data-filter]")) {
  input.addEventListener("input", () => {
    const wanted = input.value.trim().toLowerCase();
    for (const row of input.closest("figure").querySelector("tbody").rows)
      row.hidden = !row.textContent.toLowerCase().includes(wanted);
  });
}
const toggle = document.querySelector(".to-zh");
toggle.addEventListener("change", () => { document.documentElement.lang = toggle.checked ? "zh" : "en"; });
