"""datagen chat"""

import sys
from typing import Annotated

import typer

from datagen import notice


def chat(
    model: Annotated[str, typer.Argument(help="A model folder, or a run with a trained model.")],
    system: Annotated[str | None, typer.Option(help="What the model is told first.")] = None,
    max_tokens: Annotated[int, typer.Option(min=1, help="Longest answer, in tokens.")] = 256,
    temperature: Annotated[float, typer.Option(min=0, help="0: always the likeliest token.")] = 0.7,
    seed: Annotated[int | None, typer.Option(help="Same seed and words, same answers.")] = None,
    trust_remote_code: Annotated[
        bool, typer.Option("--trust-remote-code", help="Run the Python files of the model's folder.")
    ] = False,
) -> None:
    """Talk to a model in the terminal, an empty line or Ctrl-D ends. For research, never for advice."""
    from transformers.utils.logging import disable_progress_bar

    from datagen.errors import UsageError
    from training_bridge.chat import Conversation
    from training_bridge.export import model_folder

    disable_progress_bar()
    conversation = Conversation(model_folder(model), system=system, trust_remote_code=trust_remote_code)
    print(notice.EN, notice.ZH, flush=True)
    while text := _ask():
        try:
            conversation.answer(text, max_new_tokens=max_tokens, temperature=temperature, seed=seed, on_text=_write)
        except KeyboardInterrupt:
            _write(" (stopped)")
        except UsageError as error:
            _write(f"({error}; {error.fix})")
        _write("\n")


def _ask() -> str:
    if sys.stdin.isatty():
        print("> ", end="", flush=True)
    return sys.stdin.readline().strip()


def _write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()
