"""One check that boxes, masks, scenes, networks and trainings share."""


def check_count(name, value, least=1):
    """Refuse what is no whole number, or too small a one, before any work.

    >>> check_count("epochs", 0)
    Traceback (most recent call last):
    ValueError: epochs is 0; expected a whole number of at least 1
    """
    if type(value) is not int or value < least:
        raise ValueError(f"{name} is {value!r}; expected a whole number of at least {least}")
