"""The book to take away: one PDF, one EPUB, a zip of the site, a zip of the notebooks. ``make downloads`` makes all four."""
