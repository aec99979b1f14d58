// What makes the page livelier. Without it every link and form works all the same.
"use strict";

const offline = document.getElementById("offline");

async function pageAt(address, options) {
  try {
    const response = await fetch(address, { ...options, headers: { Accept: "text/html" } }); // else / is S3's
    const text = await response.text();
    offline.hidden = true;
    return { page: new DOMParser().parseFromString(text, "text/html"), address: response.url };
  } catch {
    offline.hidden = false;
    return null;
  }
}

// --- jobs and states, kept fresh ---

const FOCUSABLE = "a, button, input, select, summary, [tabindex]";

function replacePart(part, newer) {
  const selection = getSelection();
  const isSelecting = !selection.isCollapsed && part.contains(selection.anchorNode);
  if (isSelecting || part.innerHTML === newer.innerHTML) return;
  const focused = [...part.querySelectorAll(FOCUSABLE)].indexOf(document.activeElement);
  const scrolled = [...part.querySelectorAll(".wide")].map((box) => box.scrollLeft);
  part.replaceChildren(...newer.childNodes);
  part.querySelectorAll(".wide").forEach((box, number) => { box.scrollLeft = scrolled[number] ?? 0; });
  if (focused >= 0) part.querySelectorAll(FOCUSABLE)[focused]?.focus({ preventScroll: true });
  prepare(part);
}

async function refresh(main) {
  if (!document.hidden) {
    const answer = await pageAt(location.href);
    const newer = answer?.page.querySelector("main[data-refresh]");
    if (newer) {
      main.dataset.seconds = newer.dataset.seconds;
      for (const part of main.querySelectorAll("[data-part]")) {
        const other = newer.querySelector(`[data-part="${part.dataset.part}"]`);
        if (other) replacePart(part, document.importNode(other, true));
      }
    }
  }
  setTimeout(refresh, 1000 * main.dataset.seconds, main);
}

// --- asking and putting, without leaving the page ---

async function send(form, submitter) {
  const answer = document.querySelector("[data-answer]");
  const fields = new URLSearchParams(new FormData(form, submitter));
  const isPost = form.method === "post";
  answer.setAttribute("aria-busy", "true");
  submitter?.setAttribute("disabled", "");
  const address = isPost ? form.action : `${form.getAttribute("action")}?${fields}`;
  const result = await pageAt(address, isPost ? { method: "POST", body: fields } : undefined);
  answer.removeAttribute("aria-busy");
  submitter?.removeAttribute("disabled");
  if (!result) return;
  const newer = result.page.querySelector("[data-answer]");
  if (!newer) { // an error page: the group or the campaign is gone, or the service was started again
    document.querySelector("main").replaceChildren(...document.importNode(result.page.querySelector("main"), true).childNodes);
    return;
  }
  const eventType = answer.querySelector("[name=event_type]")?.value;
  answer.replaceChildren(...document.importNode(newer, true).childNodes);
  if (eventType && answer.querySelector("[name=event_type]")) answer.querySelector("[name=event_type]").value = eventType;
  prepare(answer);
  if (answer.getBoundingClientRect().top > innerHeight / 2) answer.scrollIntoView(); // below the form, on narrow windows
  if (isPost) answer.querySelector("#was-put, [role=alert]")?.focus();
  if (!isPost) history.pushState(null, "", result.address);
  else if (!result.address.endsWith("/events")) history.replaceState(null, "", result.address);
}

// --- suggestions: a combobox as in the ARIA practices ---

let lists = 0;

