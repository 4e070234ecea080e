import { figure, h, mulberry32, statusLine } from "./kit.js";
import { explain, questionGroup } from "./question.js";

// ── drawing the questions ───────────────────────────────────────────────────────────────────────

/** Numbers from 0 up to 1 that a seed determines; without a seed, the browser's own. @param {number | null} seed */
export const randomNumbers = (seed) => (seed === null ? Math.random : mulberry32(seed));

/** A shuffled copy (Fisher-Yates). */
export function shuffled(items, random) {
  const copy = [...items];
  for (let last = copy.length - 1; last > 0; last--) {
    const at = Math.floor(random() * (last + 1));
    [copy[last], copy[at]] = [copy[at], copy[last]];
  }
  return copy;
}

/** `size` different questions in random order, two or more from each bank, each with a random order of its choices. */
export function drawQuestions(banks, size, random) {
  const piles = banks.map(({ chapter, questions }) => shuffled(questions.map((question) => ({ chapter, question })), random));
  const sure = piles.flatMap((pile) => pile.slice(0, 2));
  const rest = shuffled(piles.flatMap((pile) => pile.slice(2)), random);
  return shuffled([...sure, ...rest.slice(0, size - sure.length)], random).map(({ chapter, question }) => ({
    chapter,
    question: question.question,
    order: shuffled(question.choices.map((_, choice) => choice), random),
  }));
}

/** The questions that were drawn, from the banks; null if one is not there or has other choices, as in a newer edition of the book. */
export function findQuestions(banks, drawn) {
  const found = drawn.map(({ chapter, question, order }) => {
    const asked = banks.find((bank) => bank.chapter === chapter)?.questions.find((other) => other.question === question);
    const fits = asked && [...order].sort((a, b) => a - b).join() === asked.choices.map((_, choice) => choice).join();
    return fits ? { ...asked, chapter, order } : null;
  });
  return found.includes(null) ? null : found;
}

// ── what the reader's browser keeps ─────────────────────────────────────────────────────────────

const KEY = "cnnbook exam";
const STATE = ["drawn", "chosen", "current", "handed_in", "best"];

/** What was kept, as far as it fits this exam; {} in a browser that keeps nothing. */
function recall(banks, size) {
  try {
    const kept = JSON.parse(localStorage.getItem(KEY));
    const fits = kept.drawn.length === size && kept.chosen.length === size && findQuestions(banks, kept.drawn);
    return fits ? Object.fromEntries(STATE.map((name) => [name, kept[name]])) : { best: kept.best ?? -1 };
  } catch {
    return {};
  }
}

/** Whether the browser keeps anything for this page. */
function canKeep() {
  try {
    return localStorage !== null;
  } catch {
    return false;
  }
}

/** Whether the browser keeps what it is told; it may refuse in a private window or for a file. */
function keep(state) {
  try {
    if (state) localStorage.setItem(KEY, JSON.stringify(state));
    else localStorage.removeItem(KEY);
    return true;
  } catch {
    return false;
  }
}

// ── the page ────────────────────────────────────────────────────────────────────────────────────

/** Where a chapter's page is, on the book's site; null elsewhere, as in JupyterLab. */
function pageOf(chapter) {
  const root = document.documentElement.dataset.content_root;
  return root === undefined ? null : `${root}notebooks/${chapter}.html`;
}

const linkTo = ({ chapter, title }) => {
  const href = pageOf(chapter);
  return href ? h("a", { href }, title) : h("span", {}, title);
};

/** The count of right answers. @param {{answer: number}[]} questions @param {number[]} chosen */
const countRight = (questions, chosen) => questions.filter(({ answer }, at) => chosen[at] === answer).length;

/** Right answers and questions of each chapter that was asked about. */
function resultTable(banks, questions, chosen) {
  const rows = banks.flatMap((bank) => {
    const asked = questions.map(({ chapter }, at) => (chapter === bank.chapter ? at : -1)).filter((at) => at >= 0);
    const right = asked.filter((at) => chosen[at] === questions[at].answer).length;
    return asked.length ? [h("tr", {}, h("th", { scope: "row" }, linkTo(bank)), h("td", {}, `${right} of ${asked.length}`))] : [];
  });
  const head = h("tr", {}, h("th", { scope: "col" }, "chapter"), h("th", { scope: "col" }, "right"));
  return h("table", {}, h("thead", {}, head), h("tbody", {}, ...rows));
}

/** A question of the exam: `draw(choice, shown, handedIn)`. Once handed in, all choices say why. */
function examQuestion(question, bank, number, onChoose) {
  const { element, labels, radios, check, mark } = questionGroup(question, { number, order: question.order, onChoose });
  const reasons = labels.map((label, choice) => {
    const why = h("p", { class: "why" }, ...explain(question, choice));
    label.after(why);
    return why;
  });
  const open = h("p", { class: "why" }, "You left this question open.");
  const source = h("p", { class: "why" }, "Chapter: ", linkTo(bank));
  element.append(open, source);
  return {
    element,
    draw(choice, shown, handedIn) {
      check(choice);
      element.classList.toggle("unseen", !shown && !handedIn);
      radios.forEach((radio) => (radio.disabled = handedIn));
      labels.forEach((_, at) => mark(at, handedIn && (at === choice || at === question.answer)));
      for (const line of [...reasons, source]) line.hidden = !handedIn;
      open.hidden = !handedIn || choice >= 0;
    },
  };
}

