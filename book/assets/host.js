// Shows the book's figures on a static page, each when the reader comes near: fills its place, which book/_ext/figures.py
// made, through the same `render({ model, el })` that JupyterLab calls. No kernel, no require.js, no other host.
// A classic script that loads classic scripts: so a copy of the site lives in a folder, opened without a server.
{
  /** What an anywidget module expects of its model; the reader's changes live until the page is closed. */
  class Model {
    #state;
    #listeners = new Map();

    constructor(state) {
      this.#state = state;
    }
    get(name) {
      return this.#state[name];
    }
    set(name, value) {
      if (this.#state[name] === value) return;
      this.#state[name] = value;
      for (const event of [`change:${name}`, "change"]) for (const listener of [...(this.#listeners.get(event) ?? [])]) listener();
    }
    on(event, listener) {
      this.#listeners.set(event, (this.#listeners.get(event) ?? new Set()).add(listener));
    }
    off(event, listener) {
      this.#listeners.get(event)?.delete(listener);
    }
    save_changes() {}
  }

  const create = (tag, properties) => Object.assign(document.createElement(tag), properties);
  const folder = document.currentScript.src.replace(/[^/]*$/, "figures/");
  const handedOver = (globalThis.cnnbookParts ??= {});

  /** What `make` makes of a name, made once however many figures ask for it. */
  function once(make) {
    const made = new Map();
    return (name) => made.get(name) ?? made.set(name, make(name)).get(name);
  }

  const part = once(async (name) => {
    if (!(name in handedOver)) {
      const script = create("script", { src: folder + name });
      await new Promise((onload, onerror) => document.head.append(Object.assign(script, { onload, onerror })));
    }
    return handedOver[name];
  });
  const partsOf = (names) => Promise.all(names.map(part));

  const moduleOf = once(async (names) => import(URL.createObjectURL(new Blob(await partsOf(names.split(",")), { type: "text/javascript" }))));
  const addStyle = once(async (name) => document.head.append(create("style", { textContent: await part(name) })));

  const mount = once(async (place) => {
    const { module, style, traits, parts } = JSON.parse(place.textContent);
    try {
      const [{ default: widget }, values] = await Promise.all([moduleOf(module.join(",")), partsOf(Object.values(parts)), ...style.map(addStyle)]);
      Object.keys(parts).forEach((trait, at) => (traits[trait] = structuredClone(values[at])));
      const el = create("div");
      place.replaceWith(el);
      widget.render({ model: new Model(traits), el });
    } catch (problem) {
      if (!(problem instanceof Event)) throw problem;
      place.replaceWith(create("p", { textContent: "This figure did not load. Reload the page to try again." }));
    }
  });

  const places = [...document.querySelectorAll(".cnnbook-place")];
  const mountAll = (some) => Promise.all(some.map(mount));

  /** A link leads to a place in the text; the figures above it come first, or they would move it away. */
  async function land() {
    const target = document.getElementById(location.hash.slice(1)); // :target may not be known yet
    const above = places.filter((place) => place.isConnected && target && place.compareDocumentPosition(target) & Node.DOCUMENT_POSITION_FOLLOWING);
    if (!above.length) return;
    await mountAll(above);
    target.scrollIntoView({ behavior: "instant" });
  }

  /** Mounts what is at most a screen below the reader, and everything above, so that nothing moves what is being read. */
  const mountNear = new Promise((resolve) => {
    const mountSeen = (entries) => resolve(mountAll(entries.filter((entry) => entry.isIntersecting).map((entry) => entry.target)));
    const observer = new IntersectionObserver(mountSeen, { rootMargin: "1000000px 0px 100% 0px" });
    for (const place of places) observer.observe(place);
    if (!places.length) resolve();
  });

  /** After a reload, or a step back to this page, readers are where they were: first come the figures that were there. */
  async function comeBack() {
    const { figures, top } = JSON.parse(sessionStorage.getItem(location.pathname)) ?? { figures: 0, top: 0 };
    await mountAll(places.slice(0, figures));
    scrollTo({ top, behavior: "instant" });
  }
  const leave = () => sessionStorage.setItem(location.pathname, JSON.stringify({ figures: places.filter((place) => !place.isConnected).length, top: scrollY }));
  const isNew = performance.getEntriesByType("navigation")[0]?.type === "navigate";

  /** A browser prints at once, whatever is still to come; so where the page can, it lets the figures come first. */
  const printNow = print.bind(globalThis);
  globalThis.print = () => mountAll(places).then(printNow);
  addEventListener("keydown", (event) => {
    if (event.key !== "p" || !(event.ctrlKey || event.metaKey) || event.shiftKey || event.altKey) return;
    event.preventDefault();
    print();
  });
  addEventListener("beforeprint", () => mountAll(places));

  addEventListener("hashchange", land);
  addEventListener("pagehide", leave);
  Promise.all([mountNear, isNew ? land() : comeBack()]).then(() => (document.documentElement.dataset.figures = "ready"));
}
