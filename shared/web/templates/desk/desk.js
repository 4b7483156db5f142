// Comfort for the Onboarding Tool; nothing needs it. Keys: "/" search, "j" and "k" next and previous line, "x" tick, "Enter"
// open, "?" this list; a cookie turns them off. Searches while somebody types, shows how far a batch is, checks a user name.
(() => {
  "use strict";
  const $ = (css, from = document) => from.querySelector(css);
  const $$ = (css) => [...document.querySelectorAll(css)];
  const make = (tag, text, more) => Object.assign(document.createElement(tag), { textContent: text }, more);

  // What changes without a click is said once nothing has changed for a moment.
  const voice = make("p", "", { className: "skip" });
  voice.setAttribute("role", "status");
  document.body.append(voice);
  let talk;
  const say = (text) => { clearTimeout(talk); talk = setTimeout(() => { voice.textContent = text; }, 600); };

  // Keys move along the rows of a list, for whoever works without a mouse.
  const off = () => document.cookie.split("; ").includes("portico-keys=off");
  const rows = () => $$(".rows > li");
  let at = -1;
  const go = (step) => {
    const all = rows();
    at = Math.max(0, Math.min(all.length - 1, at + step));
    $("a", all[at] || voice)?.focus();
  };
  document.addEventListener("focusin", ({ target }) => {
    const row = target.closest(".rows > li");
    if (row) at = rows().indexOf(row);
  });
  const keys = [["/", "Find a patient"], ["j", "Next line"], ["k", "Previous line"], ["x", "Tick the line"], ["Enter", "Open the line"], ["?", "These keys"]];
  const help = () => {
    const box = make("dialog", "");
    const list = make("dl", "");
    for (const [key, does] of keys) list.append(make("dt", key), make("dd", does));
    const close = make("button", "Close", { type: "button" });
    close.addEventListener("click", () => box.close());
    box.addEventListener("close", () => box.remove());
    box.setAttribute("aria-labelledby", "keys");
    box.append(make("h2", "Keys", { id: "keys" }), list, close);
    document.body.append(box);
    box.showModal();
  };
  document.addEventListener("keydown", (event) => {
    const { key, target } = event;
    const typing = target.closest("input:not([type=checkbox]),select,textarea,dialog");
    if (off() || typing || event.ctrlKey || event.altKey || event.metaKey) return;
    const box = at < 0 ? null : $("input[type=checkbox]", rows()[at] || voice);
    if (key === "/") $("#q")?.focus();
    else if (key === "j") go(1);
    else if (key === "k") go(-1);
    else if (key === "x" && box) box.click();
    else if (key === "Enter" && target === box) $("a", rows()[at])?.click();
    else if (key === "?") help();
    else return;
    event.preventDefault();
  });
  const foot = $("footer p");
  if (foot) {
    const turn = make("button", "", { type: "button", className: "link" });
    const state = make("span", "");
    const label = () => { state.textContent = off() ? "Keys off. " : "Keys on. "; turn.textContent = off() ? "Turn on" : "Turn off"; };
    turn.addEventListener("click", () => {
      document.cookie = `portico-keys=${off() ? "on" : "off"}; path=/console; max-age=31536000; samesite=strict`;
      label();
    });
    label();
    const more = make("button", "Which keys", { type: "button", className: "link" });
    more.addEventListener("click", help);
    foot.append(" ", state, turn, " ", more);
  }

  // The count of ticked patients is shown, so that nobody sends more than they meant to.
  const tell = () => {
    const count = $("#ticked");
    if (count) count.textContent = `${$$(".rows input:checked").length} ticked`;
  };
  document.addEventListener("change", ({ target }) => {
    if (target.id === "tick-all") for (const box of $$(".rows input[type=checkbox]")) box.checked = target.checked;
    if (target.type === "checkbox") tell();
  });
  const ready = () => {
    $("#tick-all")?.closest("[hidden]")?.removeAttribute("hidden");
    for (const print of $$("[data-print]")) {
      print.hidden = false;
      print.onclick = () => window.print();
    }
  };
  ready();

  // A page of ours, asked for behind the one that is shown. Its main part takes the place of the shown one.
  const ask = async (address, fields) => {
    const body = fields && new URLSearchParams(fields);
    const answer = await fetch(address, { method: body ? "POST" : "GET", body, headers: { accept: "text/html" } });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    return { url: new URL(answer.url), ok: answer.ok, page };
  };
  const show = ({ page }) => {
    $("main").replaceChildren(...$("main", page).childNodes);
    document.title = page.title;
    at = -1;
    ready();
  };

  // Searches from two letters on. The focus stays where somebody types.
  const field = $("#q");
  let wait, asked = 0;
  field?.addEventListener("input", () => {
    clearTimeout(wait);
    const q = field.value.trim();
    const mine = ++asked;
    if (q.length < 2) return;
    wait = setTimeout(async () => {
      const found = await ask("/console/patients/search", { q }).catch(() => null);
      if (mine !== asked || !found?.ok) return;
      // One hit leads to the patient: whoever types goes there with Enter.
      if (found.url.pathname !== "/console/patients") return say("1 found. Enter opens it");
      show(found);
      history.replaceState(null, "", found.url);
      say(`${rows().length} found`);
    }, 300);
  });

  // How far a batch is. A window that nobody touches for ten minutes does not ask until somebody does, so that it closes
  // as it says.
  let quarter = 0;
  let touched = Date.now();
  for (const kind of ["pointermove", "keydown", "scroll"]) {
    addEventListener(kind, () => { touched = Date.now(); }, { passive: true });
  }
  const look = async () => {
    const bar = $("progress[data-batch]");
    if (!bar) return;
    const part = Math.floor((4 * bar.value) / (bar.max || 1));
    if (part > quarter) say(`${part * 25} percent done`);
    quarter = part;
    await new Promise((done) => { setTimeout(done, 2000); });
    if (Date.now() - touched > 600000) return look();
    const next = await ask(location.href).catch(() => null);
    if (!next?.ok) return;
    if ($("progress[data-batch]", next.page)) {
      bar.value = $("progress", next.page).value;
      $("h1").textContent = $("h1", next.page).textContent;
    } else {
      show(next);
      $("h1").focus();
    }
    look();
  };
  look();

  // Whether a user name is free, as it is typed.
  const name = $("[data-check]");
  name?.addEventListener("input", () => {
    clearTimeout(wait);
    wait = setTimeout(async () => {
      const body = new URLSearchParams({ username: name.value, check: "word" });
      const answer = await fetch(name.dataset.check, { method: "POST", body }).catch(() => null);
      if (answer?.ok) $("#checked").textContent = (await answer.json()).words;
    }, 500);
  });

  $(".said[autofocus]")?.focus();
  // What is to be corrected is typed over.
  $("input[autofocus]")?.select();
})();