function build(frame) {
  const banks = frame.get("banks");
  const size = frame.get("size");
  const random = randomNumbers(frame.get("seed"));
  const status = statusLine();
  const sheet = h("form", { class: "sheet", onsubmit: (event) => event.preventDefault() });
  const numbers = Array.from({ length: size }, (_, at) => h("button", { type: "button", onclick: () => goTo(at) }, at + 1));
  const [previous, next, handIn, another, forget] = [
    ["Previous", () => goTo(frame.get("current") - 1)],
    ["Next", () => goTo(frame.get("current") + 1)],
    ["Hand in", tryHandIn],
    [`Draw another ${size}`, () => begin(frame.get("best"), keepState)],
    ["Forget everything", () => begin(-1, keepNothing)],
  ].map(([name, onclick]) => h("button", { type: "button", onclick }, name));
  const result = h("div", { class: "result" });
  const steps = h("div", { class: "buttons" }, previous, next, handIn);
  const kept = h("p", { class: "note" });
  const end = h("div", {}, h("div", { class: "buttons" }, another, forget), kept);
  frame.root.append(
    h("div", { class: "numbers", role: "group", "aria-label": "questions" }, ...numbers),
    status.element,
    result,
    sheet,
    steps,
  );

  let shown = null;
  let shownResult;
  let questions = [];
  let boxes = [];
  let warned = false;
  let keeps = canKeep();

  const newExam = (best) => ({ drawn: drawQuestions(banks, size, random), chosen: Array(size).fill(-1), current: 0, handed_in: false, best });
  const countOpen = () => frame.get("chosen").filter((choice) => choice < 0).length;
  const keepState = () => keep(Object.fromEntries(STATE.map((name) => [name, frame.get(name)])));
  const keepNothing = () => keep(null);

  function change(changes, save = keepState) {
    warned = false;
    frame.set(changes);
    keeps = save();
    frame.redraw();
  }

  /** To the top of the exam: where a button was pressed, it may be gone now. */
  function toTop() {
    numbers[0].focus({ preventScroll: true });
    numbers[0].scrollIntoView({ block: "nearest" });
  }

  function begin(best, save) {
    change(newExam(best), save);
    toTop();
  }

  function goTo(at) {
    change({ current: at });
    if (!frame.get("handed_in")) return;
    boxes[at].element.scrollIntoView({ block: "nearest" });
    boxes[at].element.focus({ preventScroll: true });
  }

  function tryHandIn() {
    if (countOpen() && !warned) {
      warned = true;
      return frame.redraw();
    }
    change({ handed_in: true, best: Math.max(frame.get("best"), countRight(questions, frame.get("chosen"))) });
    toTop();
  }

  const choose = (at) => (choice) => change({ chosen: frame.get("chosen").map((other, place) => (place === at ? choice : other)) });

  function sentence() {
    const chosen = frame.get("chosen");
    if (frame.get("handed_in")) {
      const right = countRight(questions, chosen);
      return `${right} of ${size} right, ${Math.round((100 * right) / size)} %. Your best so far: ${frame.get("best")}.`;
    }
    const open = countOpen();
    if (warned) return `${open} still open. Press Hand in again to confirm.`;
    return `Question ${frame.get("current") + 1} of ${size}. ${open ? `${open} still open.` : "All answered: hand in when you are ready."}`;
  }

  const numberName = (at, handedIn, choice) => {
    if (!handedIn) return choice < 0 ? "open" : "answered";
    return choice === questions[at].answer ? "right" : "wrong";
  };

  function drawNumbers(current, handedIn, chosen) {
    numbers.forEach((button, at) => {
      const name = numberName(at, handedIn, chosen[at]);
      button.className = name;
      button.setAttribute("aria-label", `question ${at + 1}, ${name}`);
      if (at === current && !handedIn) button.setAttribute("aria-current", "true");
      else button.removeAttribute("aria-current");
    });
  }

  // The kernel, or another view, has drawn already where there are questions.
  if (!frame.get("drawn").length) frame.set({ ...newExam(-1), ...recall(banks, size) });

  return function draw() {
    if (!frame.get("drawn").length) frame.set(newExam(frame.get("best"))); // emptied from outside
    const [drawn, chosen, current, handedIn] = ["drawn", "chosen", "current", "handed_in"].map(frame.get);
    if (shown !== drawn) {
      shown = drawn;
      questions = findQuestions(banks, drawn);
      boxes = questions.map((question, at) => examQuestion(question, banks.find(({ chapter }) => chapter === question.chapter), at + 1, choose(at)));
      for (const { element } of boxes) element.tabIndex = -1;
      sheet.replaceChildren(...boxes.map((box) => box.element));
    }
    boxes.forEach((box, at) => box.draw(chosen[at], at === current, handedIn));
    sheet.classList.toggle("one", !handedIn);
    const scored = handedIn ? chosen : null;
    if (scored !== shownResult) {
      shownResult = scored;
      result.replaceChildren(...(handedIn ? [resultTable(banks, questions, chosen), end] : []));
      if (!handedIn) frame.root.append(end);
    }
    drawNumbers(current, handedIn, chosen);
    steps.hidden = handedIn;
    another.hidden = !handedIn;
    previous.disabled = current === 0;
    next.disabled = current === size - 1;
    kept.textContent = keeps
      ? "Nothing is sent anywhere: your answers stay in this browser, and only until you press Forget everything."
      : "Nothing is sent anywhere. This browser keeps nothing for this page, so your answers go when you leave it.";
    status.say(sentence(), { problem: warned });
  };
}

const render = (context) => figure(context, { name: "Exam", label: "Final exam", traits: STATE }, build);
export default { render };
