"""ShapeDrill: its answers and its diagnoses against torch, and what a reader can do with it."""

import json
import math
import re
from fractions import Fraction

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode
from traitlets import TraitError

from cnnbook.figures import ShapeDrill

MODULE = ["shape_drill.js"]
TOPICS = ShapeDrill().limits["topic"]["values"]
SHAPE, PARAMETERS, MACS = TOPICS[1:]
SEEDS = range(300)
FIELDS = {SHAPE: ["channels", "height", "width"], PARAMETERS: [PARAMETERS], MACS: [MACS]}

PREPARE = """states => states.map(([seed, topic, number]) => {
  const question = makeQuestion(seed, topic, number);
  return { seed, topic, number, question, code: layerCode(question.layer), answer: trueAnswer(question),
           slips: slipsOf(question), steps: working(question) };
})"""


def numbers_for(seed):
    """Early questions of every level, and late ones: all kinds meet within a dozen seeds."""
    return [seed % 12, 12 + seed % 7]


STATES = [[seed, topic, number] for seed in SEEDS for topic in TOPICS for number in numbers_for(seed)]


PREPARED = []


@pytest.fixture
def drills(run_js):
    """What the page makes of every state, computed once."""
    if not PREPARED:
        PREPARED.extend(run_js(MODULE, PREPARE, STATES))
    return PREPARED


# torch as the oracle


def torch_layer(layer, **changes):
    """The layer that a question's numbers describe, with some of them changed, holding no memory."""
    layer = layer | changes
    shape = {name: layer[name] for name in ("stride", "padding", "dilation")}
    with torch.device("meta"):
        if layer["kind"] == "MaxPool2d":
            return torch.nn.MaxPool2d(layer["kernelSize"], **shape)
        return torch.nn.Conv2d(
            layer["inChannels"], layer["outChannels"], layer["kernelSize"], **shape,
            groups=layer["groups"], bias=layer["bias"],
        )  # fmt: skip


def torch_sizes(drill, height=None, width=None, **changes):
    """Height and width that torch gives; an axis where torch refuses the layer is None."""
    question = drill["question"]
    sizes = [height or question["height"], width or question["width"]]
    module = torch_layer(question["layer"], **changes)
    return [torch_size(module, question["layer"]["inChannels"], size) for size in sizes]


def torch_size(module, channels, size):
    try:
        return module(torch.empty(1, channels, size, size, device="meta")).shape[-1]
    except RuntimeError:
        return None


def torch_parameters(drill, **changes):
    return sum(p.numel() for p in torch_layer(drill["question"]["layer"], **changes).parameters())


def torch_macs(drill, **changes):
    question = drill["question"]
    module = torch_layer(question["layer"], **changes)
    image = torch.empty(1, module.in_channels, question["height"], question["width"], device="meta")
    with FlopCounterMode(display=False) as counter:
        module(image)
    return counter.get_total_flops() // 2


def conv_weight(drill):
    return torch_layer(drill["question"]["layer"]).weight


def span(layer):
    return layer["dilation"] * (layer["kernelSize"] - 1) + 1


def rounded_up(drill, size):
    layer = drill["question"]["layer"]
    return math.ceil(Fraction(size + 2 * layer["padding"] - span(layer), layer["stride"])) + 1


def one_pad_fewer(drill):
    """Padding at one end is half the padding: the other half of the input's rows are taken off."""
    question = drill["question"]
    module, padding = torch_layer(question["layer"], padding=0), question["layer"]["padding"]
    channels = question["layer"]["inChannels"]
    return [torch_size(module, channels, question[side] + padding) for side in ("height", "width")]


def both(value):
    return [value, value]


