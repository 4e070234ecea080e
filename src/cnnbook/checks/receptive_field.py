"""The exercises of the chapter `receptive_field`."""

from cnnbook import shapes
from cnnbook.checks.checker import Checker

field_chain = Checker(
    truth=shapes.receptive_field(
        [shapes.Layer(7, stride=2), shapes.Layer(3), shapes.Layer(3, stride=2), shapes.Layer(3, stride=2)]
    )[-1][:2],
    right="Each layer adds its gaps times the jump so far. Its own stride counts only for the layers above.",
    slips=[
        ((13, 8), "You left the strides out of the size. A step on a strided map is several pixels long."),
        ((41, 8), "A layer's own stride does not widen its own kernel. It counts from the next layer on."),
        ((32, 8), "A kernel of three has two gaps between its cells: two are added, not three."),
        ((22, 8), "Begin with one: a pixel sees itself."),
        ((23, 6), "Strides multiply. They do not add up."),
        ((23, 4), "The last layer has a stride too, and its units are that much further apart."),
        ((8, 23), "Size first, jump second."),
    ],
    hint="Go from layer to layer: add (kernel − 1) times the jump so far, then multiply the jump by the stride.",
)

field_dilation = Checker(
    truth=9,
    right="Dilations of 1, 3 and 9 fit together without gaps: each layer steps by what the last one spans.",
    slips=[
        (23, "A 3 × 3 kernel reaches one dilation to the left and one to the right."),
        (18, "That is how much the third layer adds in all. It adds on two sides."),
        (9.5, "Do not forget the pixel in the middle."),
        (27, "That is the whole patch. How much of it do the first two layers see already?"),
        (22, "One on each side: count the gaps of the kernel."),
    ],
    hint="What do the first two layers see? How much is missing, and how many gaps has the third kernel?",
)

field_border = Checker(
    truth=(0, 5, 34, 39),
    right="Of the ten by ten pixels of its patch, only 36 are in the image. The rest is padding.",
    slips=[
        ((-4, 5, 34, 43), "Part of that lies in the padding. Which of these rows and columns has the image?"),
        ((0, 9, 38, 39), "You left out the padding: it moves the patch up and to the left."),
        (
            (0, 6, 35, 39),
            "The second padding lies around a map whose units are two pixels apart. How many pixels is it?",
        ),
        ((34, 39, 0, 5), "Rows first, columns second."),
        ((0, 5, 15, 24), "You moved one pixel for each unit. How far apart are the units?"),
        ((0, 5, 34, 43), "The image has columns 0 to 39."),
    ],
    hint="Find the size, the jump and the first pixel of unit 0. Move by the jump, then cut at the border.",
)


def _last_field(layers):
    return tuple(shapes.receptive_field([shapes.Layer(*layer) for layer in layers])[-1])


def _recurrence(step):
    """A function of a chain, from one that takes a field and a layer to the next field."""

    def through(layers):
        field = 1, 1, 0.0
        for layer in layers:
            field = step(*field, *layer)
        return field

    return through


field_recurrence = Checker(
    truth=_last_field,
    right="These few lines tell you what a unit sees in any chain of convolutions and pools.",
    slips=[
        (
            _recurrence(
                lambda size, jump, start, k, s, p, d: (
                    size + (k - 1) * d * jump * s,
                    jump * s,
                    start + ((k - 1) * d / 2 - p) * jump * s,
                )
            ),
            "You multiplied the jump too early: a layer's stride counts from the next layer on.",
        ),
        (
            _recurrence(
                lambda size, jump, start, k, s, p, d: (
                    size + (k - 1) * jump,
                    jump * s,
                    start + ((k - 1) / 2 - p) * jump,
                )
            ),
            "You left out the dilation: it makes the gaps of the kernel longer.",
        ),
        (
            _recurrence(
                lambda size, jump, start, k, s, p, d: (
                    size + (k - 1) * d * jump,
                    jump * s,
                    start + (k - 1) * d / 2 * jump - p,
                )
            ),
            "The padding lies around this layer's own input, where a step is one jump long.",
        ),
        (
            _recurrence(
                lambda size, jump, start, k, s, p, d: (
                    size + (k - 1) * d * jump,
                    jump * s,
                    start + ((k - 1) * d / 2 + p) * jump,
                )
            ),
            "Padding moves the first unit outward: to the left, where pixels are negative.",
        ),
        (
            _recurrence(
                lambda size, jump, start, k, s, p, d: (
                    size + ((k - 1) * d - 2 * p) * jump,
                    jump * s,
                    start + ((k - 1) * d / 2 - p) * jump,
                )
            ),
            "Padding does not change how much a unit reads. It only moves it.",
        ),
        (
            lambda layers: (_last_field(layers)[0] - 1, *_last_field(layers)[1:]),
            "Begin with a size of one: a pixel sees itself.",
        ),
    ],
    hint="Start from size 1, jump 1, start 0. For each layer update the size and the start, then the jump.",
    tries=[
        ([(3, 1, 0, 1)],),
        ([(3, 2, 1, 1), (5, 1, 2, 2)],),
        ([(7, 2, 3, 1), (2, 2, 0, 1), (3, 1, 4, 4)],),
        ([(11, 4, 2, 1), (3, 2, 0, 1), (5, 1, 2, 1), (3, 2, 0, 1), (3, 1, 1, 1)],),
    ],
)

