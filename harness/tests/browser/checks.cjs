// What must hold of a page. A check opens it as often as it needs to, and throws with the reason where it does not hold.
"use strict";
const fs = require("fs");
const assert = require("assert");
const { pathToFileURL } = require("url");

const AXE = fs.readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
const LIMIT_BYTES = 1e6;

// Opens the page at this address or file, uses it, and asserts that it stayed quiet: what it asked of the network and
// what it threw or complained of.
async function opened(browser, where, use, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(5000);
  const asked = [], said = [];
  const address = where.startsWith("file:") ? where : pathToFileURL(where).href;
  const own = address.split("#")[0];
  page.on("request", (request) => { if (request.url().split("#")[0] !== own && !request.url().startsWith("data:")) asked.push(request.url()); });
  page.on("console", (message) => { if (["error", "warning"].includes(message.type())) said.push(message.text()); });
  page.on("pageerror", (error) => said.push(String(error)));
  try {
    await page.goto(address);
    return await use(page, { asked, said });
  } finally {
    await context.close();
  }
}

// Everything of a view that a reader could tell from another.
const view = () => {
  // The browser calls a group of a drawing visible that has no box.
  const isSeen = (element) => element.checkVisibility() && getComputedStyle(element).display !== "none";
  return {
    // Only rows of a variant can be hidden.
    rows: Array.from(document.querySelectorAll("tbody tr")).filter((row) => isSeen(row) && row.cells[0].querySelector(".name")).map((row) => row.cells[0].textContent),
    sorts: Array.from(document.querySelectorAll("th"), (cell) => cell.getAttribute("aria-sort")),
    marks: Array.from(document.querySelectorAll("g[data-v]")).filter(isSeen).map((mark) => mark.dataset.v),
    open: Array.from(document.querySelectorAll("main details:not(.controls details)"), (fold) => fold.open && !fold.hidden),
    status: document.querySelector(".controls [role=status]").textContent,
  };
};

const openAll = () => document.querySelectorAll("details").forEach((fold) => { fold.open = true; });
const openPanel = async (page) => { await page.locator(".controls summary").click(); };
const names = () => Array.from(document.querySelectorAll(".controls fieldset span"), (name) => name.textContent);
// The column of the article's table with the median latency.
const medians = () => Array.from(document.querySelectorAll("table.article tbody")[0].rows, (row) => Number(row.cells[1].dataset.order || NaN)).filter((median) => !Number.isNaN(median));
const wait = (page) => page.waitForTimeout(60);

async function useAll(page) {
  await openPanel(page);
  await page.locator("table.article thead button").nth(1).click();
  await page.locator(".controls input[type=search]").fill("s");
  await page.locator("svg.chart").first().hover();
  await page.locator("nav a").nth(2).click();
  await page.evaluate(openAll);
  await wait(page);
}

