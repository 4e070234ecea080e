"""Questions on the chapter *Keep what matters*; the first three are its quiz."""

QUESTIONS = [
    {
        "question": "A pooling layer with a window of 3 and a stride of 2 reads 32 channels of 15 × 20. What does it put out?",
        "choices": [
            "32 channels of 7 × 9",
            "32 channels of 5 × 6",
            "16 channels of 7 × 10",
        ],
        "answer": 0,
        "why": [
            "12 / 2 + 1 = 7 rows. 17 / 2 rounds down to 8, plus 1 makes 9 columns.",
            "That would be a stride of 3, which PyTorch takes only if none is given.",
            "Pooling works on each channel by itself: none is lost.",
        ],
    },
    {
        "question": "A bright spot in a map moves by exactly 2 pixels. What does 2 × 2 max pooling put out?",
        "choices": [
            "the same map as before",
            "the old map, moved by one cell",
            "a map that differs in no simple way",
        ],
        "answer": 1,
        "why": [
            "The spot has left its window, wherever in it it stood.",
            "Two pixels are one step of the grid: pooling is equivariant there.",
            "That is what can happen at a shift of 1.",
        ],
    },
    {
        "question": "Two networks of the same convolutions and the same max pooling. One flattens its last maps, one averages each of them. Which keeps the names of shifted garments better?",
        "choices": [
            "Both the same: the pooling decides.",
            "The one that flattens: it loses nothing.",
            "The one that averages.",
        ],
        "answer": 2,
        "why": [
            "The table of this chapter has both. Compare them at a shift of 3.",
            "It keeps the place, and so it is upset when the place changes.",
            "An average over all places does not know the place.",
        ],
    },
    {
        "question": "A network ends with 256 maps of 6 × 6 and ten classes. How many weights does its last layer save if each map is averaged before, in place of flattened?",
        "choices": [
            "2,560",
            "89,600",
            "92,160",
        ],
        "answer": 1,
        "why": [
            "So many are left: 256 averages to ten classes.",
            "Flattened it takes 92,160, averaged 2,560.",
            "That is the whole flattened layer. The averaged one needs some weights too.",
        ],
    },
    {
        "question": "2 × 2 max pooling puts out a 7. What do you know about the four numbers of that window?",
        "choices": [
            "Their average is 7.",
            "One of them at least is 7, and none is larger.",
            "Their sum is at least 7.",
        ],
        "answer": 1,
        "why": [
            "That would be average pooling.",
            "The maximum was in the window, and nothing there exceeds it.",
            "Three of them may be far below 0.",
        ],
    },
    {
        "question": "A map of 28 × 28 goes through 2 × 2 pooling with stride 2, three times in a row, in PyTorch's default. How many rows are left?",
        "choices": [
            "3",
            "4",
            "7",
        ],
        "answer": 0,
        "why": [
            "14, then 7, and then 3.5 is rounded down: the last row is dropped.",
            "With ceil_mode=True it would be so. The default rounds down.",
            "That is after the second pooling.",
        ],
    },
    {
        "question": "A network has three poolings of stride 2, no other stride, and averages its last maps. A garment moves, far from the border. Which shift is sure to leave every score as it was?",
        "choices": [
            "2 pixels",
            "6 pixels",
            "8 pixels",
        ],
        "answer": 2,
        "why": [
            "That is a whole step for the first pooling, and not for the ones after it.",
            "Strides multiply, they do not add.",
            "2 · 2 · 2 is a whole step of the last grid: the maps move by one cell, and the average forgets that.",
        ],
    },
    {
        "question": "A photograph shifts by one pixel. Blur pooling changes more of its outputs than max pooling does, and yet its map changes by less. Why?",
        "choices": [
            "It spreads each change thinly over several outputs.",
            "It averages over the whole map.",
            "Its weights were trained to resist shifts.",
        ],
        "answer": 0,
        "why": [
            "The blur mixes neighbours: many outputs move, each a little.",
            "Its blur reaches no further than the neighbours.",
            "They are fixed: 1 2 1 in both directions.",
        ],
    },
]
