// Suggestions while one types, and the fields of the chosen filter.
"use strict";

const input = document.getElementById("id");
let waiting = 0;
input?.addEventListener("input", () => {
  clearTimeout(waiting);
  waiting = setTimeout(async () => {
    const answer = await fetch(`${input.dataset.suggest}&text=${encodeURIComponent(input.value)}`);
    if (!answer.ok) return;
    const options = (await answer.json()).map(({ id, title }) =>
      Object.assign(document.createElement("option"), { value: id, textContent: title })
    );
    document.getElementById("suggestions").replaceChildren(...options);
  }, 180);
});

document.getElementById("filter")?.addEventListener("change", (event) => {
  for (const field of document.querySelectorAll("[data-filter]")) {
    field.hidden = field.dataset.filter !== event.target.value;
    field.querySelector("input").disabled = field.hidden;
  }
});

// Another campaign may be asked about items instead of users: the form is made anew for it.
document.getElementById("campaign")?.addEventListener("change", (event) => {
  document.body.classList.add("is-loading");
  location.search = new URLSearchParams({ campaign: event.target.value });
});
