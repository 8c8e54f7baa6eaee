"""The command for `spark-submit` and `ray submit`, which start a file: annotate.py annotate MODEL INPUT... -o FOLDER."""

from spacy_cner.cli import app

if __name__ == "__main__":
    app()
