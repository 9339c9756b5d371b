// Keeps #live as fresh as the server's page. Asked again every 15 s, more and more rarely while nothing answers, and not
// at all while the page is hidden. What the reader holds stays: focus, place on the page, what is folded open.
(() => {
  const shortest = 15000, longest = 240000, here = document.getElementById("live");
  const changed = document.getElementById("changed"), connection = document.getElementById("connection");
  let pause = shortest, timer = 0, asking = false, seen = new Date(connection.dataset.seen);

  const wait = () => { clearTimeout(timer); timer = setTimeout(look, pause); };
  const text = (node, what) => (node.querySelector(what)?.textContent ?? "").trim();

  function keepPlace(replace) {
    const held = here.contains(document.activeElement) ? document.activeElement.id : "";
    const open = [...here.querySelectorAll("details[open][id]")].map((part) => part.id);
    const top = window.scrollY;
    replace();
    for (const id of open) document.getElementById(id)?.setAttribute("open", "");
    if (held) document.getElementById(held)?.focus({ preventScroll: true });
    window.scrollTo(window.scrollX, top);
  }

  function show(fresh) {
    const there = fresh.getElementById("live");
    if (!there || here.textContent === there.textContent) return;
    const before = [text(here, "#answer"), text(here, ".next-step"), text(here, ".timeline-entry p")];
    keepPlace(() => here.replaceChildren(...there.childNodes));
    document.title = fresh.title;
    const now = [text(here, "#answer"), text(here, ".next-step"), text(here, ".timeline-entry p")];
    const news = now.filter((words, n) => words && words !== before[n]).map((words) => words.replace(/\s+/g, " "));
    changed.textContent = news.length ? news.join(". ") : changed.dataset.words;
  }

  function tell(online) {
    if (online) { connection.hidden = true; connection.textContent = ""; return; }
    const at = new Intl.DateTimeFormat("en-GB", { timeZone: connection.dataset.zone, hour: "2-digit", minute: "2-digit" });
    connection.hidden = false;
    connection.textContent = `${connection.dataset.words} ${at.format(seen)}.`;
  }

  async function look() {
    if (document.hidden || asking) return;
    asking = true;
    try {
      const reply = await fetch(location.href, {
        headers: { Accept: "text/html" }, cache: "no-store", signal: AbortSignal.timeout(10000),
      });
      if (!reply.ok) throw new Error(String(reply.status));
      show(new DOMParser().parseFromString(await reply.text(), "text/html"));
      seen = new Date();
      pause = shortest;
      tell(true);
    } catch {
      pause = Math.min(pause * 2, longest);
      tell(false);
    }
    asking = false;
    wait();
  }

  document.addEventListener("visibilitychange", () => { if (document.hidden) clearTimeout(timer); else look(); });
  window.addEventListener("offline", () => tell(false));
  window.addEventListener("online", look);
  wait();
})();
