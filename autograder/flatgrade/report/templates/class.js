"use strict";
// Sorting, searching and opening many rows; without this script the page shows the same, in the given order.
const table = document.querySelector("table.class");
const bodies = () => [...table.tBodies];

function sortBy(column, header) {
  const down = header.getAttribute("aria-sort") === "ascending";
  for (const other of table.querySelectorAll("th[aria-sort]")) other.removeAttribute("aria-sort");
  header.setAttribute("aria-sort", down ? "descending" : "ascending");
  const key = (body) => body.rows[0].cells[column].dataset.key;
  const compare = (a, b) => (isNaN(a) || isNaN(b) ? a.localeCompare(b, undefined, { numeric: true }) : a - b);
  const sorted = bodies().sort((a, b) => (down ? -1 : 1) * compare(key(a), key(b)));
  table.append(...sorted);
}

[...table.tHead.rows[0].cells].forEach((header, column) => {
  const button = document.createElement("button");
  button.type = "button";
  button.append(...header.childNodes);
  button.addEventListener("click", () => sortBy(column, header));
  header.append(button);
});

const search = document.querySelector("#search");
const shown = document.querySelector("#shown");
function filter() {
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  for (const body of bodies()) {
    const text = body.rows[0].textContent.toLowerCase();
    body.hidden = !words.every((word) => text.includes(word));
  }
  shown.textContent = `${bodies().filter((body) => !body.hidden).length} of ${bodies().length} shown`;
}
search.addEventListener("input", filter);
filter();

for (const [id, open] of [["#open", true], ["#close", false]]) {
  document.querySelector(id).addEventListener("click", () => {
    for (const body of bodies()) if (!body.hidden) body.querySelector("details").open = open;
  });
}
document.querySelector(".tools").hidden = false;

function openTarget() {
  const body = document.getElementById(location.hash.slice(1));
  if (!body || body.tagName !== "TBODY") return;
  body.hidden = false;
  body.querySelector("details").open = true;
  body.scrollIntoView();
}
window.addEventListener("hashchange", openTarget);
openTarget();
