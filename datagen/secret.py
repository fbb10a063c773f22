"""The secret under which patient-level ids are made; kept outside recipes and runs."""

import os
import secrets
from pathlib import Path

from datagen.errors import UsageError

VARIABLE = "DATAGEN_ID_SECRET"


def id_secret() -> bytes:
    """From the environment, else from `~/.config/datagen/id-secret`, made at first use and readable by its owner only.

    Raises UsageError where it can be neither read nor made.
    """
    if value := os.environ.get(VARIABLE):
        return value.encode()
    path = Path(os.environ.get("XDG_CONFIG_HOME", Path.home() / ".config")) / "datagen" / "id-secret"
    try:
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w") as file:
                file.write(secrets.token_hex(32))
        return path.read_text().strip().encode()
    except FileExistsError:
        return path.read_text().strip().encode()
    except OSError as error:
        raise UsageError(f"no id secret: {error}", f"set {VARIABLE}") from None
