"""Find a Chromium for the browser tests, or get one: a found one, else apt's when root, else Playwright's own."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

# Debian's headless shell is the same engine without a window's trimmings, and opens a page in less than half the time.
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

CHROMIUM_FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip


def installed() -> str | None:
    """Path of a Chromium on this machine, the system's before Playwright's; None where there is none."""
    system = next(filter(None, map(shutil.which, NAMES)), None)
    if system:
        return system
    with sync_playwright() as playwright:
        own = playwright.chromium.executable_path
    return own if Path(own).exists() else None


def get() -> str:
    """Path of a Chromium, installed now if need be; SystemExit with what to install where that fails."""
    ways = [[sys.executable, "-m", "playwright", "install", "chromium"]]
    if shutil.which("apt-get") and os.geteuid() == 0:
        apt = "apt-get install --yes --no-install-recommends"
        ways.insert(
            0, ["sh", "-c", f"apt-get update && {{ {apt} chromium-headless-shell || {apt} chromium; }}"]
        )
    while not (found := installed()) and ways:
        subprocess.run(ways.pop(0), check=False)
    return found or sys.exit(
        "The browser tests need Chromium and could not install it. On Debian or Ubuntu: sudo apt-get install chromium. "
        "Elsewhere: .venv/bin/playwright install --with-deps chromium"
    )


if __name__ == "__main__":
    print("Browser tests use", get())
