// Light or dark as Airflow's UI around the page is, which a person may have chosen against the system's setting.
"use strict";
try {
  const outer = window.parent.document.documentElement;
  if (window.parent !== window) {
    const isDark = outer.classList.contains("dark") || outer.style.colorScheme === "dark";
    document.documentElement.dataset.theme = isDark ? "dark" : "light";
  }
} catch {
  // Another origin is around the page: the system's setting counts.
}
