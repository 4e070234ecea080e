"""Exam draws from all chapters, scores at the end, explains, and is kept in the reader's own browser."""

from collections import Counter

import conftest
import pytest
from figure_probe import status, trait

from cnnbook import questions
from cnnbook.figures import Exam

BANKS = questions.banks()
ADDRESS = "http://exam.test/book/summary.html"


@pytest.fixture
def sit(new_page):
    """``sit(exam)``: a page at an address, which so has a memory of its own, that holds just the exam."""

    def open_exam(exam=None, width=760, theme="light", init="", **options):
        page = new_page(width=width, **options)
        html = conftest.figure_page(exam or Exam(BANKS, seed=4), theme)
        html = html.replace("<html ", '<html data-content_root="../" ')  # as the book's site has it
        page.route("**/*", lambda route: route.fulfill(body=html, content_type="text/html"))
        page.add_init_script(init)
        page.goto(ADDRESS)
        page.wait_for_selector("html[data-figures=ready]")
        return page

    return open_exam


def press(page, name):
    page.get_by_role("button", name=name, exact=True).click()


def asked(page):
    """The drawn questions as they stand in the banks, each with its chapter and the order of its choices."""
    known = {(b["chapter"], q["question"]): q for b in BANKS for q in b["questions"]}
    return [known[entry["chapter"], entry["question"]] | entry for entry in trait(page, "drawn")]


def answer(page, wrong=()):
    """Answer all questions, each rightly but for the numbers in ``wrong``."""
    for number, question in enumerate(asked(page), start=1):
        choice = (question["answer"] + (number in wrong)) % len(question["choices"])
        page.get_by_role("radio", name=question["choices"][choice], exact=True).check()
        if number < 20:
            press(page, "Next")


# the draw


def draw(run_js, seed, size=20):
    return run_js(
        ["question.js", "exam.js"],
        "([banks, size, seed]) => drawQuestions(banks, size, randomNumbers(seed))",
        [BANKS, size, seed],
    )


def test_a_draw_has_every_chapter_twice_or_more_and_no_question_twice(run_js):
    for seed in [None] * 20 + list(range(20)):
        drawn = draw(run_js, seed)
        chapters = Counter(entry["chapter"] for entry in drawn)
        assert len(drawn) == 20 == len({entry["question"] for entry in drawn})
        assert set(chapters) == set(questions.CHAPTERS) and min(chapters.values()) == 2


def test_draws_reach_every_question_and_every_place_of_the_answer(run_js):
    seen, places = set(), Counter()
    known = {q["question"]: q for b in BANKS for q in b["questions"]}
    for seed in range(60):
        for entry in draw(run_js, seed):
            seen.add(entry["question"])
            places[entry["order"].index(known[entry["question"]]["answer"])] += 1
    assert seen == set(known)
    assert all(places[place] > 300 for place in (0, 1, 2))


def test_a_seed_repeats_its_draw_and_others_differ(run_js):
    assert draw(run_js, 7) == draw(run_js, 7) != draw(run_js, 8)
    assert draw(run_js, None) != draw(run_js, None)


# what the reader sees


def test_questions_come_one_at_a_time_and_one_can_go_back(sit):
    page = sit()
    first, second = asked(page)[:2]
    assert page.get_by_role("group", name=f"1. {first['question']}").is_visible()
    assert page.get_by_role("button", name="Previous").is_disabled()
    shown = page.get_by_role("radio").evaluate_all("radios => radios.map(radio => Number(radio.value))")
    assert shown == first["order"]
    page.get_by_role("radio").nth(1).check()
    press(page, "Next")
    assert page.get_by_role("group", name=f"2. {second['question']}").is_visible()
    assert status(page) == "Question 2 of 20. 19 still open."
    press(page, "Previous")
    assert page.get_by_role("radio").nth(1).is_checked()
    press(page, "question 20, open")
    assert page.get_by_role("button", name="Next").is_disabled()
    assert page.get_by_role("button", name="question 1, answered").is_visible()
    assert "Right." not in page.locator(".cnnbook").inner_text()


