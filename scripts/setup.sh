#!/bin/sh
# Makes the virtual environment: sh scripts/setup.sh FOLDER
set -eu
venv="$1"
sh scripts/system-packages.sh hub
python="${PYTHON:-python3}"
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
  echo "Python 3.11 or newer is needed; found $("$python" --version). Set PYTHON=/path/to/python3.11" >&2; exit 1; }
echo "Setting up $venv (a minute or two the first time)"
[ -x "$venv/bin/python" ] || "$python" -m venv "$venv"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --upgrade pip
"$venv/bin/python" -m pip install --disable-pip-version-check --progress-bar on -e '.[hub,dev]' | grep -E '^(Collecting|Installing|Successfully)' || true
"$venv/bin/python" -c 'import cv2, av, onnxruntime' || { echo "The packages are in but do not load; see the line above." >&2; exit 1; }
