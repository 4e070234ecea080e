"""Questions on the chapter *YOLO: look once*; the first three are its quiz."""

QUESTIONS = [
    {
        "question": "A detector finds every garment, and gives two boxes for each of them, both with an IoU above 0.5. What are its precision and recall at that threshold?",
        "choices": [
            "precision 1, recall 1",
            "precision 0.5, recall 1",
            "precision 1, recall 0.5",
        ],
        "answer": 1,
        "why": [
            "A garment can be hit once. The second box for it counts as false.",
            "All garments are found, and half of the boxes are doubles.",
            "Recall asks how many garments are found, and all are.",
        ],
    },
    {
        "question": "Two pairs of trousers stand so close that their centres fall into one cell of the grid, and a cell answers with one box, for a centre of its own. What helps?",
        "choices": [
            "a finer grid",
            "a lower NMS threshold",
            "a lower confidence threshold",
        ],
        "answer": 0,
        "why": [
            "With smaller cells the two centres are more likely to fall into different ones.",
            "That removes more boxes. Here one is missing.",
            "The cell has one answer. There is no second box to let through.",
        ],
    },
    {
        "question": "You halve all scores of a detector. What happens to its average precision?",
        "choices": [
            "It halves.",
            "It stays as it is.",
            "It depends on the IoU threshold.",
        ],
        "answer": 1,
        "why": [
            "AP looks at the order of the detections, not at the scores themselves.",
            "The order is the same, so the curve is the same.",
            "That threshold decides what a hit is. The scores' size has no part in it.",
        ],
    },
    {
        "question": "A box reaches from (0, 0) to (6, 4), another from (3, 0) to (9, 8). What is their IoU?",
        "choices": [
            "1/6",
            "1/5",
            "1/2",
        ],
        "answer": 1,
        "why": [
            "12 over 24 + 48 counts the shared part twice.",
            "They share 3 · 4 = 12, and together cover 24 + 48 − 12 = 60.",
            "That is the share of the first box. IoU divides by the union.",
        ],
    },
    {
        "question": "A network built like YOLOv1 has a grid of 5 × 5 cells, two boxes in a cell and three classes. How many numbers does it put out?",
        "choices": [
            "250",
            "325",
            "400",
        ],
        "answer": 1,
        "why": [
            "Those are the boxes, five numbers each. Each cell names the classes too.",
            "25 cells with 2 · 5 + 3 = 13 numbers each.",
            "That gives each box classes of its own. In YOLOv1 the boxes of a cell share them.",
        ],
    },
    {
        "question": "Three boxes of one class with the scores 0.9, 0.8 and 0.7. The first two have an IoU of 0.6, the last two as well, the first and the last one of 0.3. Which are left after NMS at 0.5?",
        "choices": [
            "the first alone",
            "the first and the third",
            "all three",
        ],
        "answer": 1,
        "why": [
            "The second is removed, and what is gone suppresses no other.",
            "The first removes the second. The third overlaps what is left too little.",
            "The second overlaps the first by more than 0.5.",
        ],
    },
    {
        "question": "Why train boxes with GIoU, and not with IoU?",
        "choices": [
            "It is never negative.",
            "It still says where to go when the boxes do not touch.",
            "It looks at the class as well.",
        ],
        "answer": 1,
        "why": [
            "It is: it falls towards −1 as the boxes move apart.",
            "There IoU is 0 all around, and its gradient is 0.",
            "It is about two boxes and nothing else.",
        ],
    },
    {
        "question": "Why is one pass over the picture so much cheaper than asking a classifier about every window?",
        "choices": [
            "A detector needs fewer layers.",
            "Windows overlap, and a convolution computes what they share once.",
            "The grid has fewer cells than the picture has garments.",
        ],
        "answer": 1,
        "why": [
            "It may well have more. The saving is elsewhere.",
            "Neighbouring windows have most pixels in common, and the classifier starts anew with each.",
            "It has many more, and most of them are empty.",
        ],
    },
]
