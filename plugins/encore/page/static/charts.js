// Charts answer to the pointer and to arrow keys: the nearest version is ringed and said in words.
"use strict";

function select(chart, number) {
  const points = JSON.parse(chart.dataset.points);
  const point = points[number];
  chart.dataset.current = number;
  const [rule, ring] = [chart.querySelector(".rule"), chart.querySelector(".ring")];
  rule.setAttribute("x1", point.x);
  rule.setAttribute("x2", point.x);
  ring.setAttribute("cx", point.x);
  ring.setAttribute("cy", point.y);
  for (const part of [rule, ring]) part.removeAttribute("hidden");
  const tip = document.getElementById("tip");
  tip.replaceChildren(...point.lines.map((line) => Object.assign(document.createElement("p"), { textContent: line })));
  tip.hidden = false;
  const box = chart.getBoundingClientRect();
  const scale = box.width / chart.viewBox.baseVal.width;
  const left = Math.min(Math.max(box.left + point.x * scale - tip.offsetWidth / 2, 8), innerWidth - tip.offsetWidth - 8);
  tip.style.left = `${left + scrollX}px`;
  tip.style.top = `${box.top + point.y * scale + 18 + scrollY}px`;
}

function clear(chart) {
  for (const part of chart.querySelectorAll(".rule, .ring")) part.setAttribute("hidden", "");
  document.getElementById("tip").hidden = true;
}

for (const chart of document.querySelectorAll(".chart")) {
  const xs = JSON.parse(chart.dataset.points).map((point) => point.x);
  chart.addEventListener("pointermove", (event) => {
    const box = chart.getBoundingClientRect();
    const x = ((event.clientX - box.left) / box.width) * chart.viewBox.baseVal.width;
    select(chart, xs.reduce((best, each, number) => (Math.abs(each - x) < Math.abs(xs[best] - x) ? number : best), 0));
  });
  chart.addEventListener("pointerleave", () => clear(chart));
  chart.addEventListener("blur", () => clear(chart));
  chart.addEventListener("keydown", (event) => {
    const current = Number(chart.dataset.current ?? xs.length);
    const next = { ArrowLeft: current - 1, ArrowRight: current + 1, Home: 0, End: xs.length - 1 }[event.key];
    if (event.key === "Escape") clear(chart);
    if (next === undefined) return;
    event.preventDefault();
    select(chart, Math.min(Math.max(next, 0), xs.length - 1));
  });
}
