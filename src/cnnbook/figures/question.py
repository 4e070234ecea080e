"""What a question is made of, for the figures that ask one: ``Quiz`` and ``Exam``."""

_KEYS = {"question", "choices", "answer", "why"}


def check_question(name: str, question: dict) -> None:
    """Raise a ``ValueError`` that names the question unless it is a dict such as this.

    >>> check_question("question 1", {
    ...     "question": "A 4 by 5 grey image is flattened. How many numbers come out?",
    ...     "choices": ["9", "20"],
    ...     "answer": 1,
    ...     "why": ["Those are the sides added.", "One number for each pixel, 4 times 5."],
    ... })

    ``answer`` is the index of the right choice, and ``why`` has a sentence for each choice that says why it
    is right or wrong.
    """
    if not isinstance(question, dict) or set(question) != _KEYS:
        has = list(question) if isinstance(question, dict) else repr(question)
        raise ValueError(f"{name} has {has}; expected a dict with {sorted(_KEYS)}")
    choices, answer, why = question["choices"], question["answer"], question["why"]
    if not _is_text(question["question"]):
        raise ValueError(f"{name} asks {question['question']!r}; expected a sentence")
    if not _are_texts(choices) or len(set(choices)) != len(choices) or len(choices) < 2:
        raise ValueError(f"{name} has the choices {choices!r}; expected two or more different texts")
    if isinstance(answer, bool) or not isinstance(answer, int) or not 0 <= answer < len(choices):
        raise ValueError(f"{name} has the answer {answer!r}; expected an index from 0 to {len(choices) - 1}")
    if not _are_texts(why) or len(why) != len(choices):
        raise ValueError(f"{name} has the reasons {why!r}; expected {len(choices)} sentences, one a choice")


def _is_text(value):
    return isinstance(value, str) and value.strip() != ""


def _are_texts(values):
    return isinstance(values, list) and all(map(_is_text, values))
