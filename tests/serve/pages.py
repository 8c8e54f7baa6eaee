"""What tests do on the page."""

from conftest import SENTENCES
from playwright.sync_api import expect

TEXT = "\n".join(text for text, _ in SENTENCES)


def type_text(page, text):
    page.locator("#text").fill(text)
    expect(page.locator("#result")).to_have_attribute("aria-busy", "false")


def marks(page):
    """The entities that are shown, without their labels."""
    return page.locator("#result mark").evaluate_all("all => all.map((each) => each.firstChild.textContent)")


def drop(page, name, content):
    """As a person lets go of a file over the page."""
    drop_all(page, {name: content})


def drop_all(page, files):
    """The same with several files, content by name."""
    page.evaluate(
        """(files) => {
            const data = new DataTransfer();
            for (const [name, bytes] of files) data.items.add(new File([new Uint8Array(bytes)], name));
            window.dispatchEvent(new DragEvent("drop", { dataTransfer: data, cancelable: true }));
        }""",
        [[name, list(content)] for name, content in files.items()],
    )