def test_the_score_the_result_by_chapter_and_all_reasons(sit):
    page = sit()
    answer(page, wrong={3, 8, 20})
    assert status(page) == "Question 20 of 20. All answered: hand in when you are ready."
    press(page, "Hand in")
    assert status(page) == "17 of 20 right, 85 %. Your best so far: 17."

    drawn = asked(page)
    right = Counter(entry["chapter"] for number, entry in enumerate(drawn, 1) if number not in {3, 8, 20})
    of = Counter(entry["chapter"] for entry in drawn)
    rows = page.locator("tbody tr").all()
    assert [row.inner_text().split("\t") for row in rows] == [
        [title, f"{right[chapter]} of {of[chapter]}"] for chapter, title in questions.CHAPTERS.items()
    ]
    links = [row.get_by_role("link").get_attribute("href") for row in rows]
    assert links == [f"../notebooks/{chapter}.html" for chapter in questions.CHAPTERS]

    for number, entry in enumerate(drawn, start=1):
        box = page.get_by_role("group", name=f"{number}. {entry['question']}")
        text = box.inner_text()
        for choice, why in enumerate(entry["why"]):
            assert f"{'Right' if choice == entry['answer'] else 'Not so'}. {why}" in text
        assert box.get_by_role("link", name=questions.CHAPTERS[entry["chapter"]]).is_visible()
        assert box.locator(".choice.right").inner_text() == entry["choices"][entry["answer"]]
        assert box.locator(".choice.wrong").count() == (number in {3, 8, 20})
        assert box.locator("input:enabled").count() == 0
        verdict = "wrong" if number in {3, 8, 20} else "right"
        assert page.get_by_role("button", name=f"question {number}, {verdict}").is_visible()


def test_handing_in_with_open_questions_is_asked_once(sit):
    page = sit()
    page.get_by_role("radio").first.check()
    press(page, "Hand in")
    assert status(page) == "19 still open. Press Hand in again to confirm."
    press(page, "Next")
    press(page, "Hand in")
    assert trait(page, "handed_in") is False
    press(page, "Hand in")
    assert trait(page, "handed_in") is True
    assert page.get_by_text("You left this question open.").count() == 20
    assert page.get_by_text("You left this question open.").locator("visible=true").count() == 19


def test_another_exam_has_other_questions_and_the_best_result_stays(sit):
    page = sit()
    before = trait(page, "drawn")
    answer(page, wrong={1})
    press(page, "Hand in")
    press(page, "Draw another 20")
    assert trait(page, "drawn") != before
    assert status(page) == "Question 1 of 20. 20 still open."
    assert page.evaluate("document.activeElement.textContent") == "1"
    answer(page, wrong={1, 2, 3})
    press(page, "Hand in")
    assert status(page) == "17 of 20 right, 85 %. Your best so far: 19."


def test_a_reload_keeps_questions_answers_place_and_result(sit):
    page = sit(Exam(BANKS))
    drawn = trait(page, "drawn")
    page.get_by_role("radio").nth(1).check()
    press(page, "question 5, open")
    page.reload()
    page.wait_for_selector("html[data-figures=ready]")
    assert trait(page, "drawn") == drawn and status(page) == "Question 5 of 20. 19 still open."
    press(page, "Previous")
    answer_from_here = trait(page, "chosen")
    press(page, "Hand in")
    press(page, "Hand in")
    result = status(page)
    page.reload()
    page.wait_for_selector("html[data-figures=ready]")
    assert status(page) == result and trait(page, "chosen") == answer_from_here
    assert page.get_by_role("table").is_visible()


