"""Sources: raw files in, clean records with provenance out."""

from collectors.document import Document, DocumentSource
from collectors.privacy.deidentify import Deidentifier
from datagen.archives import RawFile

__all__ = ["Deidentifier", "Document", "DocumentSource", "RawFile"]
