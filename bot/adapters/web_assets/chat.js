// The browser chat: plain script, no framework; everything it fetches is on this server.
"use strict";

(() => {
  const boot = JSON.parse(document.getElementById("boot").textContent);
  const byId = (id) => document.getElementById(id);
  const ask = byId("ask");
  const talk = byId("talk");
  const options = byId("options");
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const TIMEOUT = 60_000;
  const QUIET = 3_000;

  const query = new URLSearchParams(location.search);
  const kept = (name, allowed) => {
    let value = query.get(name);
    try {
      value = value ?? localStorage.getItem("ballotage." + name);
    } catch {
      // Storage can be switched off; the page works without it.
    }
    return allowed.includes(value) ? value : null;
  };
  const state = {
    role: kept("role", boot.roles) ?? boot.roles[0],
    locale: kept("locale", boot.locales) ?? boot.locale,
    place: kept("place", boot.places) ?? boot.places[0],
  };
  const history = [];
  let recalled = 0;
  let draft = "";
  let picked = -1;
  let waiting = 0;
  const drawn = [];

  const text = (key) => boot.texts[state.locale][key] ?? key;
  const about = () => boot.about[state.locale];

  function make(tag, attributes = {}, ...children) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (value === true) node.setAttribute(name, "");
      else if (value !== false && value != null) node.setAttribute(name, value);
    }
    node.append(...children);
    return node;
  }

  function set(name, value) {
    state[name] = value;
    try {
      localStorage.setItem("ballotage." + name, value);
    } catch {
      // As above.
    }
    chrome();
  }

  // ---- The page around the answers, in the language of the moment.

  function segmented(id, name, values, label) {
    const group = byId(id);
    const had = group.contains(document.activeElement);
    group.replaceChildren(
      ...values.map((value) =>
        make("button", {
          type: "button", role: "radio", "data-value": value, lang: id === "locales" ? value : null,
          "aria-checked": String(value === state[name]), tabindex: value === state[name] ? 0 : -1,
          title: label(value).title ?? null,
        }, label(value).text)));
    if (had) group.querySelector("[aria-checked=true]").focus();
    group.onclick = (event) => {
      const button = event.target.closest("button");
      if (button) set(name, button.dataset.value);
    };
    group.onkeydown = (event) => {
      const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      if (!step) return;
      event.preventDefault();
      const at = values.indexOf(state[name]) + step;
      set(name, values[(at + values.length) % values.length]);
    };
  }

  function chrome() {
    document.documentElement.lang = state.locale;
    for (const node of document.querySelectorAll("[data-text]")) node.textContent = text(node.dataset.text);
    for (const node of document.querySelectorAll("[data-label]")) {
      if (!node.closest("table")) node.setAttribute("aria-label", text(node.dataset.label));
    }
    byId("company").textContent = about().company;
    byId("data-date").textContent = about().data_date ? text("data_until").replace("{date}", about().data_date) : "";
    document.title = about().company ? `Ballotage · ${about().company}` : "Ballotage";
    ask.placeholder = text("placeholder");
    segmented("roles", "role", boot.roles, (role) => ({ text: text("role_" + role) }));
    segmented("locales", "locale", boot.locales, (locale) => ({
      text: locale.toUpperCase(), title: text("language_" + locale),
    }));
    const place = byId("place");
    place.replaceChildren(...boot.places.map((value) =>
      make("option", { value, selected: value === state.place }, text("place_" + value))));
    byId("chips").replaceChildren(...about().suggestions.map(({ label, text: line }) =>
      make("button", { type: "button", "data-command": line, title: line }, label)));
  }

  // ---- Asking and answering.

  async function send(line, { share = false, replace = null } = {}) {
    line = line.trim();
    if (!line) return;
    document.body.classList.add("talking");
    close();
    const asked = { text: line, role: state.role, locale: state.locale, place: state.place, share };
    const turn = replace ?? make("div", { class: "turn" });
    if (!replace) {
      const where = asked.place === "dm" ? "" : ` · ${text("place_" + asked.place)}`;
      const bubble = make("div", { class: "asked" }, make("p", {}, line),
        make("small", {}, text("role_" + asked.role) + where));
      talk.append(bubble, turn);
    }
    const typing = make("div", { class: "typing", "aria-hidden": "true" }, make("i"), make("i"), make("i"));
    turn.replaceChildren(typing);
    reveal(turn);
    waiting += 1;
    byId("talk").setAttribute("aria-busy", "true");
    say(text("thinking"));
    try {
      const answer = await fetchAnswer(asked, (words) => drafted(turn, typing, words));
      turn.innerHTML = answer.html; // Escaped by the server's renderer.
      charts(turn, answer.charts);
      say(answer.headline);
    } catch (error) {
      trouble(turn, error, line, share);
    } finally {
      waiting -= 1;
      if (!waiting) byId("talk").setAttribute("aria-busy", "false");
      reveal(turn);
    }
  }

  // What is ready of an answer, for the eye only: a screen reader hears the whole, once.
  function drafted(turn, typing, words) {
    const paragraphs = words.split("\n").filter(Boolean).map((line) => make("p", {}, line));
    turn.replaceChildren(...(words ? [make("article", { class: "answer draft", "aria-hidden": "true" }, ...paragraphs)] : []), typing);
    reveal(turn);
  }

  async function fetchAnswer(asked, draft) {
    let response;
    try {
      response = await fetch("/api/chat", {
        method: "POST",
        headers: { "Content-Type": "application/json", "Accept-Language": asked.locale },
        body: JSON.stringify({ ...asked, stream: true }),
        signal: AbortSignal.timeout(TIMEOUT),
      });
    } catch {
      throw new Error(text("gone"));
    }
    let answer = null;
    try {
      const streamed = response.headers.get("Content-Type")?.startsWith("application/x-ndjson");
      const last = streamed ? await ballotageStream(response, draft) : await response.json();
      answer = streamed ? last?.answer ?? last : last;
    } catch {
      // Not ours: told by its status below.
    }
    if (!response.ok || !answer?.html) throw new Error(answer?.error ?? text("gone"));
    return answer;
  }

  function trouble(turn, error, line, share) {
    const retry = make("button", { type: "button", class: "primary" }, text("retry"));
    retry.addEventListener("click", () => {
      send(line, { share, replace: turn });
      ask.focus();
    });
    turn.replaceChildren(
      make("article", { class: "answer trouble", role: "alert" }, make("p", {}, error.message), retry));
  }

  function say(line) {
    byId("said").append(make("p", {}, line));
    while (byId("said").children.length > 4) byId("said").firstChild.remove();
  }

  // The question goes to the top when its answer is taller than the screen, else all is shown.
  function reveal(turn) {
    const bubble = turn.previousElementSibling;
    requestAnimationFrame(() => {
      const room = innerHeight - document.querySelector(".bar").offsetHeight - document.querySelector(".composer").offsetHeight;
      const smooth = matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth";
      if (turn.offsetHeight + bubble.offsetHeight > room) bubble.scrollIntoView({ block: "start", behavior: smooth });
      else scrollTo({ top: document.documentElement.scrollHeight, behavior: smooth });
    });
  }

  // ---- Charts: drawn when the script for them has come; until then their words stand there.

  let vega = null;
  function loadVega() {
    vega ??= new Promise((resolve, reject) => {
      const script = make("script", { src: "/assets/vega.js" });
      script.onload = () => resolve(window.vegaEmbed);
      script.onerror = () => {
        vega = null;
        reject(new Error("vega"));
      };
      document.head.append(script);
    });
    return vega;
  }

  function charts(turn, specs) {
    for (const figure of turn.querySelectorAll("figure[data-chart]")) {
      const chart = specs[Number(figure.dataset.chart)];
      if (!chart) continue;
      const under = make("div", { class: "under" });
      figure.append(under);
      under.append(figure.querySelector("details.figures"), make("a", {
        class: "download", href: chart.png, download: "",
      }, "↓ " + text("download")));
      const item = { plot: figure.querySelector(".plot"), chart, view: null };
      drawn.push(item);
      draw(item);
    }
  }

  async function draw(item) {
    try {
      const embed = await loadVega();
      const place = make("div");
      item.plot.replaceChildren(place);
      item.plot.classList.add("drawn");
      const result = await embed(place, dark.matches ? item.chart.dark : item.chart.light, {
        mode: "vega-lite", renderer: "svg", actions: false,
        // The policy of the page forbids eval and inline styles.
        ast: true, defaultStyle: false, tooltip: { disableDefaultStyle: true },
      });
      item.view?.finalize();
      item.view = result;
      // The figure has its own label; what Vega labels inside it would be read twice.
      place.querySelector("svg")?.setAttribute("aria-hidden", "true");
    } catch {
      item.plot.classList.remove("drawn");
      item.plot.replaceChildren(make("p", {}, item.plot.getAttribute("aria-label")));
    }
  }
  dark.addEventListener("change", () => drawn.forEach(draw));

  // ---- The field: history, completion, keys.

  function matches() {
    const typed = ask.value.trimStart().toLowerCase();
    if (!typed || typed.includes("\n")) return [];
    const bare = typed.replace(/^\//, "");
    if (!typed.startsWith("/") && bare.length < 2) return [];
    return about().commands.filter((command) =>
      command.insert.toLowerCase().replace(/^\//, "").startsWith(bare) && command.insert.trim().toLowerCase() !== typed.trim());
  }

  function suggest() {
    const found = matches().slice(0, 8);
    picked = -1;
    options.hidden = found.length === 0;
    options.replaceChildren(...found.map((command, at) =>
      make("li", { role: "option", id: "option-" + at, "aria-selected": "false", "data-insert": command.insert },
        make("code", {}, command.usage), make("span", {}, command.summary))));
    ask.removeAttribute("aria-activedescendant");
  }

  function close() {
    options.hidden = true;
    picked = -1;
    ask.removeAttribute("aria-activedescendant");
  }

  function pick(at) {
    const items = [...options.children];
    picked = (at + items.length) % items.length;
    items.forEach((item, i) => item.setAttribute("aria-selected", String(i === picked)));
    items[picked].scrollIntoView({ block: "nearest" });
    ask.setAttribute("aria-activedescendant", items[picked].id);
  }

  function complete(item) {
    write(item.dataset.insert.trimEnd() + " ");
    close();
    ask.focus();
  }

  function write(value) {
    ask.value = value;
    ask.setSelectionRange(value.length, value.length);
    grow();
  }

  function grow() {
    if (CSS.supports("field-sizing", "content")) return;
    ask.style.height = "auto";
    ask.style.height = ask.scrollHeight + "px";
  }

  function recall(step) {
    if (!history.length) return;
    if (recalled === history.length) draft = ask.value;
    recalled = Math.min(history.length, Math.max(0, recalled + step));
    write(recalled === history.length ? draft : history[recalled]);
    close();
  }

  function submit() {
    const line = ask.value.trim();
    if (!line) return;
    if (history.at(-1) !== line) history.push(line);
    recalled = history.length;
    write("");
    send(line);
  }

  ask.addEventListener("input", () => {
    grow();
    suggest();
  });
  ask.addEventListener("blur", () => setTimeout(close, 150));
  ask.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    const open = !options.hidden;
    const atStart = ask.selectionStart === 0 && ask.selectionEnd === 0;
    const lines = ask.value.includes("\n");
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      if (open && picked >= 0) complete(options.children[picked]);
      else submit();
    } else if (event.key === "Tab" && open && !event.shiftKey) {
      event.preventDefault();
      complete(options.children[Math.max(0, picked)]);
    } else if (event.key === "Escape") {
      if (open) close();
      else {
        write("");
        recalled = history.length;
      }
    } else if (event.key === "ArrowDown" && open) {
      event.preventDefault();
      pick(picked + 1);
    } else if (event.key === "ArrowUp" && open && picked >= 0) {
      event.preventDefault();
      pick(picked - 1);
    } else if (event.key === "ArrowUp" && (!lines || atStart)) {
      event.preventDefault();
      recall(-1);
    } else if (event.key === "ArrowDown" && !lines && recalled < history.length) {
      event.preventDefault();
      recall(1);
    }
  });

  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest?.("input, textarea, select")) return;
    event.preventDefault();
    ask.focus();
    if (!ask.value) {
      write("/");
      suggest();
    }
  });

  byId("composer").addEventListener("submit", (event) => {
    event.preventDefault();
    submit();
    ask.focus();
  });
  options.addEventListener("pointerdown", (event) => {
    const item = event.target.closest("li");
    if (!item) return;
    event.preventDefault();
    complete(item);
  });
  byId("place").addEventListener("change", (event) => set("place", event.target.value));

  document.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-command]");
    if (!button) return;
    const chip = button.closest("#chips");
    send(button.dataset.command, { share: button.hasAttribute("data-share") });
    if (chip && matchMedia("(pointer: fine)").matches) ask.focus();
  });
  talk.addEventListener("submit", (event) => {
    const form = event.target.closest("form[data-command]");
    if (!form) return;
    event.preventDefault();
    const facts = [...new FormData(form)]
      .map(([name, value]) => [name, String(value).trim()])
      .filter(([, value]) => value)
      .map(([name, value]) => `${name}=${/\s/.test(value) ? `"${value.replace(/"/g, "'")}"` : value}`);
    send([form.dataset.command, ...facts].join(" "));
  });

  chrome();
  // The first picture should not wait for its script: the server makes it while the person reads,
  // and never while a question waits, since making it takes the server a second or two.
  const early = () => (waiting ? setTimeout(early, QUIET) : loadVega().catch(() => {}));
  setTimeout(early, QUIET);
  if (matchMedia("(pointer: fine)").matches) ask.focus();
})();
