// What HTML alone can't: links that leave the frame which Airflow shows the page in, and a sign that a page is on its way.
"use strict";

const isFramed = window.parent !== window;

// Airflow's frame may neither open windows nor replace its surroundings; a link in Airflow's own document may.
function leave(href, inNewTab) {
  const link = window.parent.document.createElement("a");
  link.href = new URL(href, location.href).href;
  if (inNewTab) Object.assign(link, { target: "_blank", rel: "noopener" });
  window.parent.document.body.append(link);
  link.click();
  link.remove();
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[href]");
  if (!link || event.defaultPrevented) return;
  const isElsewhere = link.origin !== location.origin;
  if (isFramed && (isElsewhere || link.dataset.outside !== undefined)) {
    event.preventDefault();
    leave(link.href, isElsewhere || event.ctrlKey || event.metaKey);
  } else if (!link.download && !event.ctrlKey && !event.metaKey && !event.shiftKey && !link.hash && !isElsewhere) {
    document.body.classList.add("is-loading");
    document.getElementById("progress").textContent = "Loading";
  }
});

document.addEventListener("submit", (event) => {
  if (!event.defaultPrevented && event.target.method !== "dialog") document.body.classList.add("is-loading");
});
window.addEventListener("pageshow", () => {
  document.body.classList.remove("is-loading");
  document.getElementById("progress").textContent = "";
});

// A run that goes on is looked at anew, unless somebody is busy in the page.
const main = document.querySelector("main[data-refresh]");
const refresh = main && setInterval(async () => {
  if (document.hidden || (main.contains(document.activeElement) && document.activeElement !== main)) return;
  const answer = await fetch(location.href).catch(() => undefined);
  if (!answer?.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("main");
  main.replaceChildren(...fresh.childNodes);
  if (fresh.dataset.refresh === undefined) clearInterval(refresh);
}, 1000 * main?.dataset.refresh);
