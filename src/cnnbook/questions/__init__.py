"""Questions on the chapters: each chapter's quiz asks three of them, the final exam draws from all.

A chapter's questions stand in the module of its name. ``Quiz`` says what a question is made of.
"""

from importlib import import_module

# The titles are the notebooks', in the order of _toc.yml; a test compares them.
CHAPTERS = {
    "fully_connected": "Why not connect everything to everything?",
    "convolution": "One small filter, slid everywhere",
    "stride_padding": "Stride, padding, dilation, channels",
    "pooling": "Keep what matters",
    "receptive_field": "The deeper, the wider",
    "building_a_cnn": "Conv, ReLU, pool, repeat",
    "classification": "AlexNet and VGG",
    "detection": "YOLO: look once",
    "segmentation": "A label for every pixel",
}


def bank(chapter: str) -> list[dict]:
    """The questions of a chapter; the first three are its quiz.

    >>> sorted(bank("pooling")[0])
    ['answer', 'choices', 'question', 'why']

    Raises:
        ValueError: for a chapter that has no questions.

    Used by the quiz at the end of every chapter.
    """
    if chapter not in CHAPTERS:
        raise ValueError(f"there are no questions on {chapter!r}; expected one of {', '.join(CHAPTERS)}")
    return import_module(f"cnnbook.questions.{chapter}").QUESTIONS


def banks() -> list[dict]:
    """The questions of all chapters, in the book's order, as ``Exam`` takes them.

    >>> sorted(banks()[0])
    ['chapter', 'questions', 'title']

    Used by the exam at the end of the summary.
    """
    return [
        {"chapter": chapter, "title": title, "questions": bank(chapter)}
        for chapter, title in CHAPTERS.items()
    ]
