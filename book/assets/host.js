// Shows the book's figures on a static page: reads the widget state that the page embeds and mounts each figure
// through the same `render({ model, el })` that JupyterLab calls. No kernel, no require.js, no other host.

const STATE = 'script[type="application/vnd.jupyter.widget-state+json"]';
const VIEW = 'script[type="application/vnd.jupyter.widget-view+json"]';

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

const modules = new Map();
/** A module's text, imported once however many figures share it. */
function moduleFrom(text) {
  if (!modules.has(text)) modules.set(text, import(URL.createObjectURL(new Blob([text], { type: "text/javascript" }))));
  return modules.get(text);
}

const styled = new Set();
function addStyle(text) {
  if (styled.has(text)) return;
  styled.add(text);
  document.head.append(Object.assign(document.createElement("style"), { textContent: text }));
}

/** The models below a widget, itself included: an ipywidgets box holds references such as "IPY_MODEL_1f…". */
function* family(id, models) {
  yield models[id];
  for (const child of models[id].state.children ?? []) yield* family(child.replace("IPY_MODEL_", ""), models);
}

/** A lab needs Python: show what it gave at its default setting, and say how to run it. */
function mountLab(el, id, models) {
  el.className = "cnnbook-lab";
  for (const { state } of family(id, models)) {
    for (const output of state.outputs ?? []) {
      const { "image/png": png, "text/plain": text } = output.data ?? { "text/plain": output.text };
      if (png) el.append(Object.assign(new Image(), { src: `data:image/png;base64,${[png].flat().join("")}`, alt: "What the lab shows at its default setting" }));
      else if (text) el.append(Object.assign(document.createElement("pre"), { textContent: [text].flat().join("") }));
    }
  }
  const note = document.createElement("p");
  note.textContent = "This is a lab: it needs Python. Above is its outcome at the default setting. To use its controls, run this chapter in JupyterLab with “make lab”.";
  el.append(note);
}

async function mount(view, models) {
  const { model_id: id } = JSON.parse(view.textContent);
  const el = document.createElement("div");
  view.after(el);
  const { state } = models[id];
  if (!state._esm) return mountLab(el, id, models);
  addStyle(state._css);
  const { default: widget } = await moduleFrom(state._esm);
  widget.render({ model: new Model(state), el });
}

const models = Object.assign({}, ...[...document.querySelectorAll(STATE)].map((script) => JSON.parse(script.textContent).state));
await Promise.all([...document.querySelectorAll(VIEW)].map((view) => mount(view, models)));
document.documentElement.dataset.figures = "ready";
