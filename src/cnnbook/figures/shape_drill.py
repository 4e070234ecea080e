"""ShapeDrill: random layers, the reader answers, the figure explains (chapter ``stride_padding``)."""

import traitlets

from cnnbook.figures.figure import Figure


class ShapeDrill(Figure):
    """Asks for a layer's output shape, its parameters or its multiply-accumulates, and works the answer out.

    >>> drill = ShapeDrill(seed=7, topic="parameters")
    >>> drill.question, drill.answer
    (0, [])

    The layers are ``torch.nn.Conv2d`` and ``torch.nn.MaxPool2d``, and the right answers are torch's. The
    questions follow from ``seed`` and ``topic`` alone and grow harder: stride, pooling and dilation, groups.

    Args:
        seed: which endless row of questions, 0 to 4,294,967,295.
        topic: ``"everything"``, ``"output shape"``, ``"parameters"`` or ``"multiply-accumulates"``.
        question: how many questions were passed, from 0.
        answer: the whole numbers that were last checked: channels, height and width, or one number.
        shown: whether the reader asked for the answer.
        right, answered, streak: the score. A question counts once, when it is first checked or shown.

    Raises:
        traitlets.TraitError: for a value out of bounds.

    The output sizes follow Dumoulin and Visin (2016), relationship 15: the one with stride and dilation.
    """

    seed = traitlets.Int(0, min=0, max=2**32 - 1).tag(sync=True)
    topic = traitlets.Enum(
        ["everything", "output shape", "parameters", "multiply-accumulates"], "everything"
    ).tag(sync=True)
    question = traitlets.Int(0, min=0).tag(sync=True)

    answer = traitlets.List(traitlets.Int(min=0), maxlen=3).tag(sync=True)
    shown = traitlets.Bool(False).tag(sync=True)

    right = traitlets.Int(0, min=0).tag(sync=True)
    answered = traitlets.Int(0, min=0).tag(sync=True)
    streak = traitlets.Int(0, min=0).tag(sync=True)
