"""Clusters that do not answer."""

import socket
import subprocess
import sys

import pytest

from spacy_cner.errors import InputError
from spacy_cner.scale.on_ray import cluster


@pytest.mark.parametrize("address", ["127.0.0.1:{port}", "ray://127.0.0.1:{port}", "no.such.host.invalid:6379", "a:b"])
def test_no_cluster_of_ray(address):
    ray = pytest.importorskip("ray")
    with socket.socket() as taken:  # a port that is bound but not listened at refuses
        taken.bind(("127.0.0.1", 0))
        address = address.format(port=taken.getsockname()[1])
        with pytest.raises(InputError, match=f"expected a Ray cluster at {address}, got "), cluster(ray, address, 1):
            pass


# In a process of its own: what is left of a session that failed must not be the next one's.
SESSIONS = """
from spacy_cner.errors import InputError
from spacy_cner.scale.on_spark import session
try:
    with session("bogus://x", 1):
        pass
except InputError as error:
    print(error)
with session(None, 1) as spark:
    print(spark.range(3).count())
"""


def test_no_master_of_spark():
    pytest.importorskip("pyspark")
    done = subprocess.run([sys.executable, "-c", SESSIONS], stdout=subprocess.PIPE, text=True, check=True)
    message, count = done.stdout.splitlines()
    assert message.startswith("expected a Spark master at bogus://x that answers, got ")
    assert count == "3"
