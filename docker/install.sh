#!/bin/sh
# What the image installs: the plugin with its extra "serve", and a pipeline, from packages/*.whl into a new environment.
#
#     sh docker/install.sh FOLDER PIPELINE
set -eu
folder=$1 pipeline=$2
ls "packages/$pipeline"-*.whl packages/spacy_cner-*.whl > /dev/null
"${PYTHON:-python3}" -m venv "$folder"
"$folder/bin/python" -m pip install --quiet --constraint constraints.txt \
    "$(ls packages/spacy_cner-*.whl | sort -V | tail -n 1)[serve,onnx]" \
    "$(ls "packages/$pipeline"-*.whl | sort -V | tail -n 1)"
"$folder/bin/python" -c "import importlib, sys; importlib.import_module(sys.argv[1]).load()" "$pipeline"
