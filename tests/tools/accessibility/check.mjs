// Looks at the pages and mails that the tests kept: is the HTML valid, what does a screen reader say of the main pages, do
// mail programs show what the mails use. `tests/accessibility` starts it.
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { caniemail } from "caniemail";
import { HtmlValidate } from "html-validate";
import { JSDOM, VirtualConsole } from "jsdom";

const [sent, seen, mails, heard] = process.argv.slice(2);
const accept = process.env.PORTICO_ACCEPT === "yes";
const faults = [];
const files = (folder) => readdirSync(folder).filter((name) => name.endsWith(".html")).sort();
const read = (folder, name) => readFileSync(join(folder, name), "utf8");

// The pages as they were sent. Each line that is off says why.
const rules = {
  "doctype-style": "off", // in small letters it is as valid
  "no-implicit-button-type": "off", // a button of a form sends it
  "no-trailing-whitespace": "off", // conditions in templates leave it
  "long-title": "off", // the practice's name is in it
  "tel-non-breaking": "off", // our style sheet keeps them together
  "form-dup-name": "off", // the patients of a batch are several values of one field
  "no-inline-style": "error", // the pages' own policy forbids it
};
// Mails are laid out by tables with attributes, because Outlook on Windows reads nothing newer.
const inMails = { "no-inline-style": "off", "no-deprecated-attr": "off", "prefer-tbody": "off" };
const validator = (more) => new HtmlValidate({ root: true, extends: ["html-validate:recommended"], rules: { ...rules, ...more } });
const [ofPage, ofMail] = [validator({}), validator(inMails)];
const pages = [...files(sent).map((name) => [sent, name]), ...files(mails).map((name) => [mails, name])];
for (const [folder, name] of pages) {
  const isMail = folder === mails || name.includes("previews-email");
  const report = await (isMail ? ofMail : ofPage).validateString(read(folder, name), name);
  for (const { messages } of report.results) {
    for (const { ruleId, message, line, column } of messages) {
      faults.push(`${name}:${line}:${column} ${ruleId}: ${message}`);
    }
  }
}

// What a screen reader says from the top of a page to its end.
// The reader asks a page's elements for their kind by the classes of a browser's window.
// It has no words before and after elements to tell, and needs not say so.
const { window } = new JSDOM("", { pretendToBeVisual: true, url: "http://127.0.0.1/", virtualConsole: new VirtualConsole() });
for (const name of Object.getOwnPropertyNames(window)) {
  if (!(name in globalThis)) globalThis[name] = window[name];
}
const { virtual } = await import("@guidepup/virtual-screen-reader");
async function words(page) {
  window.document.open();
  window.document.write(page);
  window.document.close();
  await virtual.start({ container: window.document.body, window });
  while ((await virtual.lastSpokenPhrase()) !== "end of document") await virtual.next();
  const spoken = await virtual.spokenPhraseLog();
  await virtual.stop();
  // The clock goes on while the tests run, and each service has a port of its own.
  return `${window.document.title}\n${spoken.join("\n")}\n`.replace(/\d{1,2}:\d\d [AP]M/g, "{time}").replace(/\w+day, \w+ \d+, \d{4}/g, "{day}").replace(/127\.0\.0\.1:\d+/g, "{host}");
}
const HEARD = ["desk-today", "desk-patients", "desk-patient-bounced", "en-link", "en-link--wrong", "en-code--choice", "en-code", "en-registration", "en-welcome"];
for (const name of HEARD) {
  const said = await words(read(seen, `${name}.html`));
  const file = join(heard, `${name}.txt`);
  if (accept) writeFileSync(file, said);
  let before = "";
  try {
    before = readFileSync(file, "utf8");
  } catch {
    faults.push(`${file} is not there. PORTICO_ACCEPT=yes tests/accessibility writes it.`);
    continue;
  }
  const [was, is] = [before.split("\n"), said.split("\n")];
  const at = is.findIndex((line, number) => line !== was[number]);
  if (before !== said) {
    const line = at < 0 ? is.length : at;
    faults.push(`${file}:${line + 1}: was "${was[line] ?? ""}", is "${is[line] ?? ""}". PORTICO_ACCEPT=yes tests/accessibility accepts it.`);
  }
}

// What the mail programs that most people use don't support, besides what a mail can do without.
const WITHOUT = [
  "color-scheme", // Gmail and Outlook choose dark colors themselves
  "@media", // the dark colors are for the others
  "prefers-color-scheme",
  "border-radius", // square corners in Outlook on Windows
  "max-width", // Outlook on Windows: the table has a width
  "white-space", // a phone number may break on Outlook on Windows
  "role attribute", // Outlook on Windows drops it, and reads tables of one cell
  "<body> element", // Outlook makes it a `div`; what it looks like is said by the table, too
  "<style> element", // it has nothing but the dark colors
  "word-break", // long addresses stay on their line there
  "user-select", // a comfort on phones
  "<meta> color-scheme",
  "text-size-adjust",
  "overflow", // of the hidden preview, which `display: none` hides as well
  "max-height",
  "display",
  "border-collapse",
];
const clients = ["gmail.*", "outlook.*", "apple-mail.*"];
for (const name of files(mails)) {
  const { issues } = caniemail({ clients, html: read(mails, name) });
  for (const [client, found] of issues.errors) {
    for (const { title } of found) {
      if (!WITHOUT.some((known) => title.includes(known))) faults.push(`${name}: ${client} does not know ${title}`);
    }
  }
}

console.log(`${pages.length} pages and mails as they were sent, ${HEARD.length} pages as they are heard`);
if (faults.length > 0) {
  console.error([...new Set(faults)].join("\n"));
  process.exit(1);
}
