"""Folders in Pascal VOC's format: torchvision reads the same; what does not fit together is named."""

import numpy as np
import pytest
import torch
from picture_file import written
from PIL import Image
from torchvision.datasets import VOCDetection
from torchvision.ops import masks_to_boxes

from cnnbook import data

HEIGHT, WIDTH = 24, 36
NOISE = np.random.default_rng(0).integers(256, size=(HEIGHT, WIDTH, 3), dtype=np.uint8)


def an_object(name="cat", edges=(5, 3, 12, 20), extra=""):
    xmin, ymin, xmax, ymax = edges
    box = f"<xmin>{xmin}</xmin><ymin>{ymin}</ymin><xmax>{xmax}</xmax><ymax>{ymax}</ymax>"
    return f"<object><name>{name}</name>{extra}<bndbox>{box}</bndbox></object>"


def annotation(*objects, width=WIDTH, height=HEIGHT):
    size = f"<size><width>{width}</width><height>{height}</height><depth>3</depth></size>"
    return f"<annotation>{size}{''.join(objects)}</annotation>"


def palette_png(mask):
    picture = Image.fromarray(np.asarray(mask, np.uint8), mode="P")
    picture.putpalette(np.random.default_rng(1).integers(256, size=768, dtype=np.uint8).tobytes())
    return written(picture)


def write(folder, files):
    for name, content in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content if isinstance(content, bytes) else content.encode())


def one_picture(pixels=NOISE, *objects):
    height, width = pixels.shape[:2]
    return {
        "JPEGImages/a.png": written(Image.fromarray(pixels)),
        "Annotations/a.xml": annotation(*objects, width=width, height=height),
    }


@pytest.fixture
def read(tmp_path):
    """Writes files into a folder and reads it."""

    def read(files, **arguments):
        write(tmp_path, files)
        return data.voc_folder(tmp_path, **arguments)

    return read


def test_shop_windows_come_back_bit_for_bit_and_torchvision_reads_the_same(tmp_path):
    scenes = data.shop_windows(12, seed=2, split="test")
    folder = tmp_path / "VOCdevkit/VOC2012"
    names = [f"window {index:02}" for index in range(12)]
    for index, name in enumerate(names):
        objects = [
            an_object(scenes.classes[label], (x1 + 1, y1 + 1, x2, y2))
            for (x1, y1, x2, y2), label in zip(
                scenes.boxes[index].int().tolist(), scenes.labels[index], strict=True
            )
        ]
        write(
            folder,
            {
                f"JPEGImages/{name}.jpg": written(Image.fromarray(scenes.images[index, 0].numpy())),
                f"Annotations/{name}.xml": annotation(*objects, width=96, height=96),
                f"SegmentationClass/{name}.png": palette_png(scenes.masks[index]),
            },
        )
    write(folder, {"ImageSets/Main/train.txt": "\n".join(names)})
    for back in (
        data.voc_folder(folder, classes=scenes.classes),
        data.voc_folder(str(folder), classes=list(scenes.classes), split="train"),
    ):
        for ours, theirs in zip(back, scenes, strict=True):
            if isinstance(theirs, torch.Tensor):
                assert ours.dtype == theirs.dtype and torch.equal(ours, theirs)
            elif isinstance(theirs[0], torch.Tensor):
                assert all(
                    a.dtype == b.dtype and torch.equal(a, b) for a, b in zip(ours, theirs, strict=True)
                )
            else:
                assert ours == theirs

    for index, (picture, tree) in enumerate(VOCDetection(tmp_path, image_set="train")):
        assert np.array_equal(picture, scenes.images[index].expand(3, -1, -1).permute(1, 2, 0))
        for thing, (x1, y1, x2, y2), label in zip(
            tree["annotation"]["object"], scenes.boxes[index], scenes.labels[index], strict=True
        ):
            edges = [int(thing["bndbox"][edge]) for edge in ("xmin", "ymin", "xmax", "ymax")]
            assert edges == [x1 + 1, y1 + 1, x2, y2] and thing["name"] == scenes.classes[label]


