"""datagen doctor"""

import typer
from rich.console import Console

from datagen.doctor import examine


def doctor() -> None:
    """Check this machine: versions, Ray's safety, memory, disk, files. Exit code 1 where a check fails."""
    console = Console()
    findings = examine()
    for finding in findings:
        mark = {"ok": "[green]ok[/]  ", "warn": "[yellow]warn[/]", "fail": "[red]fail[/]"}[finding.level]
        console.print(
            f"{mark} {finding.what}" + (f"\n     next: {finding.fix}" if finding.fix else ""), highlight=False
        )
    if any(f.level == "fail" for f in findings):
        raise typer.Exit(1)
