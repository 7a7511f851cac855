"use strict";
for (const table of document.querySelectorAll("table")) {
  const body = table.tBodies[0];
  const rows = Array.from(body.rows).filter((row) => !row.classList.contains("none"));
  if (!rows.length) continue;
  const keys = rows.map((row) => Array.from(row.cells, (cell) => cell.dataset.key ?? cell.textContent));
  const place = new Map(rows.map((row, i) => [row, i]));
  const heads = Array.from(table.tHead.rows[0].cells);
  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    head.replaceChildren(button);
    const numeric = rows.every((row, i) => keys[i][column] === "" || !Number.isNaN(Number(keys[i][column])));
    button.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const sorted = rows.slice().sort((one, two) => {
        const a = keys[place.get(one)][column], b = keys[place.get(two)][column];
        if (a === "" || b === "") return (a === "") - (b === "") || place.get(one) - place.get(two);
        const order = numeric ? Number(a) - Number(b) : a < b ? -1 : a > b ? 1 : 0;
        return (down ? -order : order) || place.get(one) - place.get(two);
      });
      body.append(...sorted);
    });
  });
  const tools = document.querySelector(`.tools[data-for="${table.id}"]`);
  if (!tools) continue;
  tools.hidden = false;
  const find = tools.querySelector("[data-find]");
  const selects = Array.from(tools.querySelectorAll("select"));
  const count = tools.querySelector(".count");
  const filter = () => {
    const words = (find ? find.value : "").toLowerCase().split(/\s+/).filter(Boolean);
    let left = 0;
    for (const row of rows) {
      const text = row.textContent.toLowerCase();
      const keep = words.every((word) => text.includes(word)) &&
        selects.every((select) => !select.value || row.cells[select.dataset.column].textContent === select.value);
      row.hidden = !keep;
      left += keep;
    }
    count.textContent = left === rows.length ? `${rows.length} rows` : `${left} of ${rows.length} rows`;
  };
  tools.addEventListener("input", filter);
  filter();
}
// paper cannot be unfolded: short parts are printed open, long ones stay folded (their files hold them)
const folded = () => Array.from(document.querySelectorAll("details:not([open])"))
  .filter((part) => part.querySelectorAll("tr").length <= 60);
let opened = [];
addEventListener("beforeprint", () => { opened = folded(); opened.forEach((part) => { part.open = true; }); });
addEventListener("afterprint", () => { opened.forEach((part) => { part.open = false; }); opened = []; });
// what is wider than the screen shows a shadow at the side where more of it is
const frames = Array.from(document.querySelectorAll(".frame"));
const shade = (frame) => {
  const inside = frame.firstElementChild;
  frame.classList.toggle("left", inside.scrollLeft > 4);
  frame.classList.toggle("right", inside.scrollLeft + inside.clientWidth < inside.scrollWidth - 4);
};
const watch = new ResizeObserver((sizes) => sizes.forEach((size) => shade(size.target)));
for (const frame of frames) {
  frame.firstElementChild.addEventListener("scroll", () => shade(frame), { passive: true });
  watch.observe(frame);
}
