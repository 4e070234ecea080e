"""Questions on the chapter *Conv, ReLU, pool, repeat*; the first three are its quiz."""

QUESTIONS = [
    {
        "question": "You stack three 3 × 3 convolutions without anything between them. What have you built?",
        "choices": [
            "A network that can learn more than one layer can.",
            "One convolution with a 7 × 7 kernel, written in a roundabout way.",
            "One convolution with a 9 × 9 kernel.",
        ],
        "answer": 1,
        "why": [
            "Without a ReLU the three together are as linear as one.",
            "Sums of sums are sums, and three layers of 3 × 3 see 7 × 7 pixels.",
            "Each further layer adds two pixels to what is seen.",
        ],
    },
    {
        "question": "Backward through a 2 × 2 max pooling with stride 2: what happens to the output's gradient?",
        "choices": [
            "Each of the four cells gets a quarter of it.",
            "The largest cell gets all of it, the other three get 0.",
            "Each cell gets as much as its value's share of the sum.",
        ],
        "answer": 1,
        "why": [
            "That is average pooling.",
            "Only the largest cell could have changed the output.",
            "The size of the values decides who wins, and nothing else.",
        ],
    },
    {
        "question": "The patches that excite a deep unit most, out of eight photographs, show three faces. What do you conclude?",
        "choices": [
            "The unit detects faces.",
            "The network has learned that faces are made of parts.",
            "Little: first see what an untrained network picks, and use many more pictures.",
        ],
        "answer": 2,
        "why": [
            "Among eight pictures it had to pick something, and several of them show faces.",
            "Nothing about the layers below was looked at.",
            "A test has to be able to fail before its outcome means something.",
        ],
    },
    {
        "question": "A block puts out 24 maps. How many weights, without bias, does one 3 × 3 filter of the next block have?",
        "choices": [
            "9",
            "72",
            "216",
        ],
        "answer": 2,
        "why": [
            "That is one kernel. A filter has a kernel for each map that it reads.",
            "A kernel has 3 · 3 weights, and not 3.",
            "24 kernels of nine weights.",
        ],
    },
    {
        "question": "ReLU and max pooling follow a convolution. Does it matter for the result which of the two comes first?",
        "choices": [
            "No.",
            "Yes: where all numbers of a window are negative, the results differ.",
            "Yes: the pooling would throw away what the ReLU needs.",
        ],
        "answer": 0,
        "why": [
            "ReLU never swaps the order of two numbers, so the largest stays the largest.",
            "Both orders give 0 there.",
            "The ReLU needs one number at a time, and the one that is kept gets the same treatment.",
        ],
    },
    {
        "question": "A kernel of two weights slides over the row 3 1 4. The gradient of its two outputs is 1 2. What is the gradient of the first weight?",
        "choices": [
            "3",
            "5",
            "9",
        ],
        "answer": 1,
        "why": [
            "The first weight takes part in both outputs. Add what each of them says.",
            "1 · 3 + 2 · 1: in each output the first weight met one pixel.",
            "That is the second weight, 1 · 1 + 2 · 4.",
        ],
    },
    {
        "question": "The last 32 maps of 7 × 7 are flattened, and a layer names ten classes. How many parameters does this layer have?",
        "choices": [
            "330",
            "15,680",
            "15,690",
        ],
        "answer": 2,
        "why": [
            "That is the head that averages each map first.",
            "Those are the weights. There are ten biases too.",
            "32 · 7 · 7 = 1,568 numbers and a bias for each of ten classes.",
        ],
    },
    {
        "question": "You set one channel of a trained layer to 0, and the accuracy hardly falls. What follows?",
        "choices": [
            "The channel has learned nothing.",
            "The network can do without this channel, as long as it has the others.",
            "The layer can be left out.",
        ],
        "answer": 1,
        "why": [
            "It may have learned what others have learned too.",
            "Knowledge is spread over many channels, with overlaps. More was not tested.",
            "One channel was switched off, and not all of them at once.",
        ],
    },
]
