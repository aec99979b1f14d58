// What a person does from the page: answers and rollbacks, each with a question before it.
"use strict";

// Airflow's own API takes it, with the reader's own permission.
async function call(method, path, body) {
  const answer = await fetch(document.body.dataset.api + path, {
    method,
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  const content = await answer.json().catch(() => ({}));
  if (!answer.ok) {
    const detail = content.detail?.message ?? content.detail ?? `Airflow answers ${answer.status}`;
    throw new Error(
      answer.status === 403
        ? "You may not do this. Ask who gives permissions in Airflow."
        : typeof detail === "string" ? detail : JSON.stringify(detail)
    );
  }
  return content;
}

function element(name, properties, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

// Asks, and acts on a yes; what goes wrong is said in the dialog, which stays.
function confirmed(question, text, yes, action) {
  const wrong = element("p", { className: "wrong", role: "alert" });
  const no = element("button", { type: "button", className: "plain", textContent: "Leave it as it is" });
  const go = element("button", { type: "button", textContent: yes });
  const dialog = element(
    "dialog",
    { ariaLabel: question },
    element("h2", { textContent: question }),
    element("p", { textContent: text }),
    wrong,
    element("p", { className: "go" }, no, go)
  );
  no.addEventListener("click", () => dialog.close());
  go.addEventListener("click", async () => {
    go.disabled = true;
    try {
      await action();
    } catch (error) {
      wrong.textContent = error.message;
      go.disabled = false;
    }
  });
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-answer]");
  if (!button) return;
  const { answer, path, subject } = button.dataset;
  confirmed(`${answer}?`, subject, answer, async () => {
    await call("PATCH", path, { chosen_options: [answer], params_input: {} });
    location.reload();
  });
});

async function rollBack(form, option) {
  const dag = `/dags/${form.dataset.rollback}`;
  await call("PATCH", `${dag}?update_mask=is_paused`, { is_paused: false });
  const run = await call("POST", `${dag}/dagRuns`, {
    logical_date: new Date().toISOString(),
    conf: { campaign: option.dataset.campaign, version: option.value },
  });
  location.href = form.dataset.run.replace(/RUN$/, encodeURIComponent(run.dag_run_id));
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.rollback === undefined) return;
  event.preventDefault();
  document.body.classList.remove("is-loading");
  const option = form.choice.selectedOptions[0];
  confirmed("Roll back?", option.textContent, "Roll back", () => rollBack(form, option));
});
