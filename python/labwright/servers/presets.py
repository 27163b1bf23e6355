"""Resource profiles: what common kinds of work ask of a server."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Preset:
    """`gpu` is a number of devices, of whichever vendor the target has."""

    id: str
    display_name: str
    description: str
    cpu: str
    memory: str
    gpu: int = 0

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


PRESETS: dict[str, Preset] = {
    one.id: one
    for one in (
        Preset(
            "data-preprocessing",
            "Data preprocessing",
            "Reading, cleaning and joining tables: memory for whole data frames, no GPU.",
            "4",
            "16Gi",
        ),
        Preset(
            "small-training",
            "Small training",
            "Training or fine-tuning a small model on one GPU.",
            "4",
            "16Gi",
            1,
        ),
        Preset(
            "large-training",
            "Large training",
            "Training a large model on several GPUs of one machine.",
            "16",
            "64Gi",
            4,
        ),
        Preset(
            "distributed-training",
            "Distributed training",
            "Writing and trying code for several workers: two GPUs show whether they find another.",
            "8",
            "32Gi",
            2,
        ),
        Preset(
            "model-serving",
            "Model serving",
            "Trying a model behind its HTTP API, one request at a time.",
            "2",
            "8Gi",
        ),
        Preset(
            "batch-inference",
            "Batch inference",
            "Predictions for large files with a model on one GPU.",
            "8",
            "32Gi",
            1,
        ),
    )
}