SIZE_SLIPS = {
    "no padding": lambda d: torch_sizes(d, padding=0),
    "padding once": one_pad_fewer,
    "no plus one": lambda d: [size - 1 for size in torch_sizes(d)],
    "rounded up": lambda d: [rounded_up(d, d["question"][side]) for side in ("height", "width")],
    "no dilation": lambda d: torch_sizes(d, dilation=1),
    "dilation times kernel": lambda d: torch_sizes(
        d, kernelSize=d["question"]["layer"]["kernelSize"] * d["question"]["layer"]["dilation"], dilation=1
    ),
    "no stride": lambda d: torch_sizes(d, stride=1),
    "only stride": lambda d: [
        d["question"][side] // d["question"]["layer"]["stride"] for side in ("height", "width")
    ],
    "size kept": lambda d: [d["question"]["height"], d["question"]["width"]],
    "swapped": lambda d: torch_sizes(d)[::-1],
}
CHANNEL_SLIPS = {
    "channels merged": lambda d: 1,
    "in for out": lambda d: d["question"]["layer"]["inChannels"],
    "one group": lambda d: conv_weight(d).shape[0] // d["question"]["layer"]["groups"],
    "channels times": lambda d: d["question"]["layer"]["inChannels"] * d["question"]["layer"]["outChannels"],
}
PARAMETER_SLIPS = {
    "window counted": lambda d: d["question"]["layer"]["kernelSize"] ** 2,
    "window times channels": lambda d: d["question"]["layer"]["kernelSize"] ** 2
    * d["question"]["layer"]["inChannels"],
    "no bias": lambda d: torch_parameters(d, bias=False),
    "bias added": lambda d: torch_parameters(d, bias=True),
    "groups ignored": lambda d: torch_parameters(d, groups=1),
    "one bias": lambda d: torch_parameters(d, bias=False) + 1,
    "bias per input": lambda d: torch_parameters(d, bias=False) + d["question"]["layer"]["inChannels"],
    "in channels forgotten": lambda d: torch_parameters(d, inChannels=1, groups=1),
    "one filter": lambda d: torch_parameters(d, outChannels=d["question"]["layer"]["groups"])
    // d["question"]["layer"]["groups"],
    "kernel not squared": lambda d: conv_weight(d)[..., 0].numel()
    + torch_parameters(d) - torch_parameters(d, bias=False),
    "counted at every place": lambda d: conv_weight(d).numel() * math.prod(torch_sizes(d))
    + torch_parameters(d) - torch_parameters(d, bias=False),
}  # fmt: skip
MAC_SLIPS = {
    "parameters counted": torch_parameters,
    "weights counted": lambda d: torch_parameters(d, bias=False),
    "groups ignored": lambda d: torch_macs(d, groups=1),
    "input places": lambda d: conv_weight(d).numel() * d["question"]["height"] * d["question"]["width"],
    "biases counted": lambda d: (
        torch_macs(d) + d["question"]["layer"]["outChannels"] * math.prod(torch_sizes(d))
    ),
    "in channels forgotten": lambda d: torch_macs(d, inChannels=1, groups=1),
    "one filter": lambda d: torch_macs(d) // d["question"]["layer"]["outChannels"],
    "doubled": lambda d: 2 * torch_macs(d),
}


def true_slips(drill):
    """For each field the slips and what torch makes of them."""
    ask = drill["question"]["ask"]
    if ask == SHAPE:
        sizes = {name: oracle(drill) for name, oracle in SIZE_SLIPS.items()}
        is_pool = drill["question"]["layer"]["kind"] == "MaxPool2d"
        channels = {n: o(drill) for n, o in CHANNEL_SLIPS.items() if (n == "channels merged") == is_pool}
        return [channels, *({name: pair[axis] for name, pair in sizes.items()} for axis in (0, 1))]
    return [PARAMETER_SLIPS if ask == PARAMETERS else MAC_SLIPS]


# what a reader sees


def status(page):
    return page.get_by_role("status").inner_text()


def fill(page, *texts):
    for box, text in zip(page.get_by_role("textbox").all(), texts, strict=True):
        box.fill(str(text))


def check(page, *texts):
    fill(page, *texts)
    page.get_by_role("button", name="Check").click()


def press(page, name):
    page.get_by_role("button", name=name).click()


def trait(page, name):
    return page.evaluate(f"model.get('{name}')")


def pose(page, drill):
    page.evaluate(
        "state => Object.entries(state).forEach(([name, value]) => model.set(name, value))",
        {"seed": drill["seed"], "topic": drill["topic"], "question": drill["number"]},
    )


def wrong_for(drill):
    """A wrong answer that no slip gives."""
    return [987654 + field for field in range(len(drill["answer"]))]


