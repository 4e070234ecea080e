"""Picture files as a reader may bring them, in memory; Pillow writes them."""

import io


def written(picture, format="PNG", **options):
    file = io.BytesIO()
    picture.save(file, format, **options)
    return file.getvalue()