def test_one_pixel_has_a_box_of_one_pixel(read):
    scenes = read(one_picture(NOISE, an_object(edges=(4, 2, 4, 2))), size=36)
    assert scenes.boxes[0].tolist() == [[3, 1 + 6, 4, 2 + 6]]  # six rows of bar above


@pytest.mark.parametrize("size", [12, 30, 72, 100])
@pytest.mark.parametrize("shape", [(24, 36), (36, 24), (60, 60), (61, 17), (5, 90)])
def test_boxes_and_masks_go_with_the_picture(read, shape, size):
    height, width = shape
    top, left, bottom, right = height // 5, width // 3, height - 1, width * 3 // 4
    pixels, mask = np.zeros((height, width, 3), np.uint8), np.zeros((height, width), np.uint8)
    pixels[top:bottom, left:right], mask[top:bottom, left:right] = 255, 3
    files = one_picture(pixels, an_object(edges=(left + 1, top + 1, right, bottom)))
    files["SegmentationClass/a.png"] = palette_png(mask)
    scenes = read(files, size=size, classes=("ape", "bee", "cat"))
    assert scenes.images.shape == (1, 1, size, size) and scenes.masks.shape == (1, size, size)
    assert not set(scenes.masks.unique().tolist()) - {0, 3}
    scale = size / max(shape)
    bars = np.array([size - width * scale, size - height * scale] * 2) / 2
    expected = bars + scale * np.array([left, top, right, bottom])
    assert np.abs(scenes.boxes[0].numpy() - expected).max() <= 1  # whole pixels of bar and of picture
    white = scenes.images[:, 0] > 200  # a bar is grey
    # A mask's pixel has the class at its centre; the picture's edges blur over one pixel of the coarser grid.
    for seen, tolerance in ((scenes.masks == 3, 0.51), (white, max(1, scale))):
        if seen.any():  # a narrow object may vanish
            tight = masks_to_boxes(seen) + torch.tensor([0, 0, 1, 1])
            assert (scenes.boxes[0] - tight).abs().max() <= tolerance
    assert (scenes.masks == 3).any() or scale < 0.5


def test_bars_are_grey_and_stand_on_both_sides(read):
    for pixels, long in ((np.zeros((10, 40, 3), np.uint8), 1), (np.zeros((40, 10, 3), np.uint8), 0)):
        image = read(one_picture(pixels, an_object(edges=(1, 1, 2, 2))), size=20).images[0, 0]
        line = image.select(long, 3)
        assert (
            line.tolist() == [128] * 7 + [0] * 5 + [128] * 8
            or line.tolist() == [128] * 8 + [0] * 5 + [128] * 7
        )


def test_a_picture_is_halved_to_the_mean_of_its_pixels_or_nearly(read):
    pixels = np.full((40, 40, 3), 60, np.uint8)
    pixels[:, ::2] = 100
    image = read(one_picture(pixels, an_object()), size=10).images
    assert (image.int() - 80).abs().max() <= 3  # every fourth column alone would be 60 or 100


def test_colours_or_grey(read):
    files = one_picture(NOISE, an_object())
    colours = read(files, channels=3, size=WIDTH).images
    bar = (WIDTH - HEIGHT) // 2
    assert colours.shape == (1, 3, WIDTH, WIDTH) and colours.is_contiguous()
    assert np.array_equal(colours[0, :, bar:-bar].permute(1, 2, 0), NOISE)
    assert (colours[0, :, :bar] == 128).all() and (colours[0, :, -bar:] == 128).all()
    grey = read(files, size=WIDTH).images[0, 0, bar:-bar]
    assert np.abs(grey.numpy() - NOISE @ [0.299, 0.587, 0.114]).max() <= 1