@pytest.fixture
def some(drills):
    """One question of each kind: a size with a dropped row, a pooling, grouped parameters, MACs."""

    def first(**wanted):
        def fits(drill):
            found = drill["question"] | drill["question"]["layer"]
            return all(
                test(found[name]) if callable(test) else found[name] == test for name, test in wanted.items()
            )

        return next(drill for drill in drills if fits(drill))

    return first


# questions and answers


def test_answers_equal_torch_on_the_code_that_is_shown(drills):
    """The layer as the page writes it, run by torch, gives the answer that the page holds for right."""
    assert len(drills) == len(STATES) >= 2000
    for drill in drills:
        question = drill["question"]
        with torch.device("meta"):
            module = eval(drill["code"], {"nn": torch.nn})
            image = torch.empty(1, question["layer"]["inChannels"], question["height"], question["width"])
        if question["ask"] == SHAPE:
            truth = list(module(image).shape[1:])
        elif question["ask"] == PARAMETERS:
            truth = [sum(p.numel() for p in module.parameters())]
        else:
            truth = [torch_macs(drill)]
        assert drill["answer"] == truth, drill
        assert repr(module) == repr(torch_layer(question["layer"])), drill


def test_questions_cover_what_the_chapter_teaches(drills):
    layers = [drill["question"]["layer"] for drill in drills]
    convolutions = [layer for layer in layers if layer["kind"] == "Conv2d"]
    assert {drill["question"]["ask"] for drill in drills} == {SHAPE, PARAMETERS, MACS}
    assert {layer["stride"] for layer in convolutions} == {1, 2, 3}
    assert {layer["dilation"] for layer in convolutions} == {1, 2, 3}
    assert {layer["kernelSize"] for layer in convolutions} == {1, 2, 3, 5, 7}
    assert {layer["bias"] for layer in convolutions} == {True, False}
    assert any(1 < layer["groups"] < layer["inChannels"] for layer in convolutions)
    assert any(1 < layer["groups"] == layer["inChannels"] for layer in convolutions)
    assert len(layers) > len(convolutions)
    assert any(drill["question"]["height"] != drill["question"]["width"] for drill in drills)


def test_questions_grow_harder(run_js):
    states = [[seed, "everything", number] for seed in range(100) for number in range(12)]
    for drill in run_js(MODULE, PREPARE, states):
        question, layer, number = drill["question"], drill["question"]["layer"], drill["number"]
        if number < 2:
            assert layer["stride"] == layer["dilation"] == layer["groups"] == 1
            assert question["height"] == question["width"]
        if number < 4:
            assert (layer["kind"], layer["dilation"]) == ("Conv2d", 1)
        if number < 6:
            assert (question["ask"], layer["groups"], layer["bias"]) == (SHAPE, 1, layer["kind"] == "Conv2d")


@pytest.mark.parametrize("topic", TOPICS[1:])
def test_a_topic_asks_for_itself_alone(run_js, topic):
    drills = run_js(MODULE, PREPARE, [[seed, topic, number] for seed in range(20) for number in range(10)])
    assert {drill["question"]["ask"] for drill in drills} == {topic}


def test_questions_follow_from_the_seed(run_js):
    states = [[seed, "everything", number] for seed in (0, 1, 2**32 - 1) for number in range(20)]
    drills = run_js(MODULE, PREPARE, states)
    assert drills == run_js(MODULE, PREPARE, states)
    questions = [json.dumps(drill["question"], sort_keys=True) for drill in drills]
    assert len(set(questions)) > 0.95 * len(questions)


# diagnoses


def test_slips_equal_what_torch_makes_of_them(drills):
    for drill in drills:
        for slips, truth in zip(drill["slips"], true_slips(drill), strict=True):
            for slip in slips:
                expected = truth[slip["name"]]
                assert slip["value"] == (expected(drill) if callable(expected) else expected), (slip, drill)


def test_no_slip_gives_the_right_answer(drills):
    for drill in drills:
        for slips, right in zip(drill["slips"], drill["answer"], strict=True):
            assert all(slip["value"] != right for slip in slips)


def first_of_each_slip(drills):
    """For every slip a question that it is the first to explain: (drill, field, slip)."""
    found = {}
    for drill in drills:
        for field, slips in enumerate(drill["slips"]):
            seen = set()
            for slip in slips:
                if slip["value"] not in seen:
                    found.setdefault((drill["question"]["ask"], slip["name"]), (drill, field, slip))
                seen.add(slip["value"])
    return found