function suggest(input) {
  const list = document.createElement("ul");
  const id = `suggestions-${++lists}`;
  list.id = id;
  list.className = "suggestions";
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", `Suggestions for ${input.labels[0].textContent.trim()}`);
  list.hidden = true;
  input.after(list);
  const attributes = { role: "combobox", "aria-autocomplete": "list", "aria-controls": id, "aria-expanded": "false" };
  for (const [name, value] of Object.entries(attributes)) input.setAttribute(name, value);
  let timer = 0;
  let asked = 0;

  const options = () => [...list.querySelectorAll("[role=option]")];
  const close = () => {
    clearTimeout(timer); // nor may what is still awaited open it again
    asked += 1;
    list.hidden = true;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  };
  const choose = (option) => { input.value = option.dataset.id; close(); };
  const mark = (option) => {
    for (const other of options()) other.setAttribute("aria-selected", String(other === option));
    if (option) {
      input.setAttribute("aria-activedescendant", option.id);
      option.scrollIntoView({ block: "nearest" });
    } else input.removeAttribute("aria-activedescendant");
  };
  const show = (suggestions) => {
    const entries = suggestions.map(({ id: value, label }, number) => {
      const entry = document.createElement("li");
      entry.id = `${id}-${number}`;
      entry.dataset.id = value;
      entry.setAttribute("role", "option");
      entry.setAttribute("aria-selected", "false");
      const extra = document.createElement("span");
      extra.className = "muted";
      extra.textContent = label;
      entry.append(value, " ", extra);
      return entry;
    });
    if (!entries.length) {
      const none = document.createElement("li");
      none.className = "none";
      none.textContent = "Nothing in the datasets matches. It is sent as it is.";
      entries.push(none);
    }
    list.replaceChildren(...entries);
    list.hidden = false;
    input.setAttribute("aria-expanded", "true");
  };
  const look = async () => {
    const number = ++asked;
    try {
      const response = await fetch(`${input.dataset.suggest}&text=${encodeURIComponent(input.value.trim())}`);
      const suggestions = response.ok ? await response.json() : [];
      if (number === asked && document.activeElement === input) show(suggestions);
    } catch { close(); }
  };

  input.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(look, 120); });
  input.addEventListener("click", look);
  input.addEventListener("blur", close);
  list.addEventListener("mousedown", (event) => {
    event.preventDefault(); // the input keeps the focus
    const option = event.target.closest("[role=option]");
    if (option) choose(option);
  });
  input.addEventListener("keydown", (event) => {
    const all = options();
    const at = all.findIndex((option) => option.getAttribute("aria-selected") === "true");
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (list.hidden) { look(); return; }
      const step = event.key === "ArrowDown" ? 1 : -1;
      mark(all[(at + step + all.length) % all.length] ?? null);
    } else if (event.key === "Enter" && !list.hidden && at >= 0) {
      event.preventDefault();
      choose(all[at]);
    } else if (event.key === "Enter") {
      close(); // and send the form
    } else if (event.key === "Escape" && !list.hidden) {
      event.preventDefault();
      close();
    }
  });
}

// --- what each part of the page needs, whenever it is put in place ---

function showFilter(select) {
  for (const box of select.form.querySelectorAll("fieldset[data-of]")) {
    box.hidden = box.disabled = box.dataset.of !== select.value;
  }
}

function prepare(root) {
  root.querySelectorAll("[data-copy]").forEach((button) => { button.hidden = !navigator.clipboard; });
  root.querySelectorAll("input[data-suggest]").forEach(suggest);
  root.querySelectorAll("select[data-filter]").forEach(showFilter);
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  await navigator.clipboard.writeText(button.parentElement.querySelector("code").textContent);
  button.textContent = "Copied";
  setTimeout(() => { button.textContent = "Copy"; }, 1500);
});
document.addEventListener("change", (event) => {
  if (event.target.matches("select[data-filter]")) showFilter(event.target);
});
document.addEventListener("submit", (event) => {
  if (!event.target.matches("[data-ask], [data-put]")) return;
  event.preventDefault();
  send(event.target, event.submitter);
});
addEventListener("popstate", () => location.reload());

prepare(document);
const refreshed = document.querySelector("main[data-refresh]");
if (refreshed) setTimeout(refresh, 1000 * refreshed.dataset.seconds, refreshed);
