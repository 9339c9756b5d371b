// The desk's frame shows its content late, when the browser has given up looking for what has the focus first.
// So it is given here, unless the person has begun elsewhere; a proposed amount is marked, to be typed over.
"use strict";
(() => {
  const begin = () => {
    const first = document.querySelector(".money [autofocus]");
    if (!first || (document.activeElement !== document.body && document.activeElement !== first)) return;
    first.focus();
    if (first.select && first.value === first.defaultValue) first.select(); // nothing typed yet
  };
  window.addEventListener("load", () => requestAnimationFrame(begin));
})();
