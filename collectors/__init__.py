"""Sources: raw files in, clean records with provenance out."""

from collectors.archives import RawFile
from collectors.deidentify import Deidentifier
from collectors.document import Document, DocumentSource

__all__ = ["Deidentifier", "Document", "DocumentSource", "RawFile"]
