/* Improves the document form: shows what was chosen, and the progress while it is sent. Without it the form still works.
   A lost connection loses nothing: the file stays chosen, and its id stays, so that sent twice it is kept once. */
(() => {
  "use strict";
  const form = document.getElementById("upload");
  if (!form) return;
  const find = (id) => document.getElementById(id);
  const inputs = [find("photo"), find("paper")];
  const chosen = find("chosen"), picture = chosen.querySelector("img"), caption = chosen.querySelector("figcaption");
  const progress = find("progress"), bar = progress.querySelector("progress"), told = find("told"), problem = find("problem");
  const button = form.querySelector("button[type=submit]");
  const drawing = import("./smaller.js");
  drawing.catch(() => { /* without it pictures go as they are */ });
  let file = null, uploadId = "", shown = "", sending = false;

  const errors = find("errors");
  if (errors) errors.focus();

  function newId() {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
    return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
  }

  function inWords(bytes) {
    return bytes < 100000 ? `${Math.max(1, Math.round(bytes / 1000))} kB` : `${(bytes / 1000000).toFixed(1)} MB`;
  }

  function say(text) {
    problem.textContent = text;
    form.querySelectorAll("input[type=file]").forEach((input) => input.setAttribute("aria-invalid", String(Boolean(text))));
    form.querySelector(".field").classList.toggle("field-wrong", Boolean(text));
    if (text) problem.scrollIntoView({ block: "center" });
  }

  function show(now) {
    if (shown) URL.revokeObjectURL(shown);
    shown = now.type.startsWith("image/") ? URL.createObjectURL(now) : "";
    picture.hidden = !shown;
    if (shown) picture.src = shown;
    caption.textContent = `${now.name}, ${inWords(now.size)}, not sent yet`;
    chosen.hidden = false;
  }

  // A picture that this browser can not draw (HEIC in most) is named all the same.
  picture.addEventListener("error", () => { picture.hidden = true; });

  for (const input of inputs) {
    input.addEventListener("change", async () => {
      if (!input.files.length) return;
      for (const other of inputs) if (other !== input) other.value = "";
      const picked = input.files[0];
      file = picked;
      uploadId = newId();
      show(file);
      const drawn = await drawing.then((tool) => tool.smaller(picked)).catch(() => picked);
      if (file !== picked || sending) return;  // another one was chosen meanwhile, or this one is sent as it is
      file = drawn;
      if (drawn !== picked) show(file);
      say(file.size > Number(form.dataset.maxBytes) ? form.dataset.tooLarge : "");
    });
  }

  function working(on) {
    sending = on;
    button.setAttribute("aria-disabled", String(on));
    progress.hidden = !on;
  }

  function answered(request) {
    let answer = null;
    try { answer = JSON.parse(request.responseText); } catch { answer = null; }
    if (answer && answer.status) {
      told.textContent = "Received.";
      window.location.assign(answer.next);
      return;
    }
    working(false);
    say(answer && answer.errors.length ? answer.errors[0].message
      : "We could not take it just now. Nothing is lost: your file is still chosen. Send it again in a minute.");
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (sending) return;
    if (!file) { say("Choose a file, or take a photo, then send it."); return; }
    if (file.size > Number(form.dataset.maxBytes)) { say(form.dataset.tooLarge); return; }
    const body = new FormData();
    body.append("nonce", form.elements.nonce.value);
    body.append("client_id", uploadId);
    body.append("paper", file, file.name);
    const request = new XMLHttpRequest();
    request.open("POST", form.action);
    request.setRequestHeader("Accept", "application/json");
    request.upload.addEventListener("progress", (sent) => {
      if (!sent.lengthComputable) return;
      bar.value = Math.round((100 * sent.loaded) / sent.total);
      told.textContent = sent.loaded < sent.total ? `Sending: ${inWords(sent.loaded)} of ${inWords(sent.total)}` : "Sent. We are looking at it.";
    });
    request.addEventListener("load", () => answered(request));
    request.addEventListener("error", () => {
      working(false);
      say("The connection was lost. Nothing is lost: your file is still chosen. Send it again when you are back online.");
    });
    say("");
    bar.value = 0;
    told.textContent = "Sending";
    working(true);
    request.send(body);
  });
})();
