"""Package metadata, and the entry points by which spaCy finds every part without an import."""

from pathlib import Path

from setuptools import find_packages, setup

HERE = Path(__file__).parent
SOURCE = (HERE / "spacy_cner" / "__init__.py").read_text()
VERSION = next(line.split('"')[1] for line in SOURCE.splitlines() if "__version__" in line)

setup(
    name="spacy_cner",
    version=VERSION,
    description="Chinese named entity recognition for spaCy",
    long_description=(HERE / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="MIT",
    packages=find_packages(include=["spacy_cner", "spacy_cner.*"]),
    package_data={"spacy_cner": ["py.typed", "assets/characters/*.txt", "assets/lists/*.txt", "assets/rules/*.txt"]},
    python_requires=">=3.10,<3.13",
    install_requires=[
        "spacy>=3.8.11,<3.9",
        "thinc>=8.3.4,<8.4",
        "torch>=2.4",
        "numpy>=2.0",
        "filelock",
        "tqdm",
        "typer",
    ],
    extras_require={
        "transformers": ["spacy-transformers>=1.4.0,<1.5", "transformers<4.53.3"],
        "cuda12": ["cupy-cuda12x>=13.2"],
        "cuda13": ["cupy-cuda13x>=13.6"],
        "vectors": ["gensim>=4.4"],
        "words": ["jieba", "rjieba"],
        "pkuseg": ["spacy-pkuseg>=1.0"],
        "plots": ["matplotlib"],
        "peers": ["python-crfsuite"],
        "package": ["setuptools>=77", "wheel"],
        "test": [
            "pytest",
            "pytest-xdist",
            "hypothesis",
            "pytorch-crf",
            "jieba",
            "rjieba",
            "gensim>=4.4",
            "python-crfsuite",
            "matplotlib",
            "spacy-transformers>=1.4.0,<1.5",
            "transformers<4.53.3",
            "ruff",
            "mypy",
            "import-linter",
        ],
    },
    entry_points={
        "console_scripts": ["spacy-cner = spacy_cner.cli:app"],
        "spacy_cli": ["cner = spacy_cner.cli:app"],
        "spacy_factories": [
            "cner = spacy_cner.pipeline.cner:make_cner",
            "cner_features = spacy_cner.pipeline.cner_features:make_cner_features",
            "cner_rules = spacy_cner.pipeline.cner_rules:make_cner_rules",
            "word_entities = spacy_cner.pipeline.word_entities:make_word_entities",
            "jieba_words = spacy_cner.pipeline.jieba_words:make_jieba_words",
            "cws_features = spacy_cner.pipeline.cws_features:make_cws_features",
            "cws = spacy_cner.pipeline.cws:make_cws",
            "task_discriminator = spacy_cner.pipeline.task_discriminator:make_task_discriminator",
        ],
        "spacy_architectures": [
            "spacy_cner.CharNgramEmbed.v1 = spacy_cner.models.embed:build_char_ngram_embed",
            "spacy_cner.SoftLexiconEmbed.v1 = spacy_cner.models.soft_lexicon:build_soft_lexicon_embed",
            "spacy_cner.CharCNN.v1 = spacy_cner.models.encoders:build_char_cnn",
            "spacy_cner.JiebaNetwork.v1 = spacy_cner.models.jieba_network:build_jieba_network",
            "spacy_cner.CharBert.v1 = spacy_cner.models.char_bert:build_char_bert",
            "spacy_cner.FrozenTok2Vec.v1 = spacy_cner.models.frozen:build_frozen_tok2vec",
            "spacy_cner.MaskedCharacters.v1 = spacy_cner.pretraining.objective:make_masked_characters",
            "spacy_cner.BiLSTM.v1 = spacy_cner.models.encoders:build_bilstm",
            "spacy_cner.SelfAttention.v1 = spacy_cner.models.encoders:build_self_attention",
            "spacy_cner.EmbedAndEncode.v1 = spacy_cner.models.shared_private:build_embed_and_encode",
            "spacy_cner.SharedPrivate.v1 = spacy_cner.models.shared_private:build_shared_private",
            "spacy_cner.GradientReversal.v1 = spacy_cner.models.adversarial:build_gradient_reversal",
            "spacy_cner.TaskDiscriminator.v1 = spacy_cner.models.adversarial:build_task_discriminator",
            "spacy_cner.CharTransformer.v1 = spacy_cner.models.transformer:build_char_transformer",
            "spacy_cner.BertLayer.v1 = spacy_cner.models.attention:build_bert_layer",
            "spacy_cner.ClassificationAttention.v1 = spacy_cner.models.attention:build_classification_attention",
            "spacy_cner.CrfTagger.v1 = spacy_cner.models.tagger:build_crf_tagger",
            "spacy_cner.LSTM.v1 = spacy_cner.models.encoders:build_lstm",
            "spacy_cner.Columns.v1 = spacy_cner.models.shared_private:build_columns",
            "spacy_cner.SparseFeatures.v1 = spacy_cner.models.sparse_features:build_sparse_features",
            "spacy_cner.SoftmaxTagger.v1 = spacy_cner.models.tagger:build_softmax_tagger",
        ],
        "spacy_augmenters": [
            "spacy_cner.joined_lists.v1 = spacy_cner.training.joined:make_joined_lists",
            "spacy_cner.pseudo_samples.v1 = spacy_cner.training.pseudo:make_pseudo_samples",
        ],
        "spacy_batchers": [
            "spacy_cner.batch_by_task.v1 = spacy_cner.training.batchers:make_batch_by_task",
            "spacy_cner.batch_by_padded.v1 = spacy_cner.training.raw_text:make_batch_by_padded",
        ],
        "spacy_loggers": ["spacy_cner.HalvingLogger.v1 = spacy_cner.training.loggers:make_halving_logger"],
        "spacy_readers": [
            "spacy_cner.MixedCorpus.v1 = spacy_cner.training.mixed:make_mixed_corpus",
            "spacy_cner.RawText.v1 = spacy_cner.training.raw_text:make_raw_text",
        ],
        "spacy_scorers": [
            "spacy_cner.ents_scorer.v1 = spacy_cner.evaluation.scorer:make_ents_scorer",
            "spacy_cner.words_scorer.v1 = spacy_cner.evaluation.words:make_words_scorer",
        ],
    },
    classifiers=[
        "License :: OSI Approved :: MIT License",
        "Natural Language :: Chinese (Simplified)",
        "Programming Language :: Python :: 3.10",
        "Programming Language :: Python :: 3.11",
        "Programming Language :: Python :: 3.12",
        "Topic :: Text Processing :: Linguistic",
    ],
)