def test_every_slip_is_told_to_the_reader(mount, drills):
    slips = first_of_each_slip(drills)
    named = [(SHAPE, CHANNEL_SLIPS | SIZE_SLIPS), (PARAMETERS, PARAMETER_SLIPS), (MACS, MAC_SLIPS)]
    assert set(slips) == {(ask, name) for ask, names in named for name in names}
    page = mount(ShapeDrill())
    for (ask, _), (drill, field, slip) in slips.items():
        pose(page, drill)
        answer = [*drill["answer"]]
        answer[field] = slip["value"]
        check(page, *answer)
        name = f"{FIELDS[ask][field]} " if ask == SHAPE else ""
        expected = f"{name}{slip['value']:,}: as if {slip['text']}."
        assert status(page) == f"Not so. {expected[0].upper()}{expected[1:]}"


def test_the_same_slip_on_both_sides_is_told_once(mount, some):
    drill = some(ask=SHAPE, padding=2, stride=1, dilation=1, kernelSize=5)
    height, width = drill["question"]["height"], drill["question"]["width"]
    page = mount(ShapeDrill())
    pose(page, drill)
    check(page, drill["answer"][0], height - 4, width - 4)
    assert status(page) == (
        f"Not so. Height {height - 4}, width {width - 4}: "
        "as if there were no padding; padding=2 adds 2 at both ends."
    )
    check(page, 4321, height - 4, width)
    assert status(page).endswith("at both ends. Also wrong: channels.")


@pytest.mark.parametrize("ask", [SHAPE, PARAMETERS])
def test_an_unexplained_answer_is_still_called_wrong(mount, some, ask):
    drill = some(ask=ask)
    page = mount(ShapeDrill())
    pose(page, drill)
    check(page, *wrong_for(drill))
    names = ". Wrong: channels, height, width" if ask == SHAPE else ""
    assert status(page) == f"Not so{names}. The steps below lead there."


# the working


def test_the_working_computes(drills):
    """Every chain of equal signs is evaluated: all its sides are equal, and the last is the answer."""
    for drill in drills:
        answers = []
        for title, text in drill["steps"]:
            chain = re.sub(
                r"weights|products|: the last .*|: a filter.*|Biases.*|(one for|pooling) .*: |\.$", "", text
            )
            sides = [evaluate(side) for side in chain.split("=") if not re.search("[a-z]", side)]
            assert len(set(sides)) <= 1, (title, text)
            answers += sides[-1:]
        if drill["question"]["ask"] == SHAPE:
            assert dict(drill["steps"]).keys() == {"channels", "kernel span", "height", "width"}
            assert drill["answer"] == [*answers[:1], *answers[2:]]
        else:
            assert answers[-1:] == drill["answer"], drill["steps"]


def evaluate(text):
    python = re.sub("⌊(.*?)⌋", r"math.floor(\1)", text.strip(" .").replace("·", "*").replace("−", "-"))
    python = python.replace("²", "**2").replace(",", "")
    return eval(python, {"math": math})


def test_the_working_says_what_the_floor_drops(drills):
    for drill in drills:
        if drill["question"]["ask"] == PARAMETERS:
            continue
        layer = drill["question"]["layer"]
        for side, line in (("height", "row"), ("width", "column")):
            reach = (torch_sizes(drill)[side == "width"] - 1) * layer["stride"] + span(layer)
            dropped = drill["question"][side] + 2 * layer["padding"] - reach
            text = dict(drill["steps"])[side]
            padded = "padded " if layer["padding"] else ""
            if dropped == 0:
                assert "no window" not in text
            elif dropped == 1:
                assert f": the last {padded}{line} is in no window." in text
            else:
                assert f": the last {dropped} {padded}{line}s are in no window." in text


def test_the_steps_are_empty_until_the_answer_is_checked(mount, some):
    drill = some(ask=SHAPE, stride=2)
    page = mount(ShapeDrill())
    pose(page, drill)
    assert set(page.locator("dd").all_inner_texts()) == {"…"}
    assert "(?, ?, ?)" in page.locator(".shapes").inner_text()
    check(page, *wrong_for(drill))
    shown = list(zip(page.locator("dt").all_inner_texts(), page.locator("dd").all_inner_texts(), strict=True))
    assert [list(step) for step in shown] == drill["steps"]
    assert f"({', '.join(map(str, drill['answer']))})" in page.locator(".shapes").inner_text()


