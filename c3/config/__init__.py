"""The configuration: typed and validated, read from nested values.

Every key of config/*.yaml is a field of a section in :mod:`c3.config.sections`; an unknown or wrong key is a
:class:`c3.errors.C3Error` that names it. :mod:`c3.config.reference` writes config/schema.json and config/README.md.
"""

from c3.config.experiment import Config, Extent
from c3.config.reading import load
from c3.config.sections import (
    ASKS_BY,
    CLUSTER_STRATEGIES,
    EMBEDDING_STRATEGIES,
    MADE,
    PAIRS,
    SUPERVISED,
    UNSUPERVISED,
    AudioSet,
    Benchmark,
    Classifier,
    Collage,
    CollageClass,
    Embedding,
    Evaluation,
    Features,
    Folder,
    Labels,
    Network,
    Row,
    Synthetic,
    Training,
)