def test_a_button_forgets_everything(sit):
    page = sit(Exam(BANKS))
    answer(page)
    press(page, "Hand in")
    assert "this browser" in page.locator(".note").inner_text()
    press(page, "Forget everything")
    assert page.evaluate("localStorage.length") == 0
    assert status(page) == "Question 1 of 20. 20 still open." and trait(page, "best") == -1
    page.reload()
    page.wait_for_selector("html[data-figures=ready]")
    assert set(trait(page, "chosen")) == {-1} and trait(page, "best") == -1


STORED = """
drawn => {{
  const state = {{ drawn, chosen: Array(20).fill(0), current: 3, handed_in: true, best: 9 }};
  localStorage.setItem("cnnbook exam", JSON.stringify(({change})(state)));
}}
"""


@pytest.mark.parametrize(
    "change",
    [
        "state => (state.drawn[0].question = 'a question of an older edition', state)",
        "state => (state.drawn[4].order = [0, 1], state)",
        "state => (state.drawn.pop(), state.chosen.pop(), state)",
        "state => ({ best: 9, ...state, chosen: [] })",
    ],
)
def test_what_no_longer_fits_is_drawn_anew_and_the_best_result_stays(sit, change):
    page = sit()
    page.evaluate(STORED.format(change=change), trait(page, "drawn"))
    page.reload()
    page.wait_for_selector("html[data-figures=ready]")
    assert status(page) == "Question 1 of 20. 20 still open." and trait(page, "best") == 9


@pytest.mark.parametrize("stored", ["no JSON", "null", "17", '{"drawn": 3}', "{}"])
def test_foreign_words_in_the_memory_do_no_harm(sit, stored):
    page = sit(init=f"localStorage.setItem('cnnbook exam', {stored!r})")
    assert status(page) == "Question 1 of 20. 20 still open." and trait(page, "best") == -1


REFUSES = "Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('no', 'SecurityError'); } })"
FULL = "Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError'); }"


@pytest.mark.parametrize("init", [REFUSES, FULL])
def test_it_works_where_the_browser_keeps_nothing(sit, init):
    page = sit(init=init)
    answer(page)
    press(page, "Hand in")
    assert status(page) == "20 of 20 right, 100 %. Your best so far: 20."
    assert "keeps nothing" in page.locator(".note").inner_text()
    press(page, "Forget everything")
    assert status(page) == "Question 1 of 20. 20 still open."


def test_outside_the_site_chapters_are_named_without_a_link(mount):
    page = mount(Exam(BANKS, seed=1))
    press(page, "Hand in")
    press(page, "Hand in")
    assert page.get_by_role("link").count() == 0
    assert page.get_by_role("rowheader", name="Keep what matters").is_visible()


def test_all_works_by_keyboard(sit):
    page = sit()
    page.get_by_role("button", name="question 20").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.keyboard.press("ArrowDown")
    assert trait(page, "chosen")[0] == asked(page)[0]["order"][1]
    page.keyboard.press("Tab")  # Previous is disabled, so to Next
    page.keyboard.press("Enter")
    assert trait(page, "current") == 1
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    assert trait(page, "handed_in") is True
    assert page.evaluate("document.activeElement.textContent") == "1"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.querySelector('legend').textContent").startswith("1. ")


def test_all_works_by_finger(sit):
    page = sit(width=360, has_touch=True, is_mobile=True)
    page.get_by_role("radio").first.tap()
    page.get_by_role("button", name="Next").tap()
    assert status(page) == "Question 2 of 20. 19 still open."
    for name in ("Hand in", "Hand in", "Draw another 20"):
        page.get_by_role("button", name=name).tap()
    assert status(page) == "Question 1 of 20. 20 still open."
    sizes = page.locator("button:visible, .choice:visible").evaluate_all(
        "nodes => nodes.map(node => [node.offsetWidth, node.offsetHeight])"
    )
    assert min(min(size) for size in sizes) >= 28


