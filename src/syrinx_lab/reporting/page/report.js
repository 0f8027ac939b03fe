"use strict";
// one sound at a time
document.addEventListener("play", (event) => {
  for (const player of document.querySelectorAll("audio")) if (player !== event.target) player.pause();
}, true);
// a table is sorted by the column whose head is pressed, numbers by size, what is no number last
function value(row, column) {
  const text = row.cells[column].innerText.trim().replace(/\u2212/g, "-");
  const number = parseFloat(text);
  return { text, number: /^[-+.\d]/.test(text) && !Number.isNaN(number) ? number : null };
}
function compare(a, b) {
  if (a.number !== null && b.number !== null) return a.number - b.number;
  if (a.number !== null || b.number !== null) return a.number !== null ? -1 : 1;
  return a.text.localeCompare(b.text);
}
for (const table of document.querySelectorAll("table.sortable")) {
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    head.replaceChildren(button);
    button.addEventListener("click", () => {
      const turn = head.getAttribute("aria-sort") === "ascending" ? -1 : 1;
      for (const other of heads) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", turn === 1 ? "ascending" : "descending");
      const rows = [...table.tBodies[0].rows];
      rows.sort((a, b) => turn * compare(value(a, column), value(b, column)));
      table.tBodies[0].append(...rows);
    });
  });
}