# the picture


def test_the_picture_has_a_square_for_each_cell(mount, drills):
    def drops_on_both_sides(drill):
        layer = drill["question"]["layer"]
        dropped = all("no window" in dict(drill["steps"]).get(side, "") for side in ("height", "width"))
        return dropped and layer["padding"] and layer["dilation"] > 1

    drill = next(filter(drops_on_both_sides, drills))
    layer = drill["question"]["layer"]
    page = mount(ShapeDrill())
    pose(page, drill)
    assert page.locator("rect.output").count() == 0
    press(page, "Show me")
    for side, size in zip(("height", "width"), torch_sizes(drill), strict=True):
        strip = page.locator(".strip", has_text=side)
        assert strip.locator("rect.input").count() == drill["question"][side]
        assert strip.locator("rect.padding").count() == 2 * layer["padding"]
        assert strip.locator("rect.output").count() == size
        reach = (size - 1) * layer["stride"] + span(layer)
        assert strip.locator(".dropped").count() == drill["question"][side] + 2 * layer["padding"] - reach
        assert f"→ {size}" in strip.inner_text()


def test_the_picture_shows_the_weights_of_one_filter(mount, some):
    drill = some(ask=PARAMETERS, groups=lambda groups: groups == 2, kernelSize=3)
    weight = conv_weight(drill)
    page = mount(ShapeDrill())
    pose(page, drill)
    assert page.locator("rect.kernel").count() == 0
    press(page, "Show me")
    assert page.locator("rect.kernel").count() == weight[0].numel()
    assert page.locator("rect.input:not(.faint)").count() == weight.shape[1]
    assert page.locator("rect.output").count() == weight.shape[0]


# what a reader can do


def test_a_right_answer(mount, some):
    drill = some(ask=SHAPE)
    page = mount(ShapeDrill(seed=drill["seed"], topic=drill["topic"], question=drill["number"]))
    assert status(page) == "Type your answer, then Check."
    check(page, *drill["answer"])
    assert status(page) == f"Right: ({', '.join(map(str, drill['answer']))})."
    assert trait(page, "answer") == drill["answer"]
    assert (trait(page, "right"), trait(page, "answered"), trait(page, "streak")) == (1, 1, 1)
    assert page.locator("input.right").count() == 3


def test_a_question_counts_once(mount, run_js):
    drills = run_js(MODULE, PREPARE, [[5, "everything", number] for number in range(4)])
    page = mount(ShapeDrill(seed=5))
    score = page.locator(".score")
    assert score.inner_text() == "question 1 · 0 of 0 right · streak 0"
    check(page, *drills[0]["answer"])
    check(page, *drills[0]["answer"])
    press(page, "Next")
    check(page, *drills[1]["answer"])
    assert score.inner_text() == "question 2 · 2 of 2 right · streak 2"
    press(page, "Next")
    check(page, *wrong_for(drills[2]))
    assert score.inner_text() == "question 3 · 2 of 3 right · streak 0"
    check(page, *drills[2]["answer"])
    assert status(page).startswith("Right:")
    assert score.inner_text() == "question 3 · 2 of 3 right · streak 0"
    press(page, "Next")
    press(page, "Show me")
    check(page, *drills[3]["answer"])
    assert score.inner_text() == "question 4 · 2 of 4 right · streak 0"


def test_show_me(mount, some):
    drill = some(ask=MACS)
    page = mount(ShapeDrill())
    pose(page, drill)
    press(page, "Show me")
    assert status(page) == f"The answer: {drill['answer'][0]:,} multiply-accumulates."
    assert trait(page, "shown") is True
    assert page.locator("dd").last.inner_text() == drill["steps"][-1][1]