@pytest.mark.parametrize("width", [300, 360, 760])
def test_nothing_jumps_while_answering_and_nothing_overflows(sit, width):
    page = sit(width=width)
    measure = """[document.querySelector('.cnnbook').offsetHeight, document.documentElement.scrollWidth,
                  ...[...document.querySelectorAll('button')].map((button) => button.offsetTop)]"""
    before = page.evaluate(measure)
    assert before[1] <= width
    for number in range(1, 21):
        page.get_by_role("radio").first.check()
        assert page.evaluate(measure) == before, number
        if number < 20:
            press(page, "Hand in")
            assert page.evaluate(measure) == before, number
            press(page, "Next")
    press(page, "Hand in")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("handed_in", [False, True])
def test_no_accessibility_violation(sit, axe, theme, handed_in):
    page = sit(theme=theme)
    page.get_by_role("radio").first.check()
    if handed_in:
        press(page, "Hand in")
        press(page, "Hand in")
    assert axe(page) == []


def test_print_shows_the_result_and_all_questions_without_controls(sit):
    page = sit()
    answer(page, wrong={5})
    press(page, "Hand in")
    page.emulate_media(media="print")
    assert page.locator("button:visible").count() == 0
    assert page.locator(".question:visible").count() == 20
    assert page.get_by_role("status").is_visible()


def test_questions_set_from_outside_are_shown(sit):
    page = sit()
    page.evaluate("model.set('drawn', [])")
    page.wait_for_function("model.get('drawn').length === 20")
    assert status(page) == "Question 1 of 20. 20 still open."
    page.evaluate("model.set('current', 6)")
    page.wait_for_function("document.querySelector('[role=status]').textContent.startsWith('Question 7')")


# what Python refuses


def small(**changes):
    return [BANKS[0] | changes, BANKS[1]]


@pytest.mark.parametrize(
    ("banks", "message"),
    [
        ([], "banks is"),
        (["pooling"], "a bank has 'pooling'; expected"),
        ([{"chapter": "pooling", "questions": []}], "a bank has .*; expected"),
        (small(questions=BANKS[0]["questions"][:1]), "fully_connected has the questions .*; expected two"),
        (
            small(questions=BANKS[0]["questions"][:3] * 2),
            "fully_connected has the questions .*; expected two",
        ),
        (small(questions=["Why?"]), "question 1 on fully_connected has 'Why\\?'"),
        ([BANKS[0]] * 2, "the chapters .*; expected each of them once"),
    ],
)
def test_bad_banks_are_named(banks, message):
    with pytest.raises(ValueError, match=message):
        Exam(banks, size=4)


@pytest.mark.parametrize("size", [3, 17])
def test_a_size_that_the_banks_cannot_give_is_refused(size):
    with pytest.raises(ValueError, match=f"size is {size}; expected 4, two from each chapter, to all 16"):
        Exam(BANKS[:2], size=size)


def test_drawn_questions_and_choices_that_do_not_fit_are_refused():
    entries = [
        {"chapter": bank["chapter"], "question": question["question"], "order": [2, 0, 1]}
        for bank in BANKS[1:3]
        for question in bank["questions"][:2]
    ]
    exam = Exam(BANKS[1:3], size=4, drawn=entries, chosen=[2, -1, 0, 1])
    assert exam.chosen == [2, -1, 0, 1]
    with pytest.raises(ValueError, match="drawn has 3 questions; expected none or 4"):
        exam.drawn = entries[:3]
    with pytest.raises(ValueError, match=r"drawn question 4 is .*; expected one from the banks"):
        exam.drawn = [*entries[:3], entries[3] | {"question": "Why?"}]
    with pytest.raises(ValueError, match=r"drawn question 1 is .*; expected one from the banks"):
        exam.drawn = [entries[0] | {"order": [0, 0, 1]}, *entries[1:]]
    with pytest.raises(ValueError, match=r"chosen is \[0\]; expected a number for each of 4"):
        exam.chosen = [0]
    with pytest.raises(ValueError, match="the choice for question 2 is 3; expected -1 to 2"):
        exam.chosen = [0, 3, 0, 0]
