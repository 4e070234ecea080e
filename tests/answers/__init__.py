"""For each checker of the book a right answer and some wrong ones, worked out apart from it: a file for each chapter."""

from importlib import import_module
from pkgutil import iter_modules

ANSWERS = {
    name: answers
    for chapter in iter_modules(__path__)
    for name, answers in import_module(f"answers.{chapter.name}").ANSWERS.items()
}