REFUSED = ["abc", "2.5", "-3", "1e3", "12,16", "٣", "9" * 16, "3 channels and a rather long story"]


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_no_whole_number_is_refused_and_kept(mount, text):
    page = mount(ShapeDrill(seed=3))
    check(page, 4, text, 4)
    assert re.match(r"“.{1,21}” is not a whole number of 0 or more\. ", status(page))
    if text == "2.5":
        assert status(page).endswith("A size is whole: PyTorch rounds the division down.")
    box = page.get_by_role("textbox", name="height")
    assert box.input_value() == text
    assert box.get_attribute("aria-invalid") == "true"
    assert box.evaluate("box => box === document.activeElement")
    assert page.get_by_role("textbox", name="width").get_attribute("aria-invalid") == "false"
    assert (trait(page, "answer"), trait(page, "answered")) == ([], 0)
    fill(page, 4, 5, 4)
    press(page, "Check")
    assert status(page).startswith(("Not so", "Right"))
    assert page.locator("[aria-invalid=true]").count() == 0


def test_an_empty_field_is_named(mount):
    page = mount(ShapeDrill())
    check(page, 4, 4, " ")
    assert status(page) == "Nothing is typed for width yet."
    assert trait(page, "answered") == 0


def test_whole_numbers_may_have_separators(run_js):
    typed = {"1216": 1216, " 1,216 ": 1216, "86 704 128": 86704128, "1_216": 1216, "0": 0, "1 216": 1216}
    assert run_js(MODULE, "texts => texts.map(parseWhole)", list(typed)) == list(typed.values())
    assert run_js(MODULE, "texts => texts.map(parseWhole)", [*REFUSED, "", "12 16", ",123"]) == [None] * 11


def test_by_keyboard(mount, run_js):
    drills = run_js(MODULE, PREPARE, [[9, "everything", number] for number in range(2)])
    page = mount(ShapeDrill(seed=9))
    page.get_by_role("textbox", name="channels").focus()
    page.keyboard.type(str(drills[0]["answer"][0]))
    page.keyboard.press("Tab")
    page.keyboard.type(str(drills[0]["answer"][1]))
    page.keyboard.press("Tab")
    page.keyboard.type(str(drills[0]["answer"][2]))
    page.keyboard.press("Enter")
    assert status(page).startswith("Right: (")
    for name in ("Check", "Show me", "Next"):
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == name
    page.keyboard.press("Enter")
    assert trait(page, "question") == 1
    page.keyboard.type(str(drills[1]["answer"][0]))
    assert page.get_by_role("textbox", name="channels").input_value() == str(drills[1]["answer"][0])
    page.get_by_role("button", name="Show me").press("Enter")
    assert status(page).startswith("The answer: (")
    page.get_by_role("combobox", name="topic").focus()
    page.keyboard.press("p")
    assert trait(page, "topic") == PARAMETERS
    page.get_by_role("button", name="Reset").press("Enter")
    assert (trait(page, "question"), trait(page, "topic")) == (0, "everything")


def test_reset_returns_to_what_python_made(mount):
    page = mount(ShapeDrill(seed=4, question=2))
    before = page.locator("code").inner_text()
    press(page, "Show me")
    press(page, "Next")
    fill(page, 1, 2, "x")
    press(page, "Check")
    press(page, "Reset")
    assert page.locator("code").inner_text() == before
    assert status(page) == "Type your answer, then Check."
    assert page.locator(".score").inner_text() == "question 3 · 0 of 0 right · streak 0"


def test_reset_clears_what_was_typed_on_the_first_question(mount):
    page = mount(ShapeDrill())
    check(page, 1, "x", 3)
    press(page, "Reset")
    assert [box.input_value() for box in page.get_by_role("textbox").all()] == ["", "", ""]
    assert status(page) == "Type your answer, then Check."


def test_next_poses_another_question_and_is_ready_to_type(mount):
    page = mount(ShapeDrill())
    before = page.locator(".layer").inner_text()
    check(page, 1, 2, 3)
    press(page, "Next")
    assert page.locator(".layer").inner_text() != before
    assert [box.input_value() for box in page.get_by_role("textbox").all()] == ["", "", ""]
    assert (trait(page, "answer"), status(page)) == ([], "Type your answer, then Check.")
    assert page.get_by_role("textbox", name="channels").evaluate("box => box === document.activeElement")


def test_a_finger_on_next_brings_up_no_keyboard(mount):
    page = mount(ShapeDrill(), width=360, has_touch=True)
    page.get_by_role("button", name="Next").tap()
    assert trait(page, "question") == 1
    assert page.evaluate("document.activeElement.tagName") != "INPUT"


