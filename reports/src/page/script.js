// What a reader does with the page: sorts, filters, picks a load, asks a chart. What is seen then stands in the address,
// so that a view can be sent. A classic script: modules do not load from a file. Without it the page shows everything.
(function () {
  "use strict";
  const all = (selector, within) => Array.from((within || document).querySelectorAll(selector));
  const unique = (list) => Array.from(new Set(list));
  const text = (node) => Array.from(node.childNodes, (child) => child.textContent.trim()).filter(Boolean).join(" ");
  const nameOf = (row) => { const name = row.cells[0].querySelector(".name > span"); return name && name.textContent; };

  function make(tag, attributes, parent, content) {
    const element = document.createElement(tag);
    Object.keys(attributes).forEach((key) => element.setAttribute(key, attributes[key]));
    if (content) element.textContent = content;
    parent.appendChild(element);
    return element;
  }

  const tables = all("table").filter((table) => table.tHead && !table.classList.contains("prose"));
  const folds = all("details");
  const wasOpen = folds.map((fold) => fold.open);
  const loads = unique(folds.map((fold) => fold.dataset.load).filter(Boolean));
  const rows = tables.map((table) => Array.from(table.tBodies[0].rows));
  const keys = new Map();
  // The variants are those of the article's table; other tables may name approaches.
  rows.forEach((own, index) => own.forEach((row) => {
    const name = nameOf(row);
    if (name && tables[index].closest("#table") && !keys.has(name)) keys.set(name, row.querySelector(".key"));
  }));
  const names = Array.from(keys.keys());

  // The view: words to look for, variants that are hidden, the load picked, tables sorted, folds not as they were, and
  // where in the page.
  const empty = () => ({ words: "", hidden: new Set(), load: -1, sorts: new Map(), turned: new Set(), at: "" });
  let view = empty();

  function isShown(name) {
    const words = view.words.toLowerCase().split(/[\s,]+/).filter(Boolean);
    return !view.hidden.has(name) && (!words.length || words.some((word) => name.toLowerCase().includes(word)));
  }

  function value(row, column) {
    const cell = row.cells[column];
    return cell.dataset.order !== undefined ? Number(cell.dataset.order) : text(cell);
  }

  function sort(table, index) {
    const order = view.sorts.get(index);
    const sorted = rows[index].slice();
    if (order) {
      const [column, down] = order;
      const numbered = sorted.some((row) => row.cells[column].dataset.order !== undefined);
      sorted.sort((a, b) => {
        const x = value(a, column), y = value(b, column);
        if (!numbered) return (down ? -1 : 1) * x.localeCompare(y);
        // What has no number goes last, whichever way.
        if (typeof x !== "number" || typeof y !== "number") return (typeof y === "number") - (typeof x === "number");
        return down ? y - x : x - y;
      });
    }
    if (sorted.some((row, place) => table.tBodies[0].rows[place] !== row)) table.tBodies[0].append(...sorted);
    Array.from(table.tHead.rows[0].cells).forEach((cell, column) => {
      if (order && order[0] === column) cell.setAttribute("aria-sort", order[1] ? "descending" : "ascending");
      else cell.removeAttribute("aria-sort");
    });
  }

  function isOpen(fold, index) {
    const isPicked = view.load >= 0 && fold.dataset.load ? fold.dataset.load === loads[view.load] : wasOpen[index];
    return isPicked !== view.turned.has(index);
  }

  function show() {
    tables.forEach(sort);
    rows.forEach((own) => own.forEach((row) => { const name = nameOf(row); row.hidden = !!name && !isShown(name); }));
    all("g[data-v]").forEach((mark) => mark.classList.toggle("off", keys.has(mark.dataset.v) && !isShown(mark.dataset.v)));
    folds.forEach((fold, index) => {
      fold.open = isOpen(fold, index);
      fold.hidden = view.load >= 0 && !!fold.dataset.load && fold.dataset.load !== loads[view.load];
    });
    const shown = names.filter(isShown);
    const isFiltered = shown.length < names.length || view.load >= 0;
    bar.classList.toggle("filtered", isFiltered);
    status.textContent = shown.length + " of " + names.length + " variants shown"
      + (shown.length && shown.length < names.length ? ": " + shown.join(", ") : "")
      + (view.load >= 0 ? "; only the load of " + loads[view.load] : "");
    search.value = view.words;
    boxes.forEach((box) => { box.checked = !view.hidden.has(box.value); });
    if (picker) picker.value = String(view.load);
  }

  function save() {
    const said = new URLSearchParams();
    if (view.words) said.set("words", view.words);
    view.hidden.forEach((name) => said.append("hide", name));
    if (view.load >= 0) said.set("load", view.load);
    view.sorts.forEach(([column, down], index) => said.append("sort", [index, column, down ? "down" : "up"].join(".")));
    if (view.turned.size) said.set("fold", Array.from(view.turned).join("."));
    const words = String(said);
    if (view.at) said.set("at", view.at);
    const hash = words ? String(said) : view.at;
    history.replaceState(null, "", location.href.split("#")[0] + (hash && "#" + hash));
  }

  function change() { show(); save(); }

  // A place in the page alone changes nothing else of the view.
  function restore() {
    const hash = location.hash.slice(1);
    if (hash && !hash.includes("=")) {
      view.at = hash;
      show();
      return save();
    }
    const said = new URLSearchParams(hash);
    view = empty();
    view.words = said.get("words") || "";
    view.at = said.get("at") || "";
    said.getAll("hide").filter((name) => keys.has(name)).forEach((name) => view.hidden.add(name));
    if (/^\d+$/.test(said.get("load")) && loads[said.get("load")]) view.load = Number(said.get("load"));
    said.getAll("sort").forEach((order) => {
      const [, index, column, way] = /^(\d+)\.(\d+)\.(up|down)$/.exec(order) || [];
      if (tables[index] && tables[index].tHead.rows[0].cells[column]) view.sorts.set(Number(index), [Number(column), way === "down"]);
    });
    (said.get("fold") || "").split(".").filter((index) => /^\d+$/.test(index) && folds[index]).forEach((index) => view.turned.add(Number(index)));
    show();
    const place = view.at && document.getElementById(view.at);
    if (place) place.scrollIntoView();
  }

  // What is shown: words, a box for each variant, and where there are several loads, one of them.
  const bar = document.createElement("section");
  bar.className = "controls";
  bar.setAttribute("aria-label", "What is shown");
  const panel = make("details", {}, bar);
  make("summary", {}, panel, loads.length ? "Filter, pick a load" : "Filter");
  const search = make("input", { type: "search", placeholder: "part of a name", spellcheck: "false" }, make("label", {}, panel, "Variants with "));
  const chips = make("fieldset", {}, panel);
  make("legend", {}, chips, "Shown in tables and charts");
  const boxes = names.map((name) => {
    const label = make("label", {}, chips);
    const box = make("input", { type: "checkbox" }, label);
    box.value = name;
    const key = keys.get(name);
    if (key) label.appendChild(key.cloneNode(true));
    make("span", {}, label, name);
    box.addEventListener("change", () => { view.hidden[box.checked ? "delete" : "add"](name); change(); });
    return box;
  });
  let picker = null;
  if (loads.length) {
    picker = make("select", {}, make("label", {}, panel, "Load "));
    make("option", { value: "-1" }, picker, "all, the heaviest open");
    loads.forEach((load, index) => make("option", { value: index }, picker, load));
    picker.addEventListener("change", () => {
      folds.forEach((fold, index) => { if (fold.dataset.load) view.turned.delete(index); });
      view.load = Number(picker.value);
      change();
    });
  }
  function clear() { view.words = ""; view.hidden.clear(); view.load = -1; change(); }
  search.addEventListener("input", () => { view.words = search.value; change(); });
  make("button", { type: "button" }, panel, "Show everything").addEventListener("click", clear);
  const status = make("p", { role: "status" }, bar);
  if (names.length) document.querySelector("main").prepend(bar);

  tables.forEach((table, index) => {
    Array.from(table.tHead.rows[0].cells).forEach((cell, column) => {
      const button = make("button", { type: "button" }, cell);
      button.append(...Array.from(cell.childNodes).filter((child) => child !== button));
      // Up, down, and back to how it was.
      button.addEventListener("click", () => {
        const order = view.sorts.get(index);
        if (!order || order[0] !== column) view.sorts.set(index, [column, false]);
        else if (!order[1]) view.sorts.set(index, [column, true]);
        else view.sorts.delete(index);
        change();
      });
    });
  });
  folds.forEach((fold, index) => fold.addEventListener("toggle", () => {
    if (fold.open === isOpen(fold, index)) return;
    view.turned[view.turned.has(index) ? "delete" : "add"](index);
    save();
  }));

  // Distance of a place from what a mark is drawn with, in pixels of the drawing.
  function distance(mark, x, y) {
    let least = Infinity;
    all("circle", mark).forEach((dot) => { least = Math.min(least, Math.hypot(x - dot.cx.baseVal.value, y - dot.cy.baseVal.value)); });
    all("polyline, polygon", mark).forEach((line) => {
      const points = line.points;
      for (let index = 1; index < points.numberOfItems; index += 1) {
        const a = points.getItem(index - 1), b = points.getItem(index), dx = b.x - a.x, dy = b.y - a.y;
        const along = Math.max(0, Math.min(1, ((x - a.x) * dx + (y - a.y) * dy) / (dx * dx + dy * dy || 1)));
        least = Math.min(least, Math.hypot(x - a.x - along * dx, y - a.y - along * dy));
      }
    });
    // A mark with a figure of its own comes before the line that runs through it.
    return mark.dataset.c ? least - 8 : least;
  }

  const quiet = [];
  all(".picture").forEach((picture) => {
    const drawing = picture.firstElementChild, chart = drawing.querySelector("svg"), table = picture.parentElement.querySelector("table");
    const marks = all("g[data-v]", chart);
    if (!marks.length || !table) return;
    const order = unique(marks.map((mark) => mark.dataset.v));
    const hint = "Point at a line or a mark, or focus the chart and press ↑ or ↓.";
    const out = make("p", { class: "readout", role: "status" }, picture, hint);
    let asked = null;
    drawing.setAttribute("aria-label", drawing.getAttribute("aria-label") + ". Up and down go through its variants.");

    function ask(name, column) {
      const row = name && Array.from(table.tBodies[0].rows).find((row) => nameOf(row) === name);
      asked = row ? name : null;
      chart.classList.toggle("asked", !!row);
      marks.forEach((mark) => mark.classList.toggle("on", !!row && mark.dataset.v === name));
      const said = (cell, index) => text(table.tHead.rows[0].cells[index]) + " " + text(cell);
      const cells = row ? Array.from(row.cells) : [];
      const words = !row ? hint : name + ": " + (column ? said(cells[column], column) : cells.map(said).slice(1).join(" · "));
      if (out.textContent !== words) out.textContent = words;
    }

    quiet.push(() => asked && (ask(null), true));
    chart.addEventListener("pointermove", (event) => {
      const own = event.target.closest("g[data-v]");
      const place = new DOMPoint(event.clientX, event.clientY).matrixTransform(chart.getScreenCTM().inverse());
      let [nearest, least] = [own, own && own.dataset.c ? 0 : 40];
      marks.filter((mark) => !mark.classList.contains("off")).forEach((mark) => {
        const far = distance(mark, place.x, place.y);
        if (far < least && (!own || mark.dataset.v === own.dataset.v)) [nearest, least] = [mark, far];
      });
      ask(nearest && nearest.dataset.v, nearest && Number(nearest.dataset.c));
    });
    chart.addEventListener("pointerleave", (event) => { if (event.pointerType !== "touch") ask(null); });
    drawing.addEventListener("blur", () => ask(null));
    drawing.addEventListener("keydown", (event) => {
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      const shown = order.filter(isShown);
      if (!step || !shown.length) return;
      event.preventDefault();
      const from = shown.indexOf(asked);
      ask(shown[(from < 0 && step < 0 ? shown.length - 1 : from + step + shown.length) % shown.length]);
    });
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    if (!quiet.map((hush) => hush()).some(Boolean)) clear();
  });

  addEventListener("hashchange", restore);
  restore();
})();
