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
      remember();
    } catch (problem) {
      if (!(problem instanceof Event)) throw problem;
      place.replaceWith(create("p", { textContent: "This figure did not load. Reload the page to try again." }));
    }
  });

  const places = [...document.querySelectorAll(".cnnbook-place")];
  const mountAll = (some) => Promise.all(some.map(mount));

  /** The browser finds the reader's place again, after a reload or a step back, where the figures are that were there. */
  const remember = () => history.replaceState({ figures: places.filter((place) => !place.isConnected).length }, "");

  /** A link leads to a place in the text; the figures above it come first, or they would move it away. */
  async function land() {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
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

  addEventListener("hashchange", land);
  addEventListener("beforeprint", () => mountAll(places));
  Promise.all([mountNear, land(), mountAll(places.slice(0, history.state?.figures ?? 0))]).then(() => (document.documentElement.dataset.figures = "ready"));
}
