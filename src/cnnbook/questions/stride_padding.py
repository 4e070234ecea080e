"""Questions on the chapter *Stride, padding, dilation, channels*; the first three are its quiz."""

QUESTIONS = [
    {
        "question": "A row of 32 cells, a kernel of 5, stride 2, no padding. How large is the output?",
        "choices": [
            "13",
            "14",
            "There is none: 13.5 steps is not a whole number.",
        ],
        "answer": 1,
        "why": [
            "Thirteen is the number of steps. The first place comes before the first step.",
            "27 cells to move, 13 whole steps, and the first place. One cell is dropped.",
            "PyTorch rounds down and drops the last cell.",
        ],
    },
    {
        "question": "A kernel of 3 with dilation 2 and stride 1. Which padding keeps the size?",
        "choices": [
            "1",
            "2",
            "4",
        ],
        "answer": 1,
        "why": [
            "That is right without dilation. Spread out, the kernel spans five cells.",
            "It spans five cells, four beyond one, and half of those go on each side.",
            "Four cells are missing in all, and each side gets half of them.",
        ],
    },
    {
        "question": "A layer turns 16 channels into 32. The image becomes twice as high and twice as wide. What grows?",
        "choices": [
            "the parameters and the MACs",
            "the MACs alone, fourfold",
            "the MACs alone, twofold",
        ],
        "answer": 1,
        "why": [
            "The filters are the same. They only visit more places.",
            "The same weights, at four times as many places.",
            "Twice the rows and twice the columns: count the places.",
        ],
    },
    {
        "question": "A 5 × 5 kernel with stride 2 shall turn 64 rows into 32. Which padding does it take?",
        "choices": [
            "0",
            "1",
            "2",
        ],
        "answer": 2,
        "why": [
            "59 cells to move are 29 steps of 2, and the first place: 30 rows.",
            "61 cells to move are 30 steps, and the first place: 31 rows.",
            "63 cells to move are 31 steps, and the first place: 32 rows.",
        ],
    },
    {
        "question": "How many parameters does nn.Conv2d(32, 64, kernel_size=3) have?",
        "choices": [
            "640",
            "18,432",
            "18,464",
            "18,496",
        ],
        "answer": 3,
        "why": [
            "That is one kernel for each filter. A filter has one for each of the 32 channels.",
            "Those are the weights. Each filter has a bias too.",
            "A bias belongs to an output channel: 64 of them, and not 32.",
            "64 filters of 32 · 9 weights, and a bias for each filter.",
        ],
    },
    {
        "question": "What can a 1 × 1 convolution not do?",
        "choices": [
            "compare a pixel with its neighbour",
            "turn a colour picture into a grey one",
            "make 64 channels out of 16",
        ],
        "answer": 0,
        "why": [
            "It sees one pixel at a time, with all its channels.",
            "That is a weighted sum of the three channels at each pixel, which is what it computes.",
            "It takes 64 filters of 16 weights.",
        ],
    },
    {
        "question": "You replace an ordinary 3 × 3 layer by a depthwise separable one. The more output channels, the smaller the share of the multiplications that is left. Which share does it come near to?",
        "choices": [
            "0",
            "1/9",
            "1/3",
        ],
        "answer": 1,
        "why": [
            "The 1 × 1 step still mixes all channels, and that never becomes free.",
            "The share is 1/C + 1/9 for C output channels, and 1/C vanishes.",
            "A kernel has nine weights. Three is its side.",
        ],
    },
    {
        "question": "The picture moves by one pixel. What does the map of a convolution with stride 2 do, far from the border?",
        "choices": [
            "It moves by half a cell.",
            "It stays as it is.",
            "It is, in general, not the old map moved by anything.",
        ],
        "answer": 2,
        "why": [
            "A map has no half cells: its numbers stand at whole places.",
            "The windows now see what lay between the old places.",
            "The new windows start on the pixels that the old ones skipped. At a move by two pixels it would be the old map.",
        ],
    },
]
