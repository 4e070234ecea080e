import { figure, h, statusLine } from "./kit.js";
import { explain, questionGroup } from "./question.js";

/** How the reader stands, in words. @param {number[]} answers @param {number[]} chosen -1 where nothing is chosen */
export function score(answers, chosen) {
  const right = answers.filter((answer, at) => chosen[at] === answer).length;
  const open = answers.filter((_, at) => !(chosen[at] >= 0)).length;
  const wrong = answers.length - right - open;
  if (right === answers.length) return `All ${right} right.`;
  return `${right} right, ${wrong} wrong, ${open} open.`;
}

/** One question. `draw(choice)` shows a choice; `onChoose(choice)` hears the reader's. */
function questionBox(question, number, onChoose) {
  let shown = -1;
  const { element, labels, check, mark } = questionGroup(question, { number, onChoose });
  const why = h("p", { class: "why", "aria-live": "polite" });
  // All reasons lie unseen in the place of the one shown, so that choosing moves nothing on the page.
  const room = question.why.map((_, choice) => h("p", { class: "why unseen", "aria-hidden": "true" }, ...explain(question, choice)));
  element.append(h("div", { class: "reasons" }, why, ...room));
  return {
    element,
    draw(choice) {
      if (choice === shown) return;
      shown = choice;
      check(choice);
      labels.forEach((_, at) => mark(at, at === choice));
      why.replaceChildren(...(choice < 0 ? [] : explain(question, choice)));
    },
  };
}

function build(frame) {
  const status = statusLine();
  // A form keeps this quiz's radio buttons apart from those of another quiz on the page.
  const form = h("form", { onsubmit: (event) => event.preventDefault() });
  let questions = [];
  let boxes = [];

  const choose = (at) => (choice) => frame.set({ chosen: questions.map((_, other) => (other === at ? choice : (frame.get("chosen")[other] ?? -1))) });
  const reset = () => frame.set({ chosen: questions.map(() => -1) });
  frame.root.append(form, h("div", { class: "foot" }, status.element, h("button", { type: "button", onclick: reset }, "Reset")));

  return function draw() {
    if (questions !== frame.get("questions")) {
      questions = frame.get("questions");
      boxes = questions.map((question, at) => questionBox(question, at + 1, choose(at)));
      form.replaceChildren(...boxes.map((box) => box.element));
    }
    const chosen = questions.map((_, at) => frame.get("chosen")[at] ?? -1);
    boxes.forEach((box, at) => box.draw(chosen[at]));
    status.say(score(questions.map(({ answer }) => answer), chosen));
  };
}

const render = (context) => figure(context, { name: "Quiz", label: "Quiz", traits: ["questions", "chosen"] }, build);
export default { render };
