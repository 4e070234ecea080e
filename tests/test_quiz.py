"""Quiz answers at once, keeps its height, works by keyboard, and refuses questions that make no sense."""

import pytest

from cnnbook.figures import Quiz

QUESTIONS = [
    {
        "question": "How many sides has a triangle?",
        "choices": ["two", "three", "four"],
        "answer": 1,
        "why": [
            "Two sides leave it open.",
            "Tri means three.",
            "That is a square, or a kite. " * 5,
        ],
    },
    {
        "question": "Is one a prime number?",
        "choices": ["yes", "no"],
        "answer": 1,
        "why": ["It has one divisor, and a prime has two.", "A prime has exactly two divisors."],
    },
]


def quiz(**changes):
    return Quiz(questions=[QUESTIONS[0], QUESTIONS[1] | changes])


def status(page):
    return page.get_by_role("status").inner_text()


def reasons(page):
    return [text.strip() for text in page.locator("[aria-live]").all_inner_texts()]


def chosen(page):
    return page.evaluate("model.get('chosen')")


# what the reader sees


def test_an_answer_says_at_once_whether_and_why(mount):
    page = mount(quiz())
    assert reasons(page) == ["", ""]
    assert status(page) == "0 right, 0 wrong, 2 open."
    page.get_by_label("two").check()
    assert reasons(page) == ["Not so. Two sides leave it open.", ""]
    assert status(page) == "0 right, 1 wrong, 1 open."
    page.get_by_label("three").check()
    assert reasons(page) == ["Right. Tri means three.", ""]
    assert status(page) == "1 right, 0 wrong, 1 open."
    page.get_by_label("no", exact=True).check()
    assert reasons(page) == ["Right. Tri means three.", "Right. A prime has exactly two divisors."]
    assert status(page) == "All 2 right."
    assert chosen(page) == [1, 1]


def test_reset_clears_all(mount):
    page = mount(Quiz(questions=QUESTIONS, chosen=[1, 0]))
    assert status(page) == "1 right, 1 wrong, 0 open."
    page.get_by_role("button", name="Reset").click()
    assert chosen(page) == [-1, -1]
    assert reasons(page) == ["", ""]
    assert page.locator("input:checked").count() == 0
    assert page.locator(".right, .wrong").count() == 0


def test_all_works_by_keyboard(mount):
    page = mount(quiz())
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    assert chosen(page) == [0, -1]
    page.keyboard.press("ArrowDown")
    assert chosen(page) == [1, -1]
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    assert chosen(page) == [1, 0]
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert chosen(page) == [-1, -1]


def test_plain_keys_stay_in_the_figure_and_shortcuts_leave_it(mount):
    page = mount(quiz())
    page.evaluate("window.heard = []; document.addEventListener('keydown', (event) => heard.push(event.key))")
    page.get_by_label("two").check()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Control+k")
    assert page.evaluate("heard") == ["Control", "k"]


def test_the_form_is_never_sent(mount):
    page = mount(quiz())
    send = "document.querySelector('form').dispatchEvent(new SubmitEvent('submit', { cancelable: true }))"
    assert page.evaluate(send) is False


def test_every_question_is_a_named_group(mount):
    page = mount(quiz())
    for number, question in enumerate(QUESTIONS, start=1):
        group = page.get_by_role("group", name=f"{number}. {question['question']}")
        assert group.get_by_role("radio").count() == len(question["choices"])


def test_two_quizzes_on_a_page_keep_apart(mount):
    page = mount(quiz())
    page.evaluate("document.querySelector('main').append(document.querySelector('.cnnbook').cloneNode(true))")
    page.get_by_label("two").nth(0).check()
    page.get_by_label("three").nth(1).check()
    assert page.locator("input:checked").count() == 2


@pytest.mark.parametrize("width", [300, 360, 760])
def test_nothing_moves_and_nothing_overflows(mount, width):
    page = mount(quiz(), width=width)
    measure = "[document.querySelector('.cnnbook').offsetHeight, document.documentElement.scrollWidth]"
    height, scroll_width = page.evaluate(measure)
    assert scroll_width <= width
    for choice in ("two", "four", "yes", "no", "three"):
        page.get_by_label(choice, exact=True).check()
        assert page.evaluate(measure) == [height, scroll_width]
    assert status(page) == "All 2 right."


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("choices", [[-1, -1], [1, 0]])
def test_no_accessibility_violation(mount, axe, theme, choices):
    assert axe(mount(Quiz(questions=QUESTIONS, chosen=choices), theme=theme)) == []


def test_choices_set_from_outside_are_shown(mount):
    page = mount(quiz())
    page.evaluate("model.set('chosen', [2, 1])")
    page.wait_for_function("document.querySelector('[role=status]').textContent.startsWith('1 right')")
    assert page.locator("input:checked").evaluate_all("radios => radios.map(radio => radio.value)") == [
        "2",
        "1",
    ]


def test_new_questions_replace_the_old(mount):
    page = mount(quiz())
    page.evaluate("questions => model.set('questions', questions)", QUESTIONS[1:])
    page.evaluate("model.set('chosen', [-1])")
    page.get_by_label("no", exact=True).check()
    assert page.get_by_role("radio").count() == 2
    assert status(page) == "All 1 right."


# what Python refuses


@pytest.mark.parametrize(
    "changes",
    [
        {"question": " "},
        {"choices": []},
        {"choices": ["no"], "answer": 0, "why": ["One choice is none."]},
        {"choices": ["no", "no"]},
        {"choices": ["yes", 3]},
        {"choices": "no"},
        {"answer": 2},
        {"answer": -1},
        {"answer": True},
        {"answer": "no"},
        {"why": []},
        {"why": ["One sentence for two choices."]},
        {"why": ["", "A prime has exactly two divisors."]},
        {"hint": "Count the divisors."},
    ],
    ids=str,
)
def test_a_bad_question_is_named(changes):
    with pytest.raises(ValueError, match=r"^question 2 (has|asks) .+; expected"):
        quiz(**changes)


@pytest.mark.parametrize("key", ["question", "choices", "answer", "why"])
def test_a_missing_part_is_named(key):
    question = {name: value for name, value in QUESTIONS[0].items() if name != key}
    with pytest.raises(ValueError, match=f"^question 1 has .+; expected a dict with .*'{key}'"):
        Quiz(questions=[question])


def test_a_quiz_needs_a_question_that_is_a_dict():
    with pytest.raises(ValueError, match="one question or more"):
        Quiz(questions=[])
    with pytest.raises(ValueError, match="question 1 has 'triangle'"):
        Quiz(questions=["triangle"])


@pytest.mark.parametrize("choices", [[0], [3, 0], [0, -2], [0, "no"], [0, None]])
def test_a_choice_that_no_question_has_is_refused(choices):
    with pytest.raises(ValueError, match=r"; expected"):
        Quiz(questions=QUESTIONS, chosen=choices)


def test_new_questions_clear_the_choices():
    figure = Quiz(questions=QUESTIONS, chosen=[1, 0])
    figure.questions = QUESTIONS[1:]
    assert figure.chosen == [-1]
    with pytest.raises(ValueError, match="question 1"):
        figure.questions = [QUESTIONS[0] | {"answer": 5}]
    assert figure.questions == QUESTIONS[1:]
