"""A generator as a third party would write it: it posts prompts to a server, and knows nothing of policy."""

import json
import urllib.request
from collections.abc import Sequence
from typing import ClassVar

from datagen.generator import Generator, Request, Response


class Posting(Generator):
    """Answers with what the server at `url` says."""

    remote: ClassVar[bool] = True
    license: ClassVar[str] = "LicenseRef-ToyTerms"
    url: str

    def generate(self, requests: Sequence[Request]) -> list[Response]:
        return [Response(request.id, self._ask(request)) for request in requests]

    def _ask(self, request: Request) -> str:
        body = json.dumps(list(request.messages)).encode()
        with urllib.request.urlopen(self.url, data=body, timeout=10) as answer:
            return answer.read().decode()