def test_labels_follow_sorted_names_which_are_the_same_for_every_split(read):
    files = {
        f"JPEGImages/{name}": written(Image.fromarray(NOISE), format)
        for name, format in (("one.JPG", "JPEG"), ("two.png", "PNG"), ("three.jpeg", "JPEG"))
    }
    files |= {
        "Annotations/one.xml": annotation(an_object("dog"), an_object("zebra")),
        "Annotations/two.xml": annotation(an_object("ape"), an_object("dog")),
        "Annotations/three.xml": annotation(),
        # As a Windows editor writes it, with an empty last line.
        "ImageSets/Main/train.txt": "\N{BYTE ORDER MARK}two\r\n one \r\n\r\n",
        "ImageSets/Main/val.txt": "one\n",
        "JPEGImages/Thumbs.db": b"no picture",
    }
    everything, train, val = read(files), read({}, split="train"), read({}, split="val")
    assert everything.classes == train.classes == val.classes == ("ape", "dog", "zebra")
    assert [labels.tolist() for labels in everything.labels] == [[1, 2], [], [0, 1]]  # one, three, two
    assert [labels.tolist() for labels in train.labels] == [[0, 1], [1, 2]]
    assert [labels.tolist() for labels in val.labels] == [[1, 2]]
    assert everything.boxes[1].shape == (0, 4) and everything.boxes[1].dtype == torch.float32
    assert everything.labels[1].dtype == torch.int64 and everything.masks is None
    turned = read({}, classes=("zebra", "dog", "cow", "ape"))
    assert [labels.tolist() for labels in turned.labels] == [[1, 0], [], [3, 1]]


def test_difficult_objects_and_parts_of_objects_are_left_out(read):
    part = "<part><name>head</name><bndbox><xmin>1</xmin><ymin>1</ymin><xmax>2</xmax><ymax>2</ymax></bndbox></part>"
    scenes = read(
        one_picture(
            NOISE,
            an_object("person", (3, 2, 20, 18), part),
            an_object("cow", (4, 4, 9, 9), "<difficult>1</difficult>"),
            an_object("cat", (30, 5, 36, 24), "<difficult>0</difficult>"),
        ),
        size=WIDTH,
    )
    assert scenes.classes == ("cat", "cow", "person")
    assert scenes.labels[0].tolist() == [2, 0]
    assert scenes.boxes[0].tolist() == [[2, 7, 20, 24], [29, 10, 36, 30]]


def test_edges_may_come_in_any_order_and_with_fractions(read):
    box = "<bndbox><ymax>9.5</ymax><xmax> 20 </xmax><xmin>3.25</xmin><ymin>2</ymin></bndbox>"
    files = one_picture(NOISE, f"<object>{box}<name> cat\n</name></object>")
    files["Annotations/a.xml"] = files["Annotations/a.xml"].replace("<depth>3</depth>", "")
    scenes = read(files, size=WIDTH)
    assert scenes.boxes[0].tolist() == [[2.25, 7, 20, 15.5]] and scenes.classes == ("cat",)


def test_a_file_that_does_not_say_the_size_of_its_picture_is_read(read):
    files = one_picture() | {"Annotations/a.xml": f"<annotation>{an_object()}</annotation>"}
    assert len(read(files).labels[0]) == 1


def test_masks_keep_what_counts_for_no_class(read):
    mask = np.random.default_rng(2).choice([0, 1, 2, 255], size=(HEIGHT, WIDTH))
    files = one_picture(NOISE, an_object("cat"), an_object("dog"))
    bar = (WIDTH - HEIGHT) // 2
    for content in (palette_png(mask), written(Image.fromarray(mask.astype(np.uint8)))):
        masks = read(files | {"SegmentationClass/a.png": content}, size=WIDTH).masks
        assert np.array_equal(masks[0, bar:-bar], mask)
        assert not masks[0, :bar].any() and not masks[0, -bar:].any()


def test_masks_of_some_of_the_pictures_are_no_masks(read):
    files = one_picture(NOISE, an_object())
    files |= {name.replace("a.", "b."): content for name, content in files.items()}
    files |= {"SegmentationClass/b.png": palette_png(np.ones((HEIGHT, WIDTH)))}
    files |= {"ImageSets/Main/masked.txt": "b"}
    assert read(files).masks is None
    assert read(files, split="masked").masks.shape == (1, 96, 96)


