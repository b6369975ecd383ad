"""Which models really give the same answers on encrypted images, and what breaks the rest.

`audit` tries one model or pipeline and returns a verdict; `atlas` tries all of scikit-learn and
compares what came out with what the theory of invariances predicts.
"""

from etcprops.auditing.auditor import audit
from etcprops.auditing.encryptor import EtCEncryptor
from etcprops.auditing.preprocessing import PREPROCESSINGS
from etcprops.auditing.verdict import (
    AuditOutcome,
    AuditWitness,
    Comparison,
    Experiment,
    Remedy,
    TwoSampleTest,
    Verdict,
)

__all__ = [
    "PREPROCESSINGS",
    "AuditOutcome",
    "AuditWitness",
    "Comparison",
    "EtCEncryptor",
    "Experiment",
    "Remedy",
    "TwoSampleTest",
    "Verdict",
    "audit",
]
