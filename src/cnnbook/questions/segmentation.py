"""Questions on the chapter *A label for every pixel*; the first three are its quiz."""

QUESTIONS = [
    {
        "question": 'A network says "ground" for every pixel of our scenes. What is its mIoU, near enough?',
        "choices": [
            "near 0.9, the share of the ground",
            "near 0.15, a sixth of that",
            "0",
        ],
        "answer": 1,
        "why": [
            "That is its pixel accuracy. mIoU is a mean over six classes.",
            "The ground's IoU is its share, the five others have 0, and the mean is over six.",
            "The ground itself is found, and counts as a class.",
        ],
    },
    {
        "question": "A transposed convolution has stride 3. Which kernel gives an even overlap?",
        "choices": [
            "3 × 3",
            "4 × 4",
            "5 × 5",
        ],
        "answer": 0,
        "why": [
            "The stride divides the kernel: each output pixel inside gets one product.",
            "Every third row and column gets twice as many.",
            "Two of three rows and columns get two products, the third gets one.",
        ],
    },
    {
        "question": "You take the skip connections out of a U-Net. Which answer suffers most?",
        "choices": [
            "which classes are in the picture",
            "where large garments lie",
            "where thin parts and outlines run",
        ],
        "answer": 2,
        "why": [
            "The deepest maps know that, and they are still there.",
            "Six by six cells are enough for that.",
            "The maps before the squeeze hold them best, and the skips carry them on.",
        ],
    },
    {
        "question": "U-Net's paper pads nothing. 572 × 572 pixels go through its first two 3 × 3 convolutions. How large are the maps then?",
        "choices": [
            "572 × 572",
            "570 × 570",
            "568 × 568",
        ],
        "answer": 2,
        "why": [
            "That takes a padding of 1.",
            "That is after the first of the two.",
            "Each of the two takes a border of one pixel off, on all sides.",
        ],
    },
    {
        "question": "A class fills 30 pixels of the truth and 40 of the answer, and 20 of these are in both. What is its IoU?",
        "choices": [
            "2/5",
            "2/7",
            "1/2",
        ],
        "answer": 0,
        "why": [
            "The two together cover 30 + 40 − 20 = 50 pixels.",
            "30 + 40 counts the shared pixels twice.",
            "That is the share of the answer that is right.",
        ],
    },
    {
        "question": "On the way up, 48 maps meet the 32 maps of the same size from the way down. How many channels does the next convolution of a U-Net read?",
        "choices": [
            "32",
            "48",
            "80",
        ],
        "answer": 2,
        "why": [
            "Those come over the skip. The ones from below are kept too.",
            "That would be without the skip, or if the maps were added up.",
            "They are laid on top of each other, channel by channel.",
        ],
    },
    {
        "question": "Two bags touch each other. What can a semantic mask not tell you?",
        "choices": [
            "which pixels are bag",
            "where the outline against the ground runs",
            "how many bags there are",
        ],
        "answer": 2,
        "why": [
            "That is just what it says.",
            "The mask has the outline, to the pixel.",
            "Both are one patch of one class. Telling them apart is instance segmentation.",
        ],
    },
    {
        "question": "You take the true mask of a large square and move it down by one pixel. Which measure falls more?",
        "choices": [
            "IoU",
            "boundary IoU",
            "Both fall by the same.",
        ],
        "answer": 1,
        "why": [
            "Most of the inside still agrees, and IoU counts it.",
            "It looks at the outline alone, and there one pixel is much.",
            "The one counts the inside too, the other does not.",
        ],
    },
]
