/* What is typed on a sheet stays on the phone until it has arrived, with the id of its act: so that sent twice it is
   done once. Kept in this tab alone; forgotten when the visit is over, or when the technician logs out. Of a visit that
   was called off it is shown to be copied, until the technician puts it away. */
(function () {
  "use strict";

  const MARK = "draft:";

  /* A phone that keeps nothing (storage full, or closed) works as it does without this script. */
  function carefully(act) { try { return act(sessionStorage); } catch (problem) { return null; } }

  function forget(path) {
    carefully(function (storage) {
      Object.keys(storage).filter(function (key) { return key.startsWith(MARK + path); }).forEach(function (key) { storage.removeItem(key); });
    });
  }

  /* The position is found anew, a photo has a way of its own. */
  function names(form) {
    const typed = Array.from(form.elements).filter(function (part) { return part.name === "client_id" || !/^(hidden|file|submit|button)$/.test(part.type); });
    return new Set(typed.map(function (part) { return part.name; }).filter(Boolean));
  }

  /* Label and words of what was filled in: where the sheet is gone, it can still be read. */
  function asRead(form) {
    return Array.from(names(form)).map(function (name) {
      const parts = Array.from(form.querySelectorAll(`[name="${name}"]`));
      const part = parts.find(function (one) { return one.type !== "hidden" && (one.type !== "radio" || one.checked); });
      if (!part || !part.value) return null;
      const chosen = part.type === "radio", label = chosen ? part.closest("fieldset").querySelector("legend") : part.labels[0];
      return [label.textContent.trim(), chosen ? part.labels[0].textContent.trim() : part.value];
    }).filter(Boolean);
  }

  function keep(form) {
    const draft = { "as read": asRead(form) };
    names(form).forEach(function (name) { draft[name] = form.elements[name].value; });
    carefully(function (storage) { storage.setItem(MARK + location.pathname, JSON.stringify(draft)); });
  }

  function bringBack(form) {
    const draft = carefully(function (storage) { return JSON.parse(storage.getItem(MARK + location.pathname)); });
    if (!draft) return;
    names(form).forEach(function (name) { if (name in draft) form.elements[name].value = draft[name]; });
    const said = document.createElement("p");
    said.className = "notice";
    said.setAttribute("role", "status");
    form.before(said);
    said.textContent = "What you typed here before stands here again. It has not been sent yet."
      + (form.querySelector("input[type=file]") ? " Take the photo again if you do not see it below." : "");
  }

  function showUnsent(part) {
    const kept = carefully(function (storage) {
      return Object.keys(storage).filter(function (key) { return key.startsWith(MARK + part.dataset.unsent); })
        .flatMap(function (key) { return JSON.parse(storage.getItem(key))["as read"] || []; });
    });
    if (!kept || !kept.length) return;
    kept.forEach(function (row) {
      const item = document.createElement("div"), label = document.createElement("dt"), said = document.createElement("dd");
      label.textContent = row[0];
      said.textContent = row[1];
      item.append(label, said);
      part.querySelector("dl").append(item);
    });
    part.hidden = false;
    part.querySelector("button").addEventListener("click", function () { forget(part.dataset.unsent); part.hidden = true; });
  }

  document.querySelectorAll("form[data-draft]").forEach(function (form) {
    form.addEventListener("input", function () { keep(form); });
    if (form.dataset.draft === "blank") bringBack(form);
    else keep(form);
  });
  document.querySelectorAll("[data-unsent]").forEach(showUnsent);
  document.querySelectorAll("[data-over]").forEach(function (part) { forget(part.dataset.over); });
  document.querySelectorAll("form[data-log-out]").forEach(function (form) {
    form.addEventListener("submit", function () { if (navigator.onLine) forget(""); });
  });
})();
