// Suggestions while one types, the fields of the chosen filter, and rollbacks with a question before them.
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

const form = document.querySelector("[data-rollback]");
const dialog = document.getElementById("confirm");

// Airflow's own API takes it, with the reader's own permission.
async function call(method, path, body) {
  const answer = await fetch(form.dataset.post + path, {
    method,
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  const content = await answer.json().catch(() => ({}));
  if (!answer.ok) {
    const detail = typeof content.detail === "string" ? content.detail : JSON.stringify(content.detail ?? answer.status);
    throw new Error(answer.status === 403 ? "You may not start this DAG. Ask who gives permissions in Airflow." : detail);
  }
  return content;
}

async function rollBack(option) {
  await call("PATCH", "?update_mask=is_paused", { is_paused: false });
  const run = await call("POST", "/dagRuns", {
    logical_date: new Date().toISOString(),
    conf: { campaign: option.dataset.campaign, version: option.value },
  });
  location.href = form.dataset.run.replace(/RUN$/, encodeURIComponent(run.dag_run_id));
}

form?.addEventListener("submit", (event) => {
  event.preventDefault();
  document.body.classList.remove("is-loading");
  document.getElementById("confirm-text").textContent = form.choice.selectedOptions[0].textContent;
  document.getElementById("confirm-error").textContent = "";
  dialog.returnValue = "";
  dialog.showModal();
});

dialog?.querySelector("form").addEventListener("submit", (event) => {
  if (event.submitter?.value !== "yes") return;
  event.preventDefault();
  const button = document.getElementById("confirm-yes");
  button.disabled = true;
  rollBack(form.choice.selectedOptions[0])
    .catch((error) => (document.getElementById("confirm-error").textContent = error.message))
    .finally(() => (button.disabled = false));
});
