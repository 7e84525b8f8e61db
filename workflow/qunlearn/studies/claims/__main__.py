"""The hash of the criteria, for an entry of `changes` in criteria.yaml.

PYTHONPATH=workflow python -m qunlearn.studies.claims
"""

from qunlearn.studies.claims.criteria import recorded

print(recorded().sha256)