def test_choosing_a_topic_poses_its_question(mount, run_js):
    [drill] = run_js(MODULE, PREPARE, [[0, PARAMETERS, 0]])
    page = mount(ShapeDrill())
    press(page, "Show me")
    page.get_by_role("combobox", name="topic").select_option(PARAMETERS)
    assert page.locator("code").inner_text() == drill["code"]
    assert status(page) == "Type your answer, then Check."
    check(page, drill["answer"][0])
    assert status(page) == f"Right: {drill['answer'][0]:,} parameters."


def test_a_seed_from_outside_poses_an_open_question(mount, run_js):
    [drill] = run_js(MODULE, PREPARE, [[12, "everything", 0]])
    page = mount(ShapeDrill())
    check(page, 1, 2, 3)
    page.evaluate("model.set('seed', 12)")
    assert page.locator("code").inner_text() == drill["code"]
    assert (trait(page, "answer"), status(page)) == ([], "Type your answer, then Check.")


def test_an_answer_from_python_is_judged(mount, run_js):
    [drill] = run_js(MODULE, PREPARE, [[8, "everything", 1]])
    page = mount(ShapeDrill(seed=8, question=1, answer=drill["answer"], right=3, answered=4, streak=2))
    assert status(page).startswith("Right: (")
    assert [box.input_value() for box in page.get_by_role("textbox").all()] == [
        str(n) for n in drill["answer"]
    ]
    assert page.locator(".score").inner_text() == "question 2 · 3 of 4 right · streak 2"


# layout


@pytest.mark.parametrize("width", [300, 420, 500, 640, 688, 760])
def test_height_stays_and_nothing_scrolls_sideways(mount, drills, width):
    states = []
    for drill in drills[::9]:
        wrong = wrong_for(drill)
        answers = [[], wrong]
        for field, slips in enumerate(drill["slips"]):
            if slips:
                longest = max(slips, key=lambda slip: len(slip["text"]))["value"]
                answers.append([*wrong[:field], longest, *wrong[field + 1 :]])
        states += [[drill["seed"], drill["topic"], drill["number"], answer] for answer in answers]
    page = mount(ShapeDrill(), width=width + 32)
    heights, widths, inside = page.evaluate(
        """async states => {
          const [root, stage] = [document.querySelector(".cnnbook"), document.querySelector(".stage")];
          const [heights, widths] = [new Set(), new Set()];
          let inside = true;
          for (const [seed, topic, question, answer] of states) {
            for (const [name, value] of Object.entries({ seed, topic, question })) model.set(name, value);
            await Promise.resolve();
            model.set("answer", answer);
            await Promise.resolve();
            heights.add(root.offsetHeight);
            widths.add(document.documentElement.scrollWidth);
            inside &&= stage.scrollHeight <= stage.clientHeight;
          }
          return [[...heights], [...widths], inside];
        }""",
        states,
    )
    assert len(states) > 500
    assert len(heights) == 1
    assert widths == [width + 32]
    assert inside


def test_phone_targets_are_large_enough(mount):
    page = mount(ShapeDrill(), width=332)
    for target in page.locator(".cnnbook :is(input, button, select)").all():
        box = target.bounding_box()
        assert min(box["width"], box["height"]) >= 24


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_accessible(mount, axe, some, theme):
    page = mount(ShapeDrill(), theme=theme)
    assert axe(page) == []
    for drill in (some(ask=SHAPE, kind="MaxPool2d"), some(ask=PARAMETERS), some(ask=MACS)):
        pose(page, drill)
        check(page, *wrong_for(drill))
        assert axe(page) == []
        check(page, *["x"] * len(drill["answer"]))
        assert axe(page) == []


# Python


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("seed", -1), ("seed", 2**32), ("seed", 1.5), ("topic", "poetry"), ("question", -1),
        ("answer", [1.5]), ("answer", [-1]), ("answer", [1, 2, 3, 4]), ("answer", "12"),
        ("shown", "yes"), ("right", -1), ("answered", None), ("streak", "3"),
    ],
)  # fmt: skip
def test_python_refuses_bad_values(name, value):
    with pytest.raises(TraitError, match=name):
        ShapeDrill(**{name: value})


def test_python_refuses_an_unknown_keyword():
    with pytest.raises(TypeError, match="difficulty"):
        ShapeDrill(difficulty=3)
