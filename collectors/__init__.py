"""Sources: raw files in, clean records with provenance out."""

from collectors.deidentify import Deidentifier
from collectors.document import Document, DocumentSource
from datagen.archives import RawFile

__all__ = ["Deidentifier", "Document", "DocumentSource", "RawFile"]
