"""Which models studies of quantum circuits can be asked about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qunlearn.parts import registry

if TYPE_CHECKING:
    from qunlearn.config.plan import Plan
    from qunlearn.parts.models import Model


def serves(family: type[Model], options: tuple[str, ...]) -> bool:
    """Whether a family is of circuits that are trained and have these options."""
    return family.quantum and not family.fitted and set(options) <= set(family.model_fields)


def family_problems(plan: Plan, model: str, options: tuple[str, ...] = ()) -> list[str]:
    """What is wrong with the option `model` of a study that needs a quantum model with these
    options."""
    family = plan.family(model)
    if serves(family, options):
        return []
    known = [name for name, part in registry.known("model").items() if serves(part, options)]
    defined = [name for name in plan.config["architectures"] if serves(plan.family(name), options)]
    return [
        f"model: '{model}' is of the family {family.name()}; name an architecture of the family "
        f"{' or '.join(known)} (defined: {', '.join(defined)})"
    ]
