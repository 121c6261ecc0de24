// Errors to plant in a page, each beside the check that must find it.
"use strict";

const { createHash } = require("crypto");

// The page with a policy that names its scripts and styles as they are now.
function allowed(page) {
  const digests = (pattern) => Array.from(page.matchAll(pattern), ([, text]) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`).join(" ");
  return page
    .replace(/style-src [^;]*;/, () => `style-src ${digests(/<style>([^]*?)<\/style>/g)};`)
    .replace(/script-src [^;]*;/, () => `script-src ${digests(/<script>([^]*?)<\/script>/g)};`);
}

const script = (page, code) => page.replace("</script></body>", `;${code}</script></body>`);
const style = (page, rules) => page.replace("</style>", `${rules}</style>`);
const without = (page, part) => page.split(part).join("");

const ERRORS = [
  { error: "a million bytes more", check: "is at most 1 MB", plant: (page) => `${page}<!--${"x".repeat(1e6)}-->` },
  {
    error: "a picture from elsewhere, without the policy that forbids it",
    check: "asks nothing of any network",
    plant: (page) => page.replace("Content-Security-Policy", "X-Nothing").replace("<main>", "<main><img alt=\"\" src=\"http://127.0.0.1:9/x.png\">"),
  },
  { error: "a fetch, which the policy forbids", check: "throws nothing and leaves the console empty", plant: (page) => script(page, "fetch('http://127.0.0.1:9/').catch(function () {})") },
  { error: "an exception", check: "throws nothing and leaves the console empty", plant: (page) => script(page, "document.body.nothing.at = 1") },
  { error: "an order that never turns", check: "sorts by a number, up, down and back", plant: (page) => page.replace("return down ? y - x : x - y", "return x - y") },
  { error: "names not compared", check: "sorts by a name", plant: (page) => without(page, "x.localeCompare(y)").replace("(down ? -1 : 1) * ;", "0;") },
  { error: "marks that stay", check: "filters rows and marks", plant: (page) => style(page, ".off { display: block }") },
  { error: "an address that stays as it is", check: "keeps its view in the address", plant: (page) => page.replace("history.replaceState", "String") },
  { error: "an address that is not listened to", check: "keeps its view in the address", plant: (page) => without(page, "addEventListener(\"hashchange\", restore);") },
  { error: "needs without an answer", check: "recommends an approach for each typical need", plant: (page) => script(page, "document.querySelectorAll('table.needs tbody td:nth-child(2)').forEach((cell) => cell.replaceChildren())") },
  { error: "loads that are not picked", check: "picks a load", plant: (page) => page.replace("view.load = Number(picker.value);", "") },
  { error: "a read-out without words", check: "says what a mark is, to a pointer and to the keyboard", plant: (page) => page.replace("out.textContent = words", "out.textContent = hint") },
  { error: "a focus that is not to be seen", check: "is reached by keyboard, and shows where it is", plant: (page) => style(page, "* { outline: none !important }") },
  { error: "a line that is too wide", check: "fits 360 pixels", plant: (page) => style(page.replace("<main>", "<main><p class=\"wide\">wide</p>"), ".wide { width: 30rem }") },
  { error: "paper that keeps silent", check: "says on paper what is filtered", plant: (page) => style(page, "@media print { .controls.filtered { display: none } }") },
  { error: "a page that is made by its script", check: "has everything without script", plant: (page) => style(page, "#table { display: none }").replace("\"use strict\";", "\"use strict\"; document.querySelector('#table').style.display = 'block';") },
  { error: "grey on white", check: "gives axe nothing to object to, light", plant: (page) => style(page, ".verdict { color: #bbb }") },
  { error: "grey on black", check: "gives axe nothing to object to, dark", plant: (page) => style(page, "@media (prefers-color-scheme: dark) { .verdict { color: #333 } }") },
  { error: "a field without a label", check: "gives axe nothing to object to, on a phone", plant: (page) => page.replace("<main>", "<main><input>") },
];

module.exports = { ERRORS: ERRORS.map((error) => ({ ...error, plant: (page) => allowed(error.plant(page)) })) };
