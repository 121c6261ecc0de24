// Runs every check on every page that is named, and with --self-check each check on a page with the error that it is
// there to find.
"use strict";
const fs = require("fs");
const os = require("os");
const path = require("path");
const { chromium } = require("playwright-core");
const { CHECKS } = require("./checks.cjs");
const { ERRORS } = require("./errors.cjs");

const ARGUMENTS = ["--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];

// What is wrong with a page, by the check of this name; null where nothing is.
async function problem(browser, name, file) {
  try {
    await CHECKS[name](browser, file);
    return null;
  } catch (error) {
    return error.message.split(/\s*\n\s*/).join(" ").slice(0, 600);
  }
}

async function checkAll(browser, pages) {
  let failures = 0;
  for (const file of pages) {
    console.log(`# ${path.basename(path.dirname(path.dirname(file)))}: ${Math.round(fs.statSync(file).size / 1e3)} KB`);
    for (const name of Object.keys(CHECKS)) {
      const said = await problem(browser, name, file);
      console.log(`${said ? "FAIL " : "ok   "} ${name}${said ? `: ${said}` : ""}`);
      failures += said ? 1 : 0;
    }
  }
  return failures;
}

async function checkSelf(browser, pages) {
  let failures = 0;
  console.log("# errors planted: each must be found");
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "planted-"));
  const file = path.join(folder, "index.html");
  for (const { error, check, plant } of ERRORS) {
    // In the page of the sweep, which has all that the other has, and loads to pick from.
    const page = fs.readFileSync(pages[pages.length - 1], "utf8");
    const planted = plant(page);
    fs.writeFileSync(file, planted);
    const said = planted === page ? null : await problem(browser, check, file);
    console.log(`${said ? "ok   " : "FAIL "} ${error}: ${said ? `found, ${said.slice(0, 100)}` : `not found by "${check}"`}`);
    failures += said ? 0 : 1;
  }
  const unseen = Object.keys(CHECKS).filter((name) => !ERRORS.some(({ check }) => check === name));
  unseen.forEach((name) => console.log(`FAIL  no error is planted for "${name}"`));
  fs.rmSync(folder, { recursive: true });
  return failures + unseen.length;
}

async function main() {
  const pages = process.argv.slice(2).filter((argument) => !argument.startsWith("--")).map((file) => path.resolve(file));
  const isSelf = process.argv.includes("--self-check");
  const root = process.getuid && process.getuid() === 0;
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM || "/usr/bin/chromium", chromiumSandbox: !root, args: ARGUMENTS });
  const failures = (await checkAll(browser, pages)) + (isSelf ? await checkSelf(browser, pages) : 0);
  await browser.close();
  console.log(failures ? `${failures} checks failed` : "all checks passed");
  process.exitCode = failures ? 1 : 0;
}

main();
