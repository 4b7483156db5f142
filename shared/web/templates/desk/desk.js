// Comfort for the Onboarding Tool. Nothing needs it: "/" goes to the search, "j" and "k" to the next and previous line,
// "x" ticks a line, "Enter" opens it. The keys can be turned off.
(() => {
  "use strict";
  const off = () => localStorage.getItem("portico-keys") === "off";
  const rows = () => [...document.querySelectorAll(".rows > li")];
  let at = -1;
  const go = (step) => {
    const all = rows();
    if (!all.length) return;
    at = Math.max(0, Math.min(all.length - 1, at + step));
    const link = all[at].querySelector("a");
    if (link) link.focus();
  };
  document.addEventListener("focusin", (event) => {
    const row = event.target.closest(".rows > li");
    if (row) at = rows().indexOf(row);
  });
  document.addEventListener("keydown", (event) => {
    const inField = event.target.closest("input:not([type=checkbox]),select,textarea");
    if (off() || inField || event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.key === "/") { event.preventDefault(); document.getElementById("q")?.focus(); }
    if (event.key === "j") go(1);
    if (event.key === "k") go(-1);
    if (event.key === "x" && at >= 0) rows()[at]?.querySelector("input[type=checkbox]")?.click();
  });
  const foot = document.querySelector("footer p");
  if (foot) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "link";
    const label = () => { button.textContent = off() ? "Shortcut keys are off. Turn on" : "Shortcut keys are on. Turn off"; };
    button.addEventListener("click", () => { localStorage.setItem("portico-keys", off() ? "on" : "off"); label(); });
    label();
    foot.append(" ", button);
  }
  for (const print of document.querySelectorAll("[data-print]")) {
    print.hidden = false;
    print.addEventListener("click", () => window.print());
  }
  const count = document.getElementById("ticked");
  const all = document.getElementById("tick-all");
  const boxes = () => [...document.querySelectorAll(".rows input[type=checkbox]")];
  const tell = () => { if (count) count.textContent = boxes().filter((box) => box.checked).length + " ticked"; };
  document.addEventListener("change", (event) => {
    if (event.target === all) boxes().forEach((box) => { box.checked = all.checked; });
    tell();
  });
  if (all) { all.closest("[hidden]")?.removeAttribute("hidden"); tell(); }
  document.querySelector(".said[autofocus]")?.focus();
})();
