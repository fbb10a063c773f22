"""A process that knows transformers and torch, and cannot import this repository's packages.

python stranger.py FOLDER IDS OUT: loads FOLDER's model with its own code and writes logits and a greedy continuation to
OUT as JSON.
"""

import json
import sys
from pathlib import Path


class Absent:
    packages = ("training_bridge", "datagen", "collectors", "dedup", "classifiers", "synthesis", "tests")

    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in self.packages:
            raise ModuleNotFoundError(name)


sys.meta_path.insert(0, Absent())

import torch  # noqa: E402
from transformers import AutoConfig, AutoModel, AutoModelForCausalLM, AutoTokenizer  # noqa: E402

folder, ids = sys.argv[1], torch.tensor(json.loads(sys.argv[2]))
torch.set_num_threads(1)
model = AutoModelForCausalLM.from_pretrained(folder, trust_remote_code=True).eval()
tokenizer = AutoTokenizer.from_pretrained(folder)
chat = tokenizer.apply_chat_template(
    [{"role": "user", "content": "发热 fever?"}], add_generation_prompt=True, return_tensors="pt", return_dict=True
)
with torch.no_grad():
    found = {
        "module": type(model).__module__,
        "config": type(AutoConfig.from_pretrained(folder, trust_remote_code=True)).__name__,
        "base": type(AutoModel.from_pretrained(folder, trust_remote_code=True)).__name__,
        "logits": model(ids).logits.tolist(),
        "generated": model.generate(ids, max_new_tokens=8, do_sample=False).tolist(),
        "chat": tokenizer.decode(chat["input_ids"][0]),
        "answer_tokens": model.generate(**chat, max_new_tokens=4, min_new_tokens=4).shape[1]
        - chat["input_ids"].shape[1],
        "ours": sorted(name for name in sys.modules if name.split(".")[0] in Absent.packages),
    }
Path(sys.argv[3]).write_text(json.dumps(found))
