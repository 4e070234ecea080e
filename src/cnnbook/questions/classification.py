"""Questions on the chapter *AlexNet and VGG*; the first three are its quiz."""

QUESTIONS = [
    {
        "question": "You want AlexNet to need less memory for its weights. Where do you look first?",
        "choices": [
            "At the first convolution: its kernels are the largest.",
            "At the first fully connected layer.",
            "At the pooling layers.",
        ],
        "answer": 1,
        "why": [
            "Its kernels are 11 × 11, but they read three channels and are shared by all places.",
            "It reads 256 maps of 6 × 6 and has a weight for each number and each of its units.",
            "They have no weights.",
        ],
    },
    {
        "question": "Somebody measures 62,378,344 parameters in their AlexNet. What have they built?",
        "choices": [
            "torchvision's version",
            "the network of 2012, as it was trained",
            "the table of 2012, without the two groups",
        ],
        "answer": 2,
        "why": [
            "That has 61,100,840: its convolutions have other widths.",
            "That has two groups in three of its layers, and so fewer weights.",
            "Every filter reads all maps, which adds the weights that the two processors did without.",
        ],
    },
    {
        "question": "An occlusion map of a photograph is flat: wherever the window stands, the answer stays. What follows?",
        "choices": [
            "No part as large as the window is needed for this answer.",
            "The network does not look at the picture.",
            "The network looks at all parts equally.",
        ],
        "answer": 0,
        "why": [
            "Something else in the picture is enough each time. More does not follow.",
            "Many windows alone may be enough, as with the cat's fur.",
            "Two parts can stand in for each other. Hiding one at a time cannot tell.",
        ],
    },
    {
        "question": "A first layer reads one grey channel and puts out 8. You replace its 7 × 7 convolution by three 3 × 3 ones that put out 8 each. What happens to the weights?",
        "choices": [
            "They fall to 27/49.",
            "They grow about threefold.",
            "They stay the same, because both see 7 × 7 pixels.",
        ],
        "answer": 1,
        "why": [
            "That holds where every layer reads as many channels as it puts out.",
            "8 · 49 = 392 weights become 8 · 9 + 2 · 8 · 8 · 9 = 1,224: the later layers read 8 channels.",
            "An equal field does not mean equal weights.",
        ],
    },
    {
        "question": "VGG-16 reads 224 × 224 pixels, halves five times, and ends with 512 maps. How many numbers does its first fully connected layer read?",
        "choices": [
            "512",
            "25,088",
            "100,352",
        ],
        "answer": 1,
        "why": [
            "That would be an average for each map. VGG flattens.",
            "224 halved five times is 7, and 512 · 7 · 7 = 25,088.",
            "That is four halvings: 14 × 14 places.",
        ],
    },
    {
        "question": "AlexNet's first layer has kernels of 11 × 11, stride 4 and no padding. The image has 227 rows. How many rows does it put out?",
        "choices": [
            "54",
            "55",
            "57",
        ],
        "answer": 1,
        "why": [
            "So many come from 224 rows, without padding.",
            "216 rows to move are 54 steps of 4, and the first place.",
            "A quarter of 227, rounded up, forgets that the window has to fit.",
        ],
    },
    {
        "question": "A network gives a photograph the chances Egyptian cat 0.4, tiger cat 0.3, tabby 0.2, lynx 0.06, fox 0.04. The right name is tabby. How does ImageNet's contest count that?",
        "choices": [
            "as an error, top-1 and top-5",
            "as right, top-1 and top-5",
            "as an error top-1, and as right top-5",
        ],
        "answer": 2,
        "why": [
            "Tabby is the third of the five best names.",
            "The first name is not the right one, and top-1 asks for the first alone.",
            "The first name is wrong, and the right one is among the five.",
        ],
    },
    {
        "question": "You show a classifier of 1,000 classes a picture of something that none of them names. What do its softmax chances add up to?",
        "choices": [
            "near 0: it recognises nothing",
            "1",
            "It depends on the picture.",
        ],
        "answer": 1,
        "why": [
            "Softmax divides by the sum, so the sum is 1 whatever the picture shows.",
            "There is no name for “none of these”, so all the chance goes to names that are wrong.",
            "Which names get the chance depends on it. The sum does not.",
        ],
    },
]
