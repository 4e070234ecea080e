"""Plain tables for the terminal."""


def print_table(title: str, rows: list[dict]) -> None:
    """Print rows of one shape, a column for each key.

    >>> print_table("Speed", [{"what": "loops", "seconds": 2.0}, {"what": "matrix", "seconds": 0.125}])
    <BLANKLINE>
    Speed
    what    seconds
    loops         2
    matrix    0.125
    """
    texts = [
        [f"{value:.3g}" if isinstance(value, float) else f"{value}" for value in row.values()] for row in rows
    ]
    texts.insert(0, list(rows[0]))
    widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
    print(f"\n{title}")
    for line in texts:
        first, *others = (
            text.ljust(width) if at == 0 else text.rjust(width)
            for at, (text, width) in enumerate(zip(line, widths, strict=True))
        )
        print("   ".join([first, *others]).rstrip())
