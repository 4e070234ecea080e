"""Exam: questions drawn from all chapters, scored at the end (the end of the summary)."""

import traitlets

from cnnbook.figures.figure import Figure
from cnnbook.figures.question import check_question


class Exam(Figure):
    """An exam of ``size`` questions, at least two from each chapter, drawn and scored in the page.

    >>> exam = Exam(banks=[{"chapter": "pooling", "title": "Keep what matters", "questions": [{
    ...     "question": f"What is the largest of {n}, 1 and 2?",
    ...     "choices": ["2", str(n)],
    ...     "answer": 1,
    ...     "why": ["One of them is larger.", "Neither of the others exceeds it."],
    ... } for n in (3, 4, 5)]}], size=3, seed=0)
    >>> exam.drawn, exam.handed_in
    ([], False)

    The page keeps the state in the reader's own browser, where it allows that, and goes on from there.

    Args:
        banks: for each chapter a dict with its ``chapter``, the name of its notebook, its ``title`` and its
            ``questions``, each of them made as for ``Quiz``. No chapter has the same question twice.
        size: the number of questions.
        seed: with a number the draws can be repeated; None draws at random.
        drawn: the drawn questions, each a dict with its ``chapter``, its ``question`` and the ``order`` of its
            choices. The page draws when there are none.
        chosen: for each drawn question the index of the reader's choice in the question's own order, or -1.
        current: the index of the drawn question that is shown.
        handed_in: whether the reader has handed in.
        best: the most right answers so far; -1 before the first.

    Raises:
        ValueError: for banks that are not so made, or too small for the exam, naming the place.
    """

    banks = traitlets.List().tag(sync=True)
    size = traitlets.Int(20, min=1).tag(sync=True)
    seed = traitlets.Int(None, allow_none=True).tag(sync=True)
    drawn = traitlets.List().tag(sync=True)
    chosen = traitlets.List(traitlets.Int()).tag(sync=True)
    current = traitlets.Int(0, min=0).tag(sync=True)
    handed_in = traitlets.Bool(False).tag(sync=True)
    best = traitlets.Int(-1, min=-1).tag(sync=True)

    def __init__(self, banks, **kwargs):
        super().__init__(banks=banks, **kwargs)
        available = sum(len(bank["questions"]) for bank in banks)
        if not 2 * len(banks) <= self.size <= available:
            raise ValueError(
                f"size is {self.size}; expected {2 * len(banks)}, two from each chapter, to all {available}"
            )

    @traitlets.validate("banks")
    def _validate_banks(self, proposal):
        banks = proposal["value"]
        if not banks:
            raise ValueError("banks is []; expected one chapter or more")
        for bank in banks:
            _check_bank(bank)
        chapters = [bank["chapter"] for bank in banks]
        if len(set(chapters)) != len(chapters):
            raise ValueError(f"banks has the chapters {chapters}; expected each of them once")
        return banks

    @traitlets.validate("drawn")
    def _validate_drawn(self, proposal):
        drawn = proposal["value"]
        if len(drawn) not in (0, self.size):
            raise ValueError(f"drawn has {len(drawn)} questions; expected none or {self.size}")
        for number, entry in enumerate(drawn, start=1):
            if sorted(entry["order"]) != list(range(len(self._choices(entry)))):
                raise ValueError(f"drawn question {number} is {entry!r}; expected one from the banks")
        return drawn

    @traitlets.validate("chosen")
    def _validate_chosen(self, proposal):
        chosen = proposal["value"]
        if len(chosen) != len(self.drawn):
            raise ValueError(f"chosen is {chosen}; expected a number for each of {len(self.drawn)} questions")
        for number, (choice, entry) in enumerate(zip(chosen, self.drawn, strict=True), start=1):
            if not -1 <= choice < len(self._choices(entry)):
                last = len(self._choices(entry)) - 1
                raise ValueError(f"the choice for question {number} is {choice}; expected -1 to {last}")
        return chosen

    def _choices(self, entry):
        """The choices of a drawn question; none if it is not in the banks."""
        for bank in self.banks:
            for question in bank["questions"]:
                if (bank["chapter"], question["question"]) == (entry["chapter"], entry["question"]):
                    return question["choices"]
        return []


def _check_bank(bank):
    if not isinstance(bank, dict) or set(bank) != {"chapter", "title", "questions"}:
        has = list(bank) if isinstance(bank, dict) else repr(bank)
        raise ValueError(f"a bank has {has}; expected a dict with ['chapter', 'questions', 'title']")
    chapter, questions = bank["chapter"], bank["questions"]
    for number, question in enumerate(questions, start=1):
        check_question(f"question {number} on {chapter}", question)
    texts = [question["question"] for question in questions]
    if len(texts) < 2 or len(set(texts)) != len(texts):
        raise ValueError(f"{chapter} has the questions {texts}; expected two or more different ones")