const CHECKS = {
  "is at most 1 MB": async (browser, file) => {
    const size = fs.statSync(file).size;
    assert(size <= LIMIT_BYTES, `${size} bytes`);
  },

  "asks nothing of any network": (browser, file) => opened(browser, file, async (page, { asked }) => {
    await useAll(page);
    assert.deepStrictEqual(asked, []);
  }),

  "throws nothing and leaves the console empty": (browser, file) => opened(browser, file, async (page, { said }) => {
    await useAll(page);
    assert.deepStrictEqual(said, []);
  }),

  "sorts by a number, up, down and back": (browser, file) => opened(browser, file, async (page) => {
    const before = await page.evaluate(medians);
    const heading = page.locator("table.article thead button").nth(1);
    const expected = before.slice().sort((a, b) => a - b);
    for (const order of [expected, expected.slice().reverse(), before]) {
      await heading.click();
      assert.deepStrictEqual(await page.evaluate(medians), order);
    }
  }),

  "sorts by a name": (browser, file) => opened(browser, file, async (page) => {
    await page.locator("table.article thead button").first().click();
    const sorted = (await page.evaluate(view)).rows.slice(0, (await page.evaluate(medians)).length);
    assert.deepStrictEqual(sorted, sorted.slice().sort((a, b) => a.localeCompare(b)));
  }),

  "filters rows and marks": (browser, file) => opened(browser, file, async (page) => {
    await openPanel(page);
    const known = await page.evaluate(names);
    const all = await page.evaluate(view);
    assert(all.marks.length > known.length, "there are no marks");
    await page.locator(".controls input[type=search]").fill("tcp");
    const few = await page.evaluate(view);
    assert(few.marks.length > 0 && few.marks.every((mark) => mark.includes("tcp")), `marks of ${few.marks}`);
    const others = known.filter((name) => !name.includes("tcp"));
    assert(!few.rows.some((row) => others.some((name) => row.startsWith(name))), `rows of ${few.rows}`);
    assert(few.rows.length > 1 && few.status.startsWith(`${known.length - others.length} of ${known.length} `), few.status);
    await page.locator(".controls input[type=search]").fill("");
    // A variant without a valid trial has a box and no mark.
    const marked = known.findIndex((name) => all.marks.includes(name));
    await page.locator(".controls input[type=checkbox]").nth(marked).uncheck();
    const without = await page.evaluate(view);
    assert(!without.marks.includes(known[marked]) && without.marks.length < all.marks.length, "a box hides no mark");
    await page.locator(".controls button", { hasText: "Show everything" }).click();
    assert.deepStrictEqual(await page.evaluate(view), all);
  }),

  "keeps its view in the address": (browser, file) => opened(browser, file, async (page) => {
    await openPanel(page);
    await page.locator("table.article thead button").nth(1).click();
    await page.locator("table.article thead button").nth(1).click();
    await page.locator(".controls input[type=checkbox]").nth(1).uncheck();
    await page.locator("#method details summary").first().click();
    if (await page.locator(".controls select").count()) await page.locator(".controls select").selectOption({ index: 2 });
    await wait(page);
    const seen = await page.evaluate(view);
    const address = page.url();
    assert(address.includes("#") && address.split("#")[1], "the address has no view");
    await opened(browser, address, async (other) => {
      await wait(other);
      assert.deepStrictEqual(await other.evaluate(view), seen, "not restored when loaded");
    });
    await opened(browser, file, async (other) => {
      const plain = await other.evaluate(view);
      assert.notDeepStrictEqual(plain, seen, "the view is as it was");
      await other.evaluate((hash) => { location.hash = hash; }, address.split("#")[1]);
      await wait(other);
      assert.deepStrictEqual(await other.evaluate(view), seen, "not restored when the address changes");
      await other.goBack();
      await wait(other);
      assert.deepStrictEqual(await other.evaluate(view), plain, "not undone when the address goes back");
    });
    await opened(browser, `${pathToFileURL(file).href}#sort=99.99.up&load=99&fold=x.999&hide=%3Cb%3E&at=%3Cb%3E`, async (other, { said }) => {
      assert.deepStrictEqual(said, [], "a view of another page");
    });
  }),

  "recommends an approach for each typical need": (browser, file) => opened(browser, file, async (page) => {
    if (!(await page.locator("#advice").count())) return;
    const needs = await page.evaluate(() => Array.from(document.querySelectorAll("table.needs tbody tr"), (row) => row.cells[1].textContent.trim()));
    assert(needs.length >= 5 && needs.every(Boolean), `${needs.length} needs: ${needs}`);
    assert.strictEqual(await page.locator("form").count(), 0);
  }),

  "picks a load": (browser, file) => opened(browser, file, async (page) => {
    const loads = await page.evaluate(() => new Set(Array.from(document.querySelectorAll("[data-load]"), (fold) => fold.dataset.load)).size);
    if (loads < 2) return;
    await openPanel(page);
    await page.locator(".controls select").selectOption({ index: 2 });
    const tables = await page.locator("table.article:visible").count();
    assert.strictEqual(tables, 1, `${tables} tables of the article are to be seen`);
    const picked = await page.locator(".controls select option").nth(2).textContent();
    const caption = await page.locator("table.article:visible caption").textContent();
    assert(caption.endsWith(picked), `${caption}, and not ${picked}`);
  }),

  "says what a mark is, to a pointer and to the keyboard": (browser, file) => opened(browser, file, async (page) => {
    await page.locator("#charts").scrollIntoViewIfNeeded();
    const chart = page.locator("#charts .picture:visible").first();
    const readout = chart.locator(".readout");
    const hint = await readout.textContent();
    // The last mark with a name is the label of a line's end.
    const label = chart.locator("g[data-v]").last();
    await label.locator("text").hover();
    const name = await label.getAttribute("data-v");
    assert((await readout.textContent()).startsWith(`${name}: `), await readout.textContent());
    await page.mouse.move(0, 0);
    assert.strictEqual(await readout.textContent(), hint, "it stays when the pointer has gone");
    await chart.locator(".drawing").focus();
    await page.keyboard.press("ArrowDown");
    const first = await readout.textContent();
    assert(first !== hint && /\d/.test(first), first);
    await page.keyboard.press("ArrowDown");
    assert.notStrictEqual(await readout.textContent(), first);
    await page.keyboard.press("Escape");
    assert.strictEqual(await readout.textContent(), hint);
  }),

  "is reached by keyboard, and shows where it is": (browser, file) => opened(browser, file, async (page) => {
    const reached = new Set();
    for (let step = 0; step < 60; step += 1) {
      await page.keyboard.press("Tab");
      const stop = await page.evaluate(() => {
        const own = document.activeElement, style = getComputedStyle(own);
        const kind = own.closest("thead") ? "sort" : own.className || own.tagName.toLowerCase();
        return { kind, isSeen: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 1 };
      });
      assert(stop.isSeen || stop.kind === "body", `no outline around ${stop.kind}`);
      reached.add(stop.kind);
      if (stop.kind === "sort" && !reached.has("pressed")) {
        reached.add("pressed");
        await page.keyboard.press("Enter");
        assert(await page.locator("th[aria-sort]").count(), "Enter sorts nothing");
      }
    }
    for (const kind of ["a", "summary", "sort", "scroll"]) assert(reached.has(kind), `${kind} is not reached: ${[...reached]}`);
    await openPanel(page);
    await page.locator(".controls input[type=search]").fill("tcp");
    await page.locator(".controls summary").focus();
    await page.keyboard.press("Escape");
    assert(!(await page.locator(".controls.filtered").count()), "Escape does not clear the filter");
  }),

  "fits 360 pixels": (browser, file) => opened(browser, file, async (page) => {
    await openPanel(page);
    await page.evaluate(openAll);
    const wide = await page.evaluate(() => {
      const beyond = Array.from(document.querySelectorAll("body *")).find((one) => !one.closest(".scroll, .drawing, pre") && one.getBoundingClientRect().right > innerWidth + 1);
      return { width: document.documentElement.scrollWidth, beyond: beyond && beyond.outerHTML.slice(0, 120) };
    });
    assert(wide.width <= 360, `${wide.width} pixels wide: ${wide.beyond}`);
  }, { viewport: { width: 360, height: 740 } }),

  "says on paper what is filtered": (browser, file) => opened(browser, file, async (page) => {
    await page.emulateMedia({ media: "print" });
    assert(!(await page.locator(".controls").isVisible()), "the filter is printed though nothing is filtered");
    await page.emulateMedia({ media: "screen" });
    await openPanel(page);
    await page.locator(".controls input[type=search]").fill("tcp");
    await page.emulateMedia({ media: "print" });
    assert(await page.locator(".controls [role=status]").isVisible(), "what is filtered is not said");
  }),

  "has everything without script": (browser, file) => opened(browser, file, async (page) => {
    for (const place of ["#table table.article", "#validity", "#charts svg.chart", "#method"]) {
      assert(await page.locator(place).first().isVisible(), `${place} is not to be seen`);
    }
  }, { javaScriptEnabled: false }),

  "gives axe nothing to object to, light": (browser, file) => accessible(browser, file, {}),
  "gives axe nothing to object to, dark": (browser, file) => accessible(browser, file, { colorScheme: "dark" }),
  "gives axe nothing to object to, on a phone": (browser, file) => accessible(browser, file, { viewport: { width: 360, height: 740 } }),
};

const accessible = (browser, file, options) => opened(browser, file, async (page) => {
  await page.evaluate(openAll);
  await page.evaluate(AXE);
  const found = await page.evaluate((values) => window.axe.run(document, { runOnly: { type: "tag", values }, resultTypes: ["violations"] }), RULES);
  const said = found.violations.map(({ id, nodes }) => `${id} (${nodes.length}): ${nodes[0].html.slice(0, 100)} ${nodes[0].failureSummary.split("\n").slice(1, 2)}`);
  assert(!said.length, said.join("; "));
}, options);

module.exports = { CHECKS };
