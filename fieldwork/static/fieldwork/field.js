/* What the phone adds to pages that work without it: a press counts once and waits for a signal, photos go up as soon as
   they are taken, the position fills itself in. Nothing here decides anything. */
(function () {
  "use strict";

  function each(selector, act) { document.querySelectorAll(selector).forEach(act); }

  const summary = document.querySelector(".error-summary");
  if (summary) summary.focus();

  // --- A press counts once, and is not made where it would lead nowhere ---------------------------------------------
  function sayNoConnection(form) {
    const said = form.querySelector("[data-line]") || document.createElement("p");
    said.className = "notice notice-warn";
    said.setAttribute("role", "alert");
    said.dataset.line = "";
    form.querySelector(".button-wide").before(said);
    said.textContent = "No connection. " + (form.dataset.once ? "What you typed stays here. " : "") + "Press again when you have signal.";
    window.addEventListener("online", function () { said.remove(); }, { once: true });
  }

  const photos = new Map();  // the photo of a form that is on its way, with how to give it up

  /* The first press waits for the photo; the second gives its own way up, and it goes along with the page. */
  function waitsForPhoto(form) {
    const photo = photos.get(form);
    if (!photo) return false;
    if (photo.wasSaid) { photo.giveUp(); return false; }
    photo.wasSaid = true;
    photo.said.textContent = "The photo is still on its way. Wait for it, or press again: then it goes along with this page.";
    return true;
  }

  each("form[data-once]", function (form) {
    let sending = false;
    form.addEventListener("submit", function (event) {
      if (sending) { event.preventDefault(); return; }
      if (!navigator.onLine) { event.preventDefault(); sayNoConnection(form); return; }
      if (waitsForPhoto(form)) { event.preventDefault(); return; }
      sending = true;
      form.querySelectorAll("button").forEach(function (button) { button.setAttribute("aria-disabled", "true"); });
    });
    window.addEventListener("pageshow", function () {
      sending = false;
      form.querySelectorAll("button").forEach(function (button) { button.removeAttribute("aria-disabled"); });
    });
  });

  // --- Photos -----------------------------------------------------------------------------------------------------
  const PATIENCE = 60000;  // milliseconds in which nothing of a photo moves on

  /* Every photo has an id of its own, as 32 digits of a UUID: sent twice it is kept once. randomUUID wants https. */
  function newId() {
    return Array.from(crypto.getRandomValues(new Uint8Array(16)), function (byte) { return byte.toString(16).padStart(2, "0"); }).join("");
  }

  each("[data-upload]", function (box) {
    const form = box.closest("form"), input = box.querySelector("input[type=file]"), id = box.querySelector("[name=photo_id]");
    const said = box.querySelector("[data-said]"), progress = box.querySelector(".upload-progress"), bar = progress.querySelector("progress");
    const grid = form.querySelector("[data-photos]");
    const drawing = import("../servicedrop/smaller.js");
    let patience = 0;
    drawing.catch(function () { /* without it photos go as they are */ });

    function begin(giveUp) {
      photos.set(form, { said: said, giveUp: giveUp, hadFocus: document.activeElement === input });
      input.disabled = true;  // one at a time: the form takes one along
      bar.value = 0;
      progress.hidden = false;
      said.textContent = "Sending the photo.";
    }

    function finish(words) {
      const hadFocus = photos.get(form).hadFocus && document.activeElement === document.body;
      clearTimeout(patience);
      photos.delete(form);
      input.disabled = false;
      if (hadFocus) input.focus();
      progress.hidden = true;
      said.textContent = words;
    }

    function show(address) {
      const item = document.createElement("li"), link = document.createElement("a"), image = document.createElement("img");
      link.href = image.src = address;
      image.alt = "The photo that you just took";
      link.append(image);
      item.append(link);
      grid.append(item);
    }

    function receive(request) {
      let answer = {};
      try { answer = JSON.parse(request.responseText); } catch (problem) { answer = {}; }
      if (request.status === 201) {
        input.value = "";
        show(answer.address);
        finish("The photo is kept. You can take another one.");
      } else if (request.status === 422) {
        input.value = "";
        finish(Object.values(answer.errors)[0][0]);
      } else if (request.status === 404 || request.status === 409) {
        finish("This visit is not yours any more: the photo was not kept.");
      } else if (request.status === 403) {
        finish("The photo was not kept: you are not logged in any more.");
      } else {
        finish("The photo could not be sent now. It goes along when you send this page.");
      }
    }

    function goesAlong() { finish("No connection. The photo goes along when you send this page."); }

    function send(photo, request) {
      const data = new FormData();
      function wait() { clearTimeout(patience); patience = setTimeout(function () { request.abort(); }, PATIENCE); }
      data.append("csrfmiddlewaretoken", form.querySelector("[name=csrfmiddlewaretoken]").value);
      data.append("kind", box.dataset.kind);
      data.append("photo_id", id.value);
      data.append("photo", photo);
      request.upload.addEventListener("progress", function (event) {
        wait();
        if (event.lengthComputable) bar.value = 100 * event.loaded / event.total;
      });
      request.addEventListener("load", function () { receive(request); });
      request.addEventListener("error", goesAlong);
      request.addEventListener("abort", goesAlong);
      request.open("POST", box.dataset.upload);
      wait();
      request.send(data);
    }

    input.addEventListener("change", function () {
      if (!input.files.length) return;
      const taken = input.files[0], request = new XMLHttpRequest();
      id.value = newId();
      begin(function () { request.abort(); if (photos.has(form)) goesAlong(); });
      drawing.then(function (tool) { return tool.smaller(taken); }).catch(function () { return taken; }).then(function (photo) {
        if (!photos.has(form)) return;  // given up meanwhile: it went along with the page
        const kept = new DataTransfer();
        kept.items.add(photo);
        input.files = kept.files;
        send(photo, request);
      });
    });
  });

  // --- Position -----------------------------------------------------------------------------------------------------
  each("[data-position]", function (box) {
    const form = box.closest("form"), said = box.querySelector("[data-said]"), button = box.querySelector("[data-locate]");
    if (!navigator.geolocation) return;

    function found(place) {
      form.querySelector("[name=latitude]").value = place.coords.latitude.toFixed(6);
      form.querySelector("[name=longitude]").value = place.coords.longitude.toFixed(6);
      said.textContent = "Your position is known, to about " + Math.max(1, Math.ceil(place.coords.accuracy)) + " m.";
      button.textContent = "Find it again";
    }
    function failed() { said.textContent = "Your phone gives no position. Try again outside, or say why below."; }
    function locate() {
      said.textContent = "Looking for your position.";
      navigator.geolocation.getCurrentPosition(found, failed, { enableHighAccuracy: true, timeout: 20000, maximumAge: 30000 });
    }
    button.hidden = false;
    button.addEventListener("click", locate);
    locate();
  });

  each("[data-share-position]", function (box) {
    if (!navigator.geolocation) return;
    const said = box.querySelector("[data-said]"), token = document.querySelector("[name=csrfmiddlewaretoken]").value;
    let last = 0, watch = 0;

    function send(place) {
      if (Date.now() - last < 15000) return;
      last = Date.now();
      const data = new FormData();
      data.append("csrfmiddlewaretoken", token);
      data.append("latitude", place.coords.latitude.toFixed(6));
      data.append("longitude", place.coords.longitude.toFixed(6));
      fetch(box.dataset.sharePosition, { method: "POST", body: data }).then(function (answer) {
        if (answer.status === 204) said.textContent = "The applicant can see where you are until you arrive.";
        if (answer.status === 409) navigator.geolocation.clearWatch(watch);
      }).catch(function () { said.textContent = "No connection: the applicant sees where you were last."; });
    }
    watch = navigator.geolocation.watchPosition(send, function () {
      said.textContent = "Your phone gives no position, so the applicant does not see where you are.";
    }, { enableHighAccuracy: true, maximumAge: 15000 });
  });
})();
