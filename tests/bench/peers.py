"""A guided step at 512x512 of a model of Stable Diffusion 1.5's size: other programs beside ours.

Same random weights, sampler and number of threads. The others are installed in a place of their
own; stable-diffusion.cpp reads its weights from one file, OpenVINO gets the network from torch.

usage: python -m tests.bench.peers PYTHON     prints one JSON object: seconds a step
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

import torch
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
from safetensors.torch import load_file, save_file

from studio.engine.diffusion.device import choose_device
from tests.bench.engine import FEW, measure, ours
from tests.bench.sd15 import write_model

PREFIXES = {"unet": "unet.", "vae": "vae.", "text_encoder": "te.text_model."}
"""As diffusers' names are told apart in a single file that stable-diffusion.cpp reads."""

SD_CPP = """
import json, sys, time
import cyllama.sd as sd
threads, file = int(sys.argv[1]), sys.argv[2]
ticks = []
sd.set_progress_callback(lambda step, steps, seconds: ticks.append((steps, time.perf_counter())))
settings = sd.SDContextParams()
settings.model_path, settings.n_threads, settings.wtype = file, threads, sd.SDType.F16
context = sd.SDContext(settings)
ticks.clear()
context.generate("a lighthouse above a stormy sea", width=512, height=512, seed=1,
                 sample_steps=2, cfg_scale=7.0, sample_method=sd.SampleMethod.EULER)
steps = [moment for steps, moment in ticks if steps == 2]
print(json.dumps(steps[-1] - steps[-2]))
"""

OPENVINO = """
import json, sys, time
import numpy, openvino
threads, file, precision = int(sys.argv[1]), sys.argv[2], sys.argv[3]
settings = {"INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": 1,
            "INFERENCE_PRECISION_HINT": precision}
network = openvino.Core().compile_model(file, "CPU", settings)
x = numpy.random.randn(2, 4, 64, 64).astype("float32")
text = numpy.random.randn(2, 77, 768).astype("float32")
seconds = []
for _ in range(4):
    start = time.perf_counter()
    network([x, numpy.float32(500), text])
    seconds.append(time.perf_counter() - start)
print(json.dumps(sorted(seconds[1:])[1]))
"""


class Plain(torch.nn.Module):
    """A UNet whose arguments stand in a row, as exporters want them."""

    def __init__(self, unet: UNet2DConditionModel) -> None:
        super().__init__()
        self._unet = unet

    def forward(self, x: torch.Tensor, time: torch.Tensor, text: torch.Tensor) -> torch.Tensor:
        """The UNet's output."""
        return self._unet(x, time, encoder_hidden_states=text, return_dict=False)[0]


def single_file(folder: Path) -> Path:
    """All weights of a diffusers folder in one file."""
    weights = {}
    for part, prefix in PREFIXES.items():
        for file in (folder / part).glob("*.safetensors"):
            for name, tensor in load_file(file).items():
                weights[prefix + name.removeprefix("text_model.")] = tensor
    save_file(weights, folder / "single.safetensors")
    return folder / "single.safetensors"


def openvino_file(folder: Path, python: Path) -> Path:
    """The UNet as OpenVINO keeps networks; converted with torch, so in this interpreter."""
    packages = next(python.parents[1].glob("lib/python*/site-packages"))
    sys.path.append(str(packages))
    import openvino

    unet = UNet2DConditionModel.from_pretrained(folder / "unet", torch_dtype=torch.float32).eval()
    shapes = torch.zeros(2, 4, 64, 64), torch.tensor(500.0), torch.zeros(2, 77, 768)
    with torch.inference_mode():
        network = openvino.convert_model(Plain(unet), example_input=shapes)
    openvino.save_model(network, folder / "unet.xml", compress_to_fp16=False)
    return folder / "unet.xml"


def theirs(python: Path, script: str, *words: object) -> float:
    """The seconds that a script prints, run with their Python."""
    command = [str(python), "-c", script, *map(str, words)]
    result = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, timeout=1800)
    return float(json.loads(result.stdout.splitlines()[-1]))


def main() -> None:
    """Measure, and print."""
    python = Path(sys.argv[1]).absolute()
    device = choose_device()
    precision = "bf16" if device.dtype == torch.bfloat16 else "f32"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_model(folder)
        _, steps = measure(ours(folder, device), 1, FEW + 1)
        result = {"threads": device.threads, "dtype": device.dtype_name, "ours": median(steps)}
        network = openvino_file(folder, python)
        result["openvino"] = theirs(python, OPENVINO, device.threads, network, precision)
        result["sd.cpp"] = theirs(python, SD_CPP, device.threads, single_file(folder))
    json.dump(result, sys.stdout)


if __name__ == "__main__":
    main()