SECRET = "<!DOCTYPE annotation [<!ENTITY secret SYSTEM 'secret.txt'>]>"
GROWING = "<!DOCTYPE annotation [<!ENTITY a 'cat'><!ENTITY b '&a;&a;&a;'>]>"
PNG = written(Image.fromarray(NOISE))
REFUSED = {
    "no picture": ({"Annotations/b.xml": annotation()}, r"JPEGImages/b\.jpg is missing, and so is \.png"),
    "two pictures of a name": ({"JPEGImages/a.jpg": PNG}, r"JPEGImages/a\.png has the name of .*a\.jpg; expected one file"),
    "no annotation": ({"JPEGImages/b.jpg": PNG}, r"Annotations/b\.xml is missing; expected one"),
    "broken picture": ({"JPEGImages/a.png": PNG[:300]}, r"a\.png cannot be read; expected a whole picture"),
    "no picture in it": ({"JPEGImages/a.png": b"cat"}, r"a\.png is no picture"),
    "empty annotation": ({"Annotations/a.xml": ""}, r"a\.xml cannot be read as an annotation: no element"),
    "cut annotation": ({"Annotations/a.xml": annotation()[:-9]}, r"a\.xml cannot be read as an annotation"),
    "unknown encoding": ({"Annotations/a.xml": "<?xml version='1.0' encoding='cat'?>" + annotation()}, r"a\.xml cannot .* encoding"),
    "many bytes a letter": ({"Annotations/a.xml": "<?xml version='1.0' encoding='gb2312'?>" + annotation()}, r"a\.xml cannot .* encoding"),
    "a web page": ({"Annotations/a.xml": "<html></html>"}, r"a\.xml .* it holds <html>; expected <annotation>"),
    "file fetched": ({"Annotations/a.xml": SECRET + annotation(an_object("&secret;"))}, r"a\.xml .* declares a document type"),
    "growing": ({"Annotations/a.xml": GROWING + annotation(an_object("&b;"))}, r"a\.xml .* declares a document type"),
    "growing, UTF-16": ({"Annotations/a.xml": (GROWING + annotation(an_object("&b;"))).encode("utf-16")}, r"a\.xml .* declares a document type"),
    "undeclared entity": ({"Annotations/a.xml": annotation(an_object("&cat;"))}, r"a\.xml .* undefined entity"),
    "no name": ({"Annotations/a.xml": annotation(an_object(" "))}, r"a\.xml .* an object has no <name>"),
    "no box": ({"Annotations/a.xml": annotation("<object><name>cat</name></object>")}, r"a\.xml .* 'cat' has no <bndbox>"),
    "no edge": ({"Annotations/a.xml": annotation(an_object()).replace("ymax", "end")}, r"a\.xml .* <ymax> in <bndbox> is ''; expected a number"),
    "edge in words": ({"Annotations/a.xml": annotation(an_object(edges=(1, "two", 3, 4)))}, r"a\.xml .* <ymin> in <bndbox> is 'two'"),
    "edge without number": ({"Annotations/a.xml": annotation(an_object(edges=(1, 2, 3, "nan")))}, r"a\.xml has a box .* ymax nan; expected"),
    "size in words": ({"Annotations/a.xml": annotation(width="wide")}, r"a\.xml .* <width> in <size> is 'wide'"),
    "another size": ({"Annotations/a.xml": annotation(an_object(), width=HEIGHT, height=WIDTH)}, r"a\.xml says that its picture is 24 wide and 36 high; expected 36 and 24"),
    "counted from 0": ({"Annotations/a.xml": annotation(an_object(edges=(0, 2, 5, 6)))}, r"a\.xml has a box with xmin 0, .* 1 <= xmin <= xmax <= 36 .* from 1"),
    "too far right": ({"Annotations/a.xml": annotation(an_object(edges=(1, 2, 37, 6)))}, r"a\.xml has a box .* xmax 37"),
    "too high": ({"Annotations/a.xml": annotation(an_object(edges=(1, 0, 5, 6)))}, r"a\.xml has a box .* ymin 0"),
    "too low": ({"Annotations/a.xml": annotation(an_object(edges=(1, 2, 5, 25)))}, r"a\.xml has a box .* ymax 25"),
    "inside out, columns": ({"Annotations/a.xml": annotation(an_object(edges=(6, 2, 5, 6)))}, r"a\.xml has a box with xmin 6, ymin 2, xmax 5"),
    "inside out, rows": ({"Annotations/a.xml": annotation(an_object(edges=(1, 7, 5, 6)))}, r"a\.xml has a box .* ymin 7"),
    "no object anywhere": ({"Annotations/a.xml": annotation()}, r"classes is None, and no annotation has an object"),
    "mask in colours": ({"SegmentationClass/a.png": PNG}, r"SegmentationClass/a\.png has mode RGB; expected palette"),
    "mask turned": ({"SegmentationClass/a.png": palette_png(np.zeros((WIDTH, HEIGHT)))}, r"Class/a\.png is 24 wide and 36 high; expected 36 and 24"),
    "mask of another class": ({"SegmentationClass/a.png": palette_png(np.full((HEIGHT, WIDTH), 2))}, r"Class/a\.png holds the number 2; expected 0 to 1 for the ground and cat, or 255"),
    "broken mask": ({"SegmentationClass/a.png": palette_png(NOISE[:, :, 0])[:900]}, r"Class/a\.png cannot be read"),
}  # fmt: skip


