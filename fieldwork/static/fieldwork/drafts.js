/* What is typed on a sheet stays on the phone until it has arrived, with the id of its act: so that sent twice it is
   done once. Kept in this tab alone; forgotten when the visit is over, or when the technician logs out. */
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

  function keep(form) {
    const draft = {};
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

  document.querySelectorAll("form[data-draft]").forEach(function (form) {
    form.addEventListener("input", function () { keep(form); });
    if (form.dataset.draft === "blank") bringBack(form);
    else keep(form);
  });
  document.querySelectorAll("[data-over]").forEach(function (part) { forget(part.dataset.over); });
  document.querySelectorAll("form[data-log-out]").forEach(function (form) {
    form.addEventListener("submit", function () { if (navigator.onLine) forget(""); });
  });
})();
