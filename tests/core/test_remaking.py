from dataclasses import replace

from studio.core.remaking import differences
from tests.core.test_recipe import recipe

MADE = replace(recipe(), lora_hashes={"ink": "aa"}, embedding_hashes={"mood": "bb"})


def test_two_makings_under_the_same_conditions_have_no_differences() -> None:
    assert differences(MADE, MADE) == ()
    assert differences(MADE, replace(MADE, prompt="other", seed=9)) == ()  # no conditions


def test_a_file_under_another_name_is_the_same_file() -> None:
    renamed = replace(MADE, model_name="other", lora_hashes={"pen": "aa"})
    assert differences(MADE, renamed) == ()


def test_without_hashes_the_models_name_counts() -> None:
    unknown = replace(MADE, model_hash="")
    told = [str(each) for each in differences(unknown, replace(unknown, model_name="other"))]
    assert told == ["model's name: m then, other now"]


def test_what_weighs_most_is_told_first() -> None:
    other = replace(
        MADE, versions={"torch": "3"}, threads=4, device="cuda", model_hash="9", lora_hashes={},
        embedding_hashes={"mood": "cc"},
    )  # fmt: skip
    assert [str(each) for each in differences(MADE, other)] == [
        "model: 0123456789 then, 9 now",
        "LoRA ink: aa then, none now",
        "embedding mood: bb then, cc now",
        "device: cpu then, cuda now",
        "threads: 1 then, 4 now",
        "version of torch: 2 then, 3 now",
    ]
