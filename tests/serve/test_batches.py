"""Which texts become a batch."""

import asyncio

import pytest

from spacy_cner.serve.batches import WINDOWS, MicroBatcher, RequestKind
from spacy_cner.serve.metrics import ServerMetrics
from spacy_cner.serve.results import Wanted
from spacy_cner.serve.settings import ServerSettings

PLAIN = RequestKind("m")


class Requests:
    """A queue with a worker, and requests that come in."""

    def __init__(self, **settings):
        self.batcher = MicroBatcher(ServerSettings(**settings), ServerMetrics())
        self.batcher.workers = 1
        self.asked = []

    async def ask(self, text, kind=PLAIN, pause=0.005):
        self.asked.append(asyncio.ensure_future(self.batcher.find(kind, [text], Wanted())))
        await asyncio.sleep(pause)

    async def end(self):
        for each in self.asked:
            each.cancel()
        await asyncio.gather(*self.asked, return_exceptions=True)
        assert self.batcher.waiting == 0 and not self.batcher.queues


def run(test):
    asyncio.run(asyncio.wait_for(test(), 60))


def test_texts_wait_while_others_come():
    async def test():
        requests = Requests(batch_window=50)
        found = asyncio.ensure_future(requests.batcher.next())
        for text in "abcdefghijklmnop":  # longer than a window, but no window without one
            await requests.ask(text)
        batch, taken = await found
        assert batch.texts == list("abcdefghijklmnop") and len(taken) == 16
        await requests.end()

    run(test)


def test_no_text_waits_for_ever():
    async def test():
        requests = Requests(batch_window=10)
        found = asyncio.ensure_future(requests.batcher.next())
        while not found.done():
            await requests.ask("a", pause=0.002)
        await requests.end()
        assert len(found.result()[0].texts) <= 5 * WINDOWS + 1

    run(test)


@pytest.mark.parametrize("window", [0, 50])
def test_a_batch_has_a_size(window):
    async def test():
        requests = Requests(batch_window=window, batch_characters=100)
        for text in ("甲" * 30, "乙" * 30, "丙" * 30):
            await requests.ask(text, pause=0)
        sizes = [len((await requests.batcher.next())[0].texts) for _ in range(2)]
        assert sizes == [2, 1]
        await requests.end()

    run(test)


def test_requests_with_names_of_their_own_are_no_batch():
    async def test():
        requests = Requests(batch_window=0)
        kinds = [PLAIN, RequestKind("m", never=("a",)), RequestKind("m", terms=(("a", "X", ""),)), PLAIN]
        for text, kind in zip("wxyz", kinds, strict=True):
            await requests.ask(text, kind)
        batches = [(await requests.batcher.next())[0] for _ in range(3)]
        assert [(each.texts, each.terms, each.never) for each in batches] == [
            (["w", "z"], (), ()),
            (["x"], (), ("a",)),
            (["y"], (("a", "X", ""),), ()),
        ]
        await requests.end()

    run(test)
