"""Quiz: a few questions that answer at once and say why (the end of every chapter)."""

import traitlets

from cnnbook.figures.figure import Figure
from cnnbook.figures.question import check_question


class Quiz(Figure):
    """Questions with one right choice each. Choosing says at once whether it is right, and why.

    >>> quiz = Quiz(questions=[{
    ...     "question": "A 4 by 5 grey image is flattened. How many numbers come out?",
    ...     "choices": ["9", "20"],
    ...     "answer": 1,
    ...     "why": ["Those are the sides added.", "One number for each pixel, 4 times 5."],
    ... }])
    >>> quiz.chosen
    [-1]

    Args:
        questions: for each question a dict with the ``question``, its ``choices`` (two or more), the index of
            the right one as its ``answer``, and ``why``: a sentence for each choice that says why it is right
            or wrong.
        chosen: for each question the index of the reader's choice, or -1. New questions clear it.

    Raises:
        ValueError: for a question that is not so made, naming it; for a choice that a question does not have.
    """

    questions = traitlets.List().tag(sync=True)
    chosen = traitlets.List().tag(sync=True)

    def __init__(self, questions, **kwargs):
        super().__init__(questions=questions, **kwargs)

    @traitlets.default("chosen")
    def _none_chosen(self):
        return [-1] * len(self.questions)

    @traitlets.observe("questions")
    def _clear(self, change):
        if change["old"]:
            self.chosen = self._none_chosen()

    @traitlets.validate("questions")
    def _validate_questions(self, proposal):
        if not proposal["value"]:
            raise ValueError("questions is []; expected one question or more")
        for number, question in enumerate(proposal["value"], start=1):
            check_question(f"question {number}", question)
        return proposal["value"]

    @traitlets.validate("chosen")
    def _validate_chosen(self, proposal):
        chosen = proposal["value"]
        if len(chosen) != len(self.questions):
            raise ValueError(
                f"chosen is {chosen}; expected a number for each of {len(self.questions)} questions"
            )
        for number, (choice, question) in enumerate(zip(chosen, self.questions, strict=True), start=1):
            if choice not in range(-1, len(question["choices"])):
                last = len(question["choices"]) - 1
                raise ValueError(f"the choice for question {number} is {choice!r}; expected -1 to {last}")
        return chosen
