"""Questions on the chapter *The deeper, the wider*; the first three are its quiz."""

QUESTIONS = [
    {
        "question": "A 3 × 3 convolution with stride 2, then a 3 × 3 convolution with stride 1. How many pixels does a unit see along a side?",
        "choices": [
            "5",
            "7",
            "9",
        ],
        "answer": 1,
        "why": [
            "That is right without the stride. The second kernel's gaps are two pixels long each.",
            "Three pixels, and two gaps of two pixels each.",
            "The stride does not widen its own kernel: only the second kernel's gaps are longer.",
        ],
    },
    {
        "question": "You add padding 1 to every layer of a network. What happens to the receptive fields?",
        "choices": [
            "They grow by two pixels for each layer.",
            "Their size stays. Unit 0 sees further beyond the border.",
            "They shrink, because zeros count as seen.",
        ],
        "answer": 1,
        "why": [
            "A padded kernel reads as many units as a bare one.",
            "Padding stands in the rule for the start, and not in the one for the size.",
            "Only at the border is a part of the patch padding. The patch is as large as before.",
        ],
    },
    {
        "question": "A pixel in the receptive field has a gradient of 0 for this unit and this image. What follows?",
        "choices": [
            "The computed field is too large.",
            "The pixel can never matter to the unit.",
            "For this image it does not matter: a ReLU, a maximum or a cancellation may hide it.",
        ],
        "answer": 2,
        "why": [
            "The field says what can matter. One gradient cannot refute that.",
            "Another image, or other weights, may bring it back.",
            "That is why the proof used positive weights, a positive image and averages.",
        ],
    },
    {
        "question": "Five 3 × 3 convolutions with stride 1, one after the other. How many pixels does a unit see along a side?",
        "choices": [
            "9",
            "11",
            "15",
        ],
        "answer": 1,
        "why": [
            "That is after four of them.",
            "One pixel, and two more with each of the five layers.",
            "The kernels overlap: each layer adds its two gaps, not three pixels.",
        ],
    },
    {
        "question": "Two 2 × 2 poolings with stride 2, then a 3 × 3 convolution. How many pixels does a unit at the top see along a side?",
        "choices": [
            "6",
            "8",
            "12",
        ],
        "answer": 2,
        "why": [
            "That takes the gaps of the last kernel as one pixel. The strides make them longer.",
            "That takes the gaps of the last kernel as two pixels. Two strides of 2 make four.",
            "1 + 1 + 2 after the poolings, and two gaps of four pixels.",
        ],
    },
    {
        "question": "Which of these layers does not widen the receptive field?",
        "choices": [
            "a 1 × 1 convolution",
            "a 2 × 2 pooling",
            "a depthwise 3 × 3 convolution",
        ],
        "answer": 0,
        "why": [
            "Its kernel has no gap, so a unit sees what the unit below it sees.",
            "Its window has one gap along each side, as a kernel of 2 has.",
            "It keeps the channels apart, and looks around all the same.",
        ],
    },
    {
        "question": "You stack four times as many 3 × 3 convolutions, all weights equal. The receptive field becomes about four times as wide. And the square that holds 90 % of the gradient?",
        "choices": [
            "about four times as wide too",
            "about twice as wide",
            "as wide as before",
        ],
        "answer": 1,
        "why": [
            "That is the field. The gradient gathers in its middle.",
            "The paths are like random walks, whose spread grows like the square root of their steps.",
            "More layers do let the paths end further out.",
        ],
    },
    {
        "question": "Two ResNet-50s differ in one thing: the bottlenecks that halve have their stride in the 3 × 3, or in the 1 × 1 before it. What is the same in both?",
        "choices": [
            "the receptive field",
            "the number of parameters",
            "the multiplications",
        ],
        "answer": 1,
        "why": [
            "A stride counts for the kernels above it, and here the 3 × 3 is above it or not.",
            "A stride has no weights.",
            "With the stride in the 1 × 1, that layer has a quarter of the places to visit.",
        ],
    },
]
