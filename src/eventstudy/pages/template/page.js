"use strict";
// tables: sorted by a click on a head, searched, filtered, copied; long ones get their later rows when somebody looks
const tableOf = new Map();
for (const table of document.querySelectorAll("table")) {
  const body = table.tBodies[0];
  const rows = Array.from(body.rows).filter((row) => !row.classList.contains("none"));
  if (!rows.length) continue;
  const keyOf = (cell) => cell.dataset.key ?? (/^−?[\d,]+(\.\d+)?%?$/.test(cell.textContent)
    ? cell.textContent.replace("−", "-").replace(/[,%]/g, "") : cell.textContent);
  const heads = Array.from(table.tHead.rows[0].cells);
  const kept = Number(table.dataset.kept);
  const total = Number(table.dataset.total);
  const tools = document.querySelector(`.tools[data-for="${table.id}"]`);
  const find = tools.querySelector("[data-find]");
  const selects = Array.from(tools.querySelectorAll("select"));
  const count = tools.querySelector(".count");
  const block = document.querySelector(`script[data-rows="${table.id}"]`);
  const whole = () => {
    if (!block || rows.length === kept) return;
    const later = JSON.parse(block.textContent);
    later.rows.forEach((cells, at) => {
      const row = body.insertRow();
      if (later.marks) row.dataset.key = later.marks[at];
      for (const value of cells) {
        const cell = row.insertCell();
        const [text, key] = Array.isArray(value) ? value : [value, null];
        cell.textContent = text;
        if (key !== null) cell.dataset.key = key;
      }
      rows.push(row);
    });
  };
  const said = (left) => {
    const all = total > kept ? ` in this page; the file has ${total}` : "";
    count.textContent = rows.length < kept ? `${rows.length} of ${kept} rows shown${all}`
      : left === rows.length ? `${left} rows${all}` : `${left} of ${rows.length} rows${all}`;
  };
  const filter = () => {
    const words = (find ? find.value : "").toLowerCase().split(/\s+/).filter(Boolean);
    const asked = selects.filter((select) => select.value);
    if (words.length || asked.length) whole();
    let left = 0;
    for (const row of rows) {
      const text = words.length ? [...row.cells].map((cell) => cell.textContent).join(" ").toLowerCase() : "";
      const keep = words.every((word) => text.includes(word)) &&
        asked.every((select) => row.cells[select.dataset.column].textContent === select.value);
      row.hidden = !keep;
      left += keep;
    }
    said(left);
  };
  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    head.replaceChildren(button);
    button.addEventListener("click", () => {
      whole();
      const place = new Map(rows.map((row, i) => [row, i]));
      const down = head.getAttribute("aria-sort") === "ascending";
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const keys = new Map(rows.map((row) => [row, keyOf(row.cells[column])]));
      const empty = (key) => key === "" || key === "—";
      const numeric = rows.every((row) => empty(keys.get(row)) || !Number.isNaN(Number(keys.get(row))));
      const sorted = rows.slice().sort((one, two) => {
        const a = keys.get(one), b = keys.get(two);
        if (empty(a) || empty(b)) return empty(a) - empty(b) || place.get(one) - place.get(two);
        const order = numeric ? Number(a) - Number(b) : a < b ? -1 : a > b ? 1 : 0;
        return (down ? -order : order) || place.get(one) - place.get(two);
      });
      body.append(...sorted);
      filter();
    });
  });
  tools.hidden = false;
  const more = tools.querySelector("[data-columns]");
  if (more) {
    table.classList.add("few");
    more.addEventListener("click", () => {
      const few = table.classList.toggle("few");
      more.setAttribute("aria-pressed", String(!few));
    });
  }
  if (rows.length < kept) {
    const all = document.createElement("button");
    all.type = "button";
    all.textContent = `Show all ${kept} rows`;
    all.addEventListener("click", () => { whole(); all.remove(); filter(); });
    count.after(all);
  }
  tools.querySelector("[data-copy]").addEventListener("click", async (event) => {
    whole();
    filter();
    const quoted = (text) => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
    const lines = [heads, ...rows.filter((row) => !row.hidden).map((row) => Array.from(row.cells))];
    const csv = lines.map((cells) => cells.map((cell) => quoted(cell.textContent)).join(",")).join("\n");
    const button = event.currentTarget;
    try { await navigator.clipboard.writeText(csv); button.textContent = "Copied"; } catch { button.textContent = "Could not copy"; }
    setTimeout(() => { button.textContent = "Copy as CSV"; }, 1500);
  });
  tools.addEventListener("input", filter);
  tableOf.set(table, whole);
  filter();
}
// marks of charts and rows of tables that stand for the same event show each other
const marked = (key) => Array.from(document.querySelectorAll(`svg [data-key="${CSS.escape(key)}"], tr[data-key="${CSS.escape(key)}"]`));
const light = (key, on) => { if (key) marked(key).forEach((part) => part.classList.toggle("lit", on)); };
const keyAt = (event) => event.target.closest?.("svg [data-key], tr[data-key]")?.dataset.key;
document.addEventListener("pointerover", (event) => light(keyAt(event), true));
document.addEventListener("pointerout", (event) => light(keyAt(event), false));
document.addEventListener("click", (event) => {
  const mark = event.target.closest?.("svg [data-key]");
  if (!mark) return;
  let row = document.querySelector(`tr[data-key="${CSS.escape(mark.dataset.key)}"]`);
  if (!row) { tableOf.forEach((whole) => whole()); row = document.querySelector(`tr[data-key="${CSS.escape(mark.dataset.key)}"]`); }
  if (!row) return;
  for (let part = row.closest("details"); part; part = part.parentElement.closest("details")) part.open = true;
  row.hidden = false;
  row.scrollIntoView({ block: "center" });
  row.classList.add("lit");
  setTimeout(() => row.classList.remove("lit"), 2500);
});
// a link to something folded away unfolds it; the contents show where one is
const unfold = () => {
  const target = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  for (let part = target && target.closest("details"); part; part = part.parentElement.closest("details")) part.open = true;
  if (target) target.scrollIntoView();
};
addEventListener("hashchange", unfold);
unfold();
const links = new Map(Array.from(document.querySelectorAll("nav a"), (link) => [link.hash.slice(1), link]));
const here = new IntersectionObserver((found) => {
  for (const one of found) links.get(one.target.id)?.classList.toggle("here", one.isIntersecting);
}, { rootMargin: "-15% 0px -75% 0px" });
document.querySelectorAll("main > section").forEach((section) => here.observe(section));
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
