"""C3: coincidence, categorization, consolidation (Jansen et al., ICASSP 2020).

Learns to recognise sounds from unlabelled recordings and a handful of labels. Importing this package
imports nothing heavy: TensorFlow is loaded only by ``c3.models`` and ``c3.training``.
"""

__version__ = "0.2.0"
