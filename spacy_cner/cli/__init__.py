"""The command line: `python -m spacy_cner COMMAND`, and the same commands as `python -m spacy cner COMMAND`."""

from . import (  # noqa: F401  (each registers its command)
    annotate,
    audit,
    average,
    calibrate,
    classes,
    compare,
    compile,
    convert,
    curve,
    dictionary,
    entities,
    evaluate,
    explain,
    export_encoder,
    export_recogniser,
    init,
    jieba_tagger,
    mine_rules,
    package,
    prepare,
    pretrain,
    pretrain_tokens,
    pretrain_transformer,
    pseudo,
    report,
    segment,
    serve,
    split,
    stats,
    teach,
    vectors,
    words,
)
from ._app import app

__all__ = ["app"]
