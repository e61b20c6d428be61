// What the page does beyond being read: it marks the current section, enlarges figures, and sorts and
// filters the table of verdicts. Without scripts all is there, in one order.
"use strict";

const made = (tag, properties = {}, ...children) => {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
};

// On a phone the text comes before its contents.
const contents = document.querySelector("nav details");
contents.open = matchMedia("(min-width: 46rem)").matches;

const links = [...contents.querySelectorAll("a")];
const headings = links.map((link) => document.getElementById(decodeURIComponent(link.hash.slice(1))));
function markSection() {
  const current = headings.findLastIndex((heading) => heading.getBoundingClientRect().top < innerHeight / 3);
  links.forEach((link, index) => {
    if (index === current) link.setAttribute("aria-current", "location");
    else link.removeAttribute("aria-current");
  });
}
addEventListener("scroll", () => requestAnimationFrame(markSection), { passive: true });
markSection();

// Figures, at full size on a click. The dialog closes by itself with Escape.
const enlarged = made("img", { alt: "" });
const close = made("button", { textContent: "Close", autofocus: true });
const dialog = made("dialog", {}, close, made("div", { className: "scroll" }, enlarged));
dialog.addEventListener("click", () => dialog.close());
document.body.append(dialog);
for (const image of document.querySelectorAll("figure img")) {
  const figure = image.closest("figure");
  const label = figure.querySelector("figcaption strong").textContent.replace(/\.$/, "");
  const enlarge = () => {
    enlarged.src = image.src;
    enlarged.alt = image.alt;
    dialog.setAttribute("aria-label", label);
    dialog.showModal();
  };
  image.addEventListener("click", enlarge);
  const button = made("button", { textContent: "Enlarge", onclick: enlarge });
  button.setAttribute("aria-label", `Enlarge ${label}`);
  figure.nextElementSibling.firstElementChild.prepend(button, " ");
}

// The table of verdicts.
const ledger = document.querySelector("#tbl\\:claims table");
const body = ledger.tBodies[0];
const rows = [...body.rows];
const heads = [...ledger.tHead.rows[0].cells];
// Its lines in the file may be broken anywhere.
const plain = (cell) => cell.textContent.trim().replace(/\s+/g, " ");
const order = new Intl.Collator("en", { numeric: true });
heads.forEach((head, column) => {
  const sort = () => {
    const direction = head.getAttribute("aria-sort") === "ascending" ? "descending" : "ascending";
    heads.forEach((other) => other.removeAttribute("aria-sort"));
    head.setAttribute("aria-sort", direction);
    const sign = direction === "ascending" ? 1 : -1;
    const text = (row) => plain(row.cells[column]);
    body.append(...rows.toSorted((a, b) => sign * order.compare(text(a), text(b))));
  };
  head.replaceChildren(made("button", { onclick: sort }, ...head.childNodes));
});

const verdict = heads.findIndex((head) => head.textContent === "Verdict");
const said = (row) => plain(row.cells[verdict]);
const verdicts = [...new Set(rows.map(said))];
const chosen = made("select", {}, made("option", { value: "", textContent: "all" }), ...verdicts.map((name) => made("option", { textContent: name })));
const sought = made("input", { type: "search" });
const count = made("output");
function filter() {
  const words = sought.value.toLowerCase();
  for (const row of rows) {
    const of = !chosen.value || said(row) === chosen.value;
    row.hidden = !(of && row.textContent.toLowerCase().includes(words));
  }
  count.value = `${rows.filter((row) => !row.hidden).length} of ${rows.length} shown`;
}
const controls = made("form", { className: "controls", oninput: filter, onsubmit: (event) => event.preventDefault() },
  made("label", {}, "Verdict ", chosen), made("label", {}, "With the words ", sought), count);
ledger.closest("figure").before(controls);
// Who follows a link to a row that is filtered away is shown all of them.
addEventListener("hashchange", () => {
  if (document.getElementById(decodeURIComponent(location.hash.slice(1)))?.hidden) {
    controls.reset();
    filter();
    document.getElementById(decodeURIComponent(location.hash.slice(1))).scrollIntoView();
  }
});
filter();
