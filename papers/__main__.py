"""`python -m papers`"""

from .run.commands import app

if __name__ == "__main__":
    app(prog_name="python -m papers")
