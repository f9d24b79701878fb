"""Checks that TensorBoard's own reader finds every number of a run's log in the run's event file.

    npx rectio train resnet20 --epochs 1 --run RUN
    python bench/oracle/check_tensorboard.py RUN

Needs tensorboard (pip install tensorboard). Values are compared in float32, as in the event file.
"""

import json
import sys
from pathlib import Path

import numpy as np
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

run = Path(sys.argv[1])
expected = {}
for line in map(json.loads, (run / "metrics.jsonl").read_text().splitlines()):
    if line["type"] == "step":
        numbers = {
            "loss": line["train"]["loss"],
            "error": line["train"]["error"],
            "learningRate": line["learningRate"],
            "imagesPerSecond": line["imagesPerSecond"],
        }
    else:
        numbers = {
            f"{split}/{kind}": line[split][kind]
            for split in ("train", "test", "validation")
            if line[split] is not None
            for kind in ("loss", "error")
        }
    for name, value in numbers.items():
        expected.setdefault(f"{line['type']}/{name}", []).append((line["step"], line["time"], np.float32(value)))

events = EventAccumulator(str(run), size_guidance={"scalars": 0}).Reload()
found = {
    tag: [(event.step, event.wall_time, np.float32(event.value)) for event in events.Scalars(tag)]
    for tag in events.Tags()["scalars"]
}
wrong = [tag for tag in sorted({*expected, *found}) if expected.get(tag) != found.get(tag)]
for tag in wrong:
    print(f"{tag}: expected {str(expected.get(tag))[:200]}, found {str(found.get(tag))[:200]}")
if wrong or not expected:
    sys.exit("The event file and the log differ." if wrong else "The log is empty.")
print(f"{len(found)} tags, {sum(map(len, found.values()))} values, all equal to the log")