field_hundred = Checker(
    truth=(50, 9),
    right="The pools are what carries a network across a large picture: 50 layers against nine.",
    slips=[
        ((49, 9), "Almost: with that many the first stack sees 99 pixels."),
        ((34, 9), "The first layer sees three pixels, and each further one adds two."),
        ((50, 13), "You counted the pools too. How many convolutions are among them?"),
        (
            (50, 8),
            "The pool adds a little and doubles the jump, but it is not enough before the next convolution.",
        ),
        ((9, 50), "The plain stack first, the one with pools second."),
        ((100, 9), "A kernel of three adds a pixel on either side."),
    ],
    hint="Follow the size from layer to layer. Two is added at first; how much after each pool?",
)

field_paths = Checker(
    truth=(1, 49),
    right="That is why a unit listens to the middle of its patch: many ways lead there, and one to a corner.",
    slips=[
        ((1, 7), "That is along one axis. Rows and columns choose their ways independently: multiply."),
        ((1, 14), "Each way along the rows goes with each way along the columns: do not add them."),
        ((1, 729), "Those are all the ways, to any pixel. How many of them end in the middle?"),
        ((1, 27), "Those are all the ways along one axis, to any pixel. How many of them end in the middle?"),
        ((1, 9), "That is the middle after two layers."),
        ((49, 1), "The corner first, the middle second."),
    ],
    hint="Along one axis each layer steps by −1, 0 or 1. In how many ways do three steps end where you want?",
)

field_stack = Checker(
    truth=(9, 25),
    right="Without strides each layer adds its kernel less one, and padding adds nothing.",
    slips=[
        ((12, 27), "A kernel of three has two gaps between its cells: two are added, not three."),
        ((8, 24), "Begin with one: a pixel sees itself."),
        ((81, 729), "Kernels do not multiply. Each layer adds to what the layer below it sees."),
        ((7, 17), "You are a layer short in both."),
        ((9, 1), "Padding does not change how much a unit reads. It only moves it."),
        ((9, 37), "A kernel has fewer gaps than cells, and padding adds nothing to what a unit reads."),
    ],
    hint="One layer sees its kernel. What does each further layer add on either side?",
)

field_mixed = Checker(
    truth=(3, 27, 36),
    right="The stride is handed on to all layers above. The dilation spreads its own kernel alone.",
    slips=[
        ((3, 11, 14), "You left out the stride: above the first layer a step is several pixels long."),
        ((3, 15, 24), "You left out the dilation: the gaps of the second kernel are twice as long."),
        ((3, 27, 45), "A dilation spreads the kernel of its own layer. It is not handed on."),
        (
            (7, 31, 49),
            "A layer's own stride does not widen its own kernel. It counts from the next layer on.",
        ),
        ((3, 27, 54), "The last layer's own stride counts for layers above it, and there are none."),
        ((3, 33, 45), "A kernel has one gap less than it has cells."),
        ((2, 26, 35), "Begin with one: a pixel sees itself."),
    ],
    hint="For each layer: gaps of the kernel, times its dilation, times all strides below. Add that to the size.",
)
