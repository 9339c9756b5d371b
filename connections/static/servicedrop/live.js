// Keeps #live as fresh as the server's page: asked again every 15 s, more and more rarely while nothing answers, and
// not at all while the page is hidden.
(() => {
  const shortest = 15000, longest = 240000;
  let pause = shortest, timer = 0;

  const wait = () => { clearTimeout(timer); timer = setTimeout(look, pause); };

  async function look() {
    if (document.hidden) return;
    try {
      const reply = await fetch(location.href, { headers: { Accept: "text/html" }, cache: "no-store" });
      if (!reply.ok) throw new Error(String(reply.status));
      const fresh = new DOMParser().parseFromString(await reply.text(), "text/html");
      const here = document.getElementById("live"), there = fresh.getElementById("live");
      const busy = here.contains(document.activeElement);
      if (there && !busy && here.textContent !== there.textContent) {
        here.replaceChildren(...there.childNodes);
        document.title = fresh.title;
      }
      pause = shortest;
    } catch {
      pause = Math.min(pause * 2, longest);
    }
    wait();
  }

  document.addEventListener("visibilitychange", () => { if (!document.hidden) look(); });
  wait();
})();
