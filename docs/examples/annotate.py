"""The commands as a file, for `spark-submit` and `ray submit`: annotate.py annotate MODEL INPUT... -o FOLDER."""

from spacy_cner.cli import app

if __name__ == "__main__":
    app()
