"""Labels for records: departments, curriculum, and the balance between them."""

from classifiers.model import Classifier, load

__all__ = ["Classifier", "load"]
