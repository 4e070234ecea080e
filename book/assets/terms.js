// Opens a term's definition beside it: on hover, on focus, on a tap; Escape, a tap elsewhere or leaving closes it.
// The definitions are in the page (book/_ext/terms.py). Without this script a term is a link to the glossary, no more.
{
  const GAP = 4;
  const MARGIN = 8;
  const DELAY = 200; // long enough to cross the gap from the word to its definition
  let timer;
  let opened = null;

  const about = (word) => document.getElementById(word.getAttribute("aria-describedby"));

  const close = () => {
    clearTimeout(timer);
    if (opened) about(opened).hidePopover();
    opened = null;
  };

  const place = () => {
    const box = about(opened);
    const { left, top, bottom } = opened.getBoundingClientRect();
    const rightmost = document.documentElement.clientWidth - box.offsetWidth - MARGIN;
    const above = top - GAP - box.offsetHeight;
    const fitsBelow = bottom + GAP + box.offsetHeight <= innerHeight;
    box.style.left = `${scrollX + Math.max(MARGIN, Math.min(left, rightmost))}px`;
    box.style.top = `${scrollY + (fitsBelow || above < 0 ? bottom + GAP : above)}px`;
  };

  const open = (word) => {
    close();
    opened = word;
    about(word).showPopover();
    place();
  };

  // A figure that comes moves the text below it, and with it the word.
  new ResizeObserver(() => opened && place()).observe(document.body);

  const after = (action) => {
    clearTimeout(timer);
    timer = setTimeout(action, DELAY);
  };

  for (const word of document.querySelectorAll("a.term")) {
    const box = about(word);
    let wasOpen = false;
    word.addEventListener("focus", () => open(word));
    word.addEventListener("blur", close);
    word.addEventListener("pointerdown", () => (wasOpen = box.matches(":popover-open")));
    // The first tap opens the definition, the second one follows the link.
    word.addEventListener("click", (event) => {
      if (event.pointerType !== "touch" || wasOpen) return;
      event.preventDefault();
      open(word);
    });
    word.addEventListener("pointerenter", ({ pointerType }) => pointerType === "mouse" && after(() => open(word)));
    word.addEventListener("pointerleave", ({ pointerType }) => pointerType === "mouse" && after(close));
    box.addEventListener("pointerenter", () => clearTimeout(timer));
    box.addEventListener("pointerleave", ({ pointerType }) => pointerType === "mouse" && after(close));
  }

  addEventListener("keydown", ({ key }) => key === "Escape" && close());
  addEventListener("pointerdown", ({ target }) => target.closest("a.term, .about-term") || close());
}
