import light
import spacy


def test_each_pipeline_is_measured_alone(tmp_path):
    nlp = spacy.blank("zh")
    nlp.to_disk(tmp_path / "model")
    found = light.alone(str(tmp_path / "model"), ["小林在南京。"] * 3, peer=False)
    assert found.keys() == {"load_s", "latency_ms", "peak_mb", "torch"} and found["peak_mb"] > 1
    assert light.disk_mb(str(tmp_path / "model")) > 0 and light.disk_mb("zh_no_folder") is None


def test_so_is_a_peer():
    assert light.alone("jieba", ["小林在南京。"] * 3, peer=True)["torch"]
