"use strict";
// What the pages do beyond forms: fields and their boxes, keys, local times. All works without it.
(() => {
  const one = (selector, root = document) => root.querySelector(selector);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];

  const light = (name) => {
    for (const box of all("[data-box]")) {
      box.classList.toggle("on", box.dataset.box === name);
    }
    const box = name && one(`[data-box="${CSS.escape(name)}"]`);
    const pane = one(".pages");
    if (!box || !pane || getComputedStyle(pane).overflowY !== "auto") return;
    const place = box.getBoundingClientRect();
    const view = pane.getBoundingClientRect();
    if (place.top < view.top || place.bottom > view.bottom) {
      pane.scrollTop += place.top - view.top - view.height / 3;
    }
  };

  document.addEventListener("focusin", (event) => {
    const name = event.target.dataset && event.target.dataset.field;
    if (name) light(name);
  });

  document.addEventListener("click", (event) => {
    const box = event.target.closest("[data-box]");
    const input = box && document.getElementById(`f-${box.dataset.box}`);
    if (input) input.focus();
  });

  const marked = () => {
    let changes = 0;
    for (const input of all("[data-read]")) {
      const isChanged = input.value.trim() !== input.dataset.read.trim();
      changes += isChanged;
      const field = input.closest(".field");
      field.classList.toggle("changed", isChanged);
      const was = one(".was", field);
      if (was) was.hidden = !isChanged || input.dataset.read === "";
    }
    const type = one("select[name=type]");
    const read = one("input[name=read_type]");
    if (type && read && type.value !== read.value) changes += 1;
    for (const told of all("[data-when-changed]")) told.hidden = changes === 0;
    return changes;
  };

  let isSent = false;
  document.addEventListener("input", marked);
  document.addEventListener("submit", () => { isSent = true; });
  window.addEventListener("pageshow", () => { isSent = false; });
  window.addEventListener("beforeunload", (event) => {
    if (!isSent && one("form[data-guarded]") && marked() > 0) event.preventDefault();
  });

  const move = (step) => {
    const links = all("[data-list] [data-open]");
    if (links.length === 0) return;
    const now = links.indexOf(document.activeElement);
    const next = now < 0 ? (step > 0 ? 0 : links.length - 1) : now + step;
    links[Math.min(Math.max(next, 0), links.length - 1)].focus();
  };

  document.addEventListener("keydown", (event) => {
    const button = one("[data-default]");
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && button) {
      event.preventDefault();
      button.click();
      return;
    }
    const isTyping = event.target.closest("input, textarea, select");
    if (isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "j") move(1);
    if (event.key === "k") move(-1);
  });

  const local = () => {
    for (const time of all("time[datetime]")) {
      const at = new Date(time.dateTime);
      if (!Number.isNaN(at.getTime())) {
        time.title = at.toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
      }
    }
  };
  document.addEventListener("htmx:after:swap", local);
  local();
  marked();
})();
