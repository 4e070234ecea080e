"""Questions on the chapter *Why not connect everything to everything?*; the first three are its quiz."""

QUESTIONS = [
    {
        "question": "An image becomes twice as wide and twice as high. What happens to the weights of a fully connected layer with 10 units, and to those of a convolution with 10 filters?",
        "choices": [
            "Both grow fourfold.",
            "The first grow fourfold, the second stay as they are.",
            "The first double, the second stay as they are.",
        ],
        "answer": 1,
        "why": [
            "A kernel is as large as its window, and the window has not grown.",
            "Four times the inputs need four times the weights. A kernel only visits more places.",
            "Both sides double, so there are four times as many inputs.",
        ],
    },
    {
        "question": "You rearrange the pixels of all your images in one fixed random order, and train a fully connected net from scratch. What do you expect?",
        "choices": [
            "It learns as well as before.",
            "It learns worse, because neighbours are torn apart.",
            "It cannot learn at all, because the images are noise.",
        ],
        "answer": 0,
        "why": [
            "For every net there is a twin with rearranged weights, and training treats both alike.",
            "It never knew which pixels were neighbours, so it loses nothing.",
            "They are noise to you, but every pixel still holds what it held before.",
        ],
    },
    {
        "question": "Which step makes the number of weights independent of the size of the image?",
        "choices": [
            "flattening",
            "local connectivity",
            "shared weights",
        ],
        "answer": 2,
        "why": [
            "Flattening keeps every number, and each still needs a weight in each unit.",
            "Each unit has few weights now, but a larger image has more places and so more units.",
            "All places use the same weights, so more places cost nothing.",
        ],
    },
    {
        "question": "A colour image of 32 × 32 pixels goes to a fully connected layer with 100 units. How many parameters does the layer have, biases included?",
        "choices": [
            "102,500",
            "307,200",
            "307,300",
            "310,272",
        ],
        "answer": 2,
        "why": [
            "That is a grey image. In colour each pixel brings three numbers.",
            "Those are the weights. Each unit has a bias too.",
            "32 · 32 · 3 = 3,072 inputs and a bias make 3,073 parameters for each of the 100 units.",
            "That is a bias for each input. A bias belongs to a unit.",
        ],
    },
    {
        "question": "One unit without a bias, whose weights start at 0, is trained on a bar at the left end of a row. Then it sees the same bar at the right end, on none of the old pixels. What does it answer?",
        "choices": [
            "the same as on the left: it has learned what a bar is",
            "0",
            "about half as much",
        ],
        "answer": 1,
        "why": [
            "It has learned weights for some places. It has no idea of a bar apart from them.",
            "A training step moves a weight by a multiple of its input, and on the right every input was 0.",
            "Nothing passes from one place to another, not even half.",
        ],
    },
    {
        "question": "A window of 3 × 3 looks at one grey image from 10 · 12 = 120 places, with weights of its own for each place. Now all places share one set. How many times fewer weights are there?",
        "choices": [
            "9 times",
            "120 times",
            "1,080 times",
        ],
        "answer": 1,
        "why": [
            "Nine is what is left: 1,080 weights became 9.",
            "There were 120 sets of nine weights, and one is left.",
            "So many there were. Nine of them are still needed.",
        ],
    },
    {
        "question": "A CNN whose last layer reads the flattened maps is trained on images with shuffled pixels. It loses its lead, and yet it names most garments. How can it?",
        "choices": [
            "Its convolutions put the pixels back into order.",
            "Shuffled neighbours still look alike.",
            "Its last layer has a weight for each place, and can learn from shuffled pixels too.",
        ],
        "answer": 2,
        "why": [
            "They see a few neighbours at a time, and these come from anywhere in the image.",
            "They do not: that is exactly what the shuffle destroys.",
            "The shuffle is the same for all images, so each place still tells something.",
        ],
    },
    {
        "question": "Is there a fully connected layer that computes exactly what a given convolution computes?",
        "choices": [
            "No: a fully connected layer does not know neighbours.",
            "Yes: most of its weights are 0, and the others repeat.",
            "Only for a kernel as large as the image.",
        ],
        "answer": 1,
        "why": [
            "It does not know them beforehand. The right weights can still treat them as such.",
            "Local connectivity sets weights to 0, and sharing makes the rest equal. Both are choices of weights.",
            "A smaller kernel only means more zeros in the large array.",
        ],
    },
]
