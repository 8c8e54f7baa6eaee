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
    page.evaluate(
        """([name, bytes]) => {
            const data = new DataTransfer();
            data.items.add(new File([new Uint8Array(bytes)], name));
            window.dispatchEvent(new DragEvent("drop", { dataTransfer: data, cancelable: true }));
        }""",
        [name, list(content)],
    )
