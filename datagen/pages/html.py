"""HTML pages through one base: everything escaped, one file that loads nothing."""

import base64
import hashlib
from functools import cache
from importlib.resources import files

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from datagen import notice

POLICY = "default-src 'none'; style-src 'unsafe-inline'; {scripts}base-uri 'none'; form-action 'none'"


def page(package: str, template: str, *, language: str = "en", script: str = "", **values: object) -> str:
    """A whole document of a template that extends `base.html.j2`. Its policy allows its own style, and `script` by its
    hash, and nothing else."""
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = POLICY.format(scripts=f"script-src 'sha256-{digest}'; " if script else "")
    made = environment(package).get_template(template)
    return made.render(language=language, policy=policy, script=Markup(script), **values)


def both(english: str, chinese: str) -> Markup:
    """The same thing in two languages, of which the page shows one."""
    return Markup('<span class="en" lang="en">{}</span><span class="zh" lang="zh">{}</span>').format(english, chinese)


@cache
def environment(package: str) -> Environment:
    """Of the templates that lie in a package, beside the base."""
    made = Environment(
        loader=ChoiceLoader([PackageLoader(package, "."), PackageLoader("datagen.pages", ".")]),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    made.globals["style"] = Markup((files("datagen.pages") / "page.css").read_text("utf-8"))
    made.globals |= {"notice": notice, "both": both}
    return made
