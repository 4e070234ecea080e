// A question as the reader sees it, for the figures that ask one: Quiz and Exam.

import { h } from "./kit.js";

/** Why a choice is right or wrong, as it stands with its question. */
export const explain = ({ answer, why }, choice) => [h("strong", {}, choice === answer ? "Right. " : "Not so. "), why[choice]];

/** A question with its choices in this `order`, as a group of radio buttons. `check(choice)` shows a choice as the reader's, -1 for none;
 * `onChoose(choice)` hears the reader's. `labels` are the choices, in the order of the question. */
export function questionGroup(question, { number, order = question.choices.map((_, choice) => choice), onChoose }) {
  const radios = question.choices.map((_, choice) =>
    h("input", { type: "radio", name: `question ${number}`, value: choice, onchange: () => onChoose(choice) }),
  );
  const labels = radios.map((radio, choice) => h("label", { class: "choice" }, radio, h("span", {}, question.choices[choice])));
  const element = h("fieldset", { class: "question" }, h("legend", {}, `${number}. ${question.question}`), ...order.map((choice) => labels[choice]));
  return {
    element,
    labels,
    radios,
    check: (choice) => radios.forEach((radio, at) => (radio.checked = at === choice)),
    /** Colour a choice by whether it is right; no colour without `marked`. */
    mark(choice, marked) {
      labels[choice].classList.toggle("right", marked && choice === question.answer);
      labels[choice].classList.toggle("wrong", marked && choice !== question.answer);
    },
  };
}
