"""What the book is measured by, each beside what a reader would use instead: ``make bench``."""