@pytest.mark.parametrize("what", REFUSED)
def test_a_file_that_does_not_fit_is_named(read, tmp_path, what):
    files, message = REFUSED[what]
    (tmp_path / "secret.txt").write_text("cat")
    assert read(one_picture(NOISE, an_object())).classes == ("cat",)
    with pytest.raises(ValueError, match=message):
        read(files)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"size": 0}, "size is 0; expected a whole number of at least 1"),
        ({"size": 96.0}, "size is 96.0"),
        ({"channels": 4}, "channels is 4; expected 1 or 3"),
        ({"classes": "cat"}, "classes is 'cat'; expected a tuple of names"),
        ({"classes": {"cat", "dog"}}, "classes is {.*}; expected a tuple of names"),
        ({"classes": (1, 2)}, r"classes is \(1, 2\); expected a tuple of names"),
        ({"classes": ()}, r"classes is \(\); expected at least one name"),
        ({"classes": ("cat", "cat")}, "classes is .*; expected at least one name, and none twice"),
        ({"classes": ("dog", "cow")}, r"a\.xml has an object 'cat'; expected one of dog, cow"),
        ({"split": "test"}, r"split is 'test'; expected a list of names in .*ImageSets/Main/test\.txt"),
        ({"split": "empty"}, r"Main/empty\.txt is empty; expected a name a line"),
        ({"split": "other"}, r"JPEGImages/b\.jpg is missing"),
    ],
)
def test_an_argument_that_does_not_fit_is_named(read, arguments, message):
    files = one_picture(NOISE, an_object())
    with pytest.raises(ValueError, match=message):
        read(files | {"ImageSets/Main/empty.txt": "\n", "ImageSets/Main/other.txt": "a\nb"}, **arguments)


def test_a_folder_of_another_kind_is_named(tmp_path):
    for path in (tmp_path, tmp_path / "nowhere", None, 7):
        with pytest.raises(
            ValueError, match=r"path is .*; expected a folder that holds JPEGImages and Annot"
        ):
            data.voc_folder(path)
    for name in ("JPEGImages", "Annotations"):
        (tmp_path / name).mkdir()
    with pytest.raises(ValueError, match=r"path is .*; expected pictures and annotations in it, found none"):
        data.voc_folder(tmp_path)
