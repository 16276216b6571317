"""The published annotation formats, on small files written in them."""

from __future__ import annotations

import json

import pytest

from neurotool.errors import UsageError
from neurotool.examples.ashnets.corpus.sentences import Entailment
from neurotool.examples.ashnets.formats import (
    answer_list,
    read_karpathy,
    read_nlvr2,
    read_snli_ve,
    read_vqa,
    soft_scores,
)


def lines(path, *records):
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")


def test_vqa_joins_questions_with_answers(tmp_path):
    questions = [
        {"image_id": 42, "question": "What?", "question_id": 420},
        {"image_id": 7, "question": "Where?", "question_id": 70},
    ]
    answers = [
        {"answer": a, "answer_confidence": "yes", "answer_id": i} for i, a in enumerate(["cat"] * 7 + ["dog"] * 3)
    ]
    annotations = [
        {
            "question_id": 70,
            "image_id": 7,
            "answers": answers[::-1],
            "multiple_choice_answer": "dog",
            "answer_type": "o",
        },
        {"question_id": 420, "image_id": 42, "answers": answers, "multiple_choice_answer": "cat", "answer_type": "o"},
    ]
    (tmp_path / "v2_OpenEnded_mscoco_val2014_questions.json").write_text(json.dumps({"questions": questions}))
    (tmp_path / "v2_mscoco_val2014_annotations.json").write_text(json.dumps({"annotations": annotations}))
    first, second = read_vqa(tmp_path, "val2014")
    assert (first.picture, first.question, first.majority) == ("COCO_val2014_000000000042.jpg", "What?", "cat")
    assert second.answers == ("dog",) * 3 + ("cat",) * 7
    assert answer_list([first, first, second], least=2) == ("cat",)


def test_vqa_test_split_has_no_answers(tmp_path):
    path = tmp_path / "v2_OpenEnded_mscoco_test-dev2015_questions.json"
    path.write_text(json.dumps({"questions": [{"image_id": 1, "question": "Who?", "question_id": 10}]}))
    (question,) = read_vqa(tmp_path, "test-dev2015")
    assert (question.picture, question.answers) == ("COCO_test2015_000000000001.jpg", ())


def test_scores_leave_one_person_out():
    """Two of ten said it: without one of the two 1/3, without one of the other eight 2/3: (2/3 + 16/3) / 10."""
    scores = soft_scores(["a"] * 2 + ["b"] * 4 + ["c", "d", "e", "f"])
    assert scores["a"] == pytest.approx(0.6)
    assert scores["b"] == 1.0
    assert scores["c"] == pytest.approx(0.3)


def test_snli_ve(tmp_path):
    record = {"Flickr30K_ID": "4705552913", "sentence2": "Two women.", "gold_label": "neutral", "sentence1": "x"}
    lines(tmp_path / "snli_ve_dev.jsonl", record, {**record, "gold_label": "contradiction"})
    first, second = read_snli_ve(tmp_path, "dev")
    assert (first.picture, first.sentence, first.label) == ("4705552913.jpg", "Two women.", Entailment.NEUTRAL)
    assert second.label is Entailment.CONTRADICTION


def test_karpathy_trains_with_restval(tmp_path):
    def image(number, split, **more):
        sentences = [{"raw": f"caption {number}", "tokens": ["caption"], "sentid": number}]
        return {"filename": f"{number}.jpg", "split": split, "imgid": number, "sentences": sentences, **more}

    path = tmp_path / "dataset_coco.json"
    images = [image(1, "train"), image(2, "restval", filepath="val2014", cocoid=5), image(3, "test")]
    path.write_text(json.dumps({"images": images, "dataset": "coco"}))
    train = read_karpathy(path, "train")
    assert [(p.number, p.picture, p.captions) for p in train] == [
        (1, "1.jpg", ("caption 1",)),
        (2, "val2014/2.jpg", ("caption 2",)),
    ]
    assert [p.number for p in read_karpathy(path, "test")] == [3]


def test_nlvr2_names_its_pictures(tmp_path):
    record = {"identifier": "dev-850-0-2", "sentence": "Both are dogs.", "label": "False", "left_url": "http://x"}
    lines(tmp_path / "dev.json", record)
    (statement,) = read_nlvr2(tmp_path, "dev")
    assert (statement.left, statement.right) == ("dev-850-0-img0.png", "dev-850-0-img1.png")
    assert statement.label is False


def test_errors_name_file_line_field_and_where_to_get_the_data(tmp_path):
    with pytest.raises(UsageError, match=r"snli_ve_test\.jsonl: No such file") as absent:
        read_snli_ve(tmp_path, "test")
    assert "necla-ml" in str(absent.value.hint)
    good = {"Flickr30K_ID": "1", "sentence2": "x", "gold_label": "neutral"}
    lines(tmp_path / "snli_ve_test.jsonl", good, {**good, "gold_label": "-"})
    with pytest.raises(UsageError, match=r"snli_ve_test\.jsonl, line 2: gold_label: "):
        read_snli_ve(tmp_path, "test")
    (tmp_path / "dev.json").write_text("{")
    with pytest.raises(UsageError, match=r"dev\.json, line 1: Invalid JSON"):
        read_nlvr2(tmp_path, "dev")
