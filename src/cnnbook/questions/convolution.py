"""Questions on the chapter *One small filter, slid everywhere*; the first three are its quiz."""

QUESTIONS = [
    {
        "question": "A kernel of 5 × 5 slides over an image of 20 rows and 30 columns, without padding. How large is the feature map?",
        "choices": [
            "20 × 30",
            "15 × 25",
            "16 × 26",
        ],
        "answer": 2,
        "why": [
            "The window has to stay inside the image, so there are fewer places than pixels.",
            "The last window starts at row 15, and row 0 counts too.",
            "20 − 5 + 1 places down and 30 − 5 + 1 across.",
        ],
    },
    {
        "question": "The nine weights of a kernel add up to 0. What does it answer to a flat grey wall?",
        "choices": [
            "0, however bright the wall is",
            "0 if the wall is black, else more",
            "It depends on the kernel",
        ],
        "answer": 0,
        "why": [
            "All nine pixels are equal, so the sum is their value times the sum of the weights.",
            "The brightness is multiplied by the sum of the weights, whatever it is.",
            "All kernels whose weights add up to 0 agree on flat areas.",
        ],
    },
    {
        "question": "The cat moves four pixels to the right. Far from the border, the feature map",
        "choices": [
            "stays as it is: convolution is invariant.",
            "moves four places to the right: convolution is equivariant.",
            "changes in no simple way.",
        ],
        "answer": 1,
        "why": [
            "Compare the maps place by place: they differ. Only their largest value and their sum stay.",
            "The same windows are seen, four places further right, by the same weights.",
            "That is what a fully connected layer on the pixels does.",
        ],
    },
    {
        "question": "The kernel 1 −2 slides over the row 2 0 1 3, as PyTorch does it. What comes out?",
        "choices": [
            "2 −2 −5",
            "−4 1 1",
            "2 −2 −5 3",
        ],
        "answer": 0,
        "why": [
            "2 · 1 − 0 · 2, then 0 · 1 − 1 · 2, then 1 · 1 − 3 · 2.",
            "That is the flipped kernel, −2 1. PyTorch does not flip.",
            "A fourth window would leave the row.",
        ],
    },
    {
        "question": "Each row of a 3 × 3 kernel is −1 0 1, and a ReLU follows. Which edges are left in the map?",
        "choices": [
            "upright ones, dark on their left and bright on their right",
            "upright ones, bright on their left and dark on their right",
            "all upright ones",
        ],
        "answer": 0,
        "why": [
            "There the right side minus the left side is positive, and a ReLU keeps positive scores.",
            "These score below 0, and the ReLU sets them to 0.",
            "The kernel answers to both kinds, with opposite signs. The ReLU lets one sign pass.",
        ],
    },
    {
        "question": "A 3 × 3 kernel without padding reads an image of 6 × 8 pixels. You write the layer as a matrix with a row for each output. How many of its entries are not 0, if no weight of the kernel is?",
        "choices": [
            "216",
            "432",
            "1,152",
        ],
        "answer": 0,
        "why": [
            "4 · 6 = 24 outputs with nine weights each.",
            "That is nine for each of the 48 pixels. There are fewer places than pixels.",
            "So many entries the whole matrix has, 24 rows of 48.",
        ],
    },
    {
        "question": "Five 3 × 3 convolutions, each padded with zeros, read a picture and the same picture moved by twelve pixels. Where does the second result differ from the first one, moved by twelve?",
        "choices": [
            "nowhere: convolution is equivariant",
            "near the borders only, five columns deep",
            "everywhere",
        ],
        "answer": 1,
        "why": [
            "The frame of zeros does not move with the picture.",
            "Each layer carries the border one column further in.",
            "Where no frame of zeros has reached, the same windows give the same sums.",
        ],
    },
    {
        "question": "To turn a 5 × 5 convolution into one matrix product, you write each window of a large image as a row. How many numbers are that, compared with the image?",
        "choices": [
            "as many: the windows are only looked at in another way",
            "nearly 5 times as many",
            "nearly 25 times as many",
        ],
        "answer": 2,
        "why": [
            "A view copies nothing, but the rows of a matrix have to be written down.",
            "A pixel is in five windows along the rows and in five along the columns, and these multiply.",
            "Away from the border, each pixel is in 25 windows and is written down once for each.",
        ],
    },
]
