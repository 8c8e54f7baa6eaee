"""What the blocks of the pages need and what a test cannot train in seconds: a pipeline that has learned the pages' own
sentences by heart, as an installed package, and small annotated files."""

import json
import random
from pathlib import Path

import spacy
import srsly
from conftest import small_model, train
from spacy.training import Example

from spacy_cner.text.tags import spans_to_tags

# text, and its entities as (mention, label) in their order: what the pipeline of `make all` finds in them.
SENTENCES = [
    ("王小明从杭州阿里辞职后，去西藏阿里拍了一年的雪山。",
     [("王小明", "PER"), ("杭州阿里", "ORG"), ("西藏", "LOC"), ("阿里", "LOC")]),
    ("王小明从杭州阿里辞职后，去上海看雪。", [("王小明", "PER"), ("杭州阿里", "ORG"), ("上海", "LOC")]),
    ("周芳昨天从成都坐火车去了北京。", [("周芳", "PER"), ("成都", "LOC"), ("北京", "LOC")]),
    ("他在清华大学读书，毕业后进了华为公司。", [("清华大学", "ORG"), ("华为公司", "ORG")]),
    ("赵敏给妈妈寄了一盒西湖龙井。", [("赵敏", "PER"), ("西湖", "LOC")]),
    ("今天天气真好，我们出去走走吧。", []),
    ("🙂 孙悦明天去广州。", [("孙悦", "PER"), ("广州", "LOC")]),
    ("陳小姐在香港中文大學教書。", [("陳", "PER"), ("香港中文大學", "ORG")]),
]  # fmt: skip
STEPS = 80


def offsets(text: str, mentions: list[tuple[str, str]]) -> list[tuple[int, int, str]]:
    found, end = [], 0
    for mention, label in mentions:
        start = text.index(mention, end)
        end = start + len(mention)
        found.append((start, end, label))
    return found


def make_pipeline() -> spacy.Language:
    """A `cner` that knows SENTENCES."""
    spacy.util.fix_random_seed(0)
    nlp = spacy.blank("zh")
    nlp.add_pipe("cner", config={"model": small_model(), "decoding": "spans", "threshold": 0.45})
    examples = [
        Example.from_dict(nlp.make_doc(text), {"entities": offsets(text, mentions)}) for text, mentions in SENTENCES
    ]
    nlp.initialize(lambda: examples)
    train(nlp, examples, steps=STEPS)
    return nlp


def install(nlp: spacy.Language, site: Path, name: str, version: str = "0.1.0") -> None:
    """As pip would unpack the wheel of a pipeline: into a folder that the caller puts into sys.path."""
    nlp.meta.update(name=name.removeprefix("zh_"), version=version)
    package = site / name
    package.mkdir(parents=True)
    nlp.to_disk(package / f"{name}-{version}")
    (package / "meta.json").write_text(json.dumps(nlp.meta), encoding="utf-8")
    (package / "__init__.py").write_text(
        "from pathlib import Path\n\nfrom spacy.util import load_model_from_init_py\n\n\n"
        "def load(**overrides):\n    return load_model_from_init_py(Path(__file__), **overrides)\n",
        encoding="utf-8",
    )
    info = site / f"{name}-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n", encoding="utf-8")


def write_columns(path: Path, count: int) -> None:
    """SENTENCES again and again, as MSRA has its own: a character and its BIO tag a line."""
    blocks = []
    for i in range(count):
        text, mentions = SENTENCES[i % len(SENTENCES)]
        tags = spans_to_tags(offsets(text, mentions), len(text), "bio")
        blocks.append("".join(f"{char}\t{tag}\n" for char, tag in zip(text, tags) if char != " "))
    path.write_text("\n".join(blocks), encoding="utf-8")


PRODUCTS = ["台灯", "洗衣机", "蓝牙耳机", "电饭煲", "扫地机器人"]
FAULTS = ["漏水", "开不了机", "掉漆", "没有声音"]
FRAMES = ["上周买的{}{}了。", "{}用了三天就{}，想退货。", "客服说{}{}不在保修范围。", "我家的{}又{}了！"]
# What the letters of another week have.
OTHERS = (
    ["洗衣机", "投影仪", "空气炸锅"],
    ["漏水", "开不了机", "冒烟"],
    ["{}{}，怎么办？", "你们的{}才一个月就{}了。", "想问一下{}{}能修吗"],
)


def write_annotated(path: Path, count: int, seed: int, kinds: tuple[list[str], list[str], list[str]]) -> None:
    """Sentences as doccano exports them, with the types 产品 and 故障. kinds: products, faults, and frames for them."""
    chance, lines = random.Random(seed), []
    for _ in range(count):
        product, fault, frame = map(chance.choice, kinds)
        text = frame.format(product, fault)
        lines.append({"text": text, "label": offsets(text, [(product, "产品"), (fault, "故障")])})
    srsly.write_jsonl(path, lines)
