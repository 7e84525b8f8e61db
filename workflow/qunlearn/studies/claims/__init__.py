"""Study "claims": is each claim of the paper true here. Decided from the tables of other studies,
which declare them."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from qunlearn.config.blocks import of_dataset, unknown_datasets
from qunlearn.config.options import Count, PerDataset, Refers, Several, option
from qunlearn.config.words import dotted, unknown_key
from qunlearn.grid.blocks import without_doubles
from qunlearn.parts import registry
from qunlearn.runtime.errors import UserError
from qunlearn.studies.claims import criteria
from qunlearn.studies.claims.claim import known_claims
from qunlearn.studies.claims.criteria import WORDS, Criterion
from qunlearn.studies.study import Study

if TYPE_CHECKING:
    from qunlearn.config.plan import Plan
    from qunlearn.parts.models import Model

ChangedModel = Annotated[str, Refers("model", changes=True)]
#: Of all statistics on one resample.
OPERATIONS = 1e8


class Claims(Study):
    """Is each claim of the paper true here."""

    group = ""
    section = "claims"
    tables = ("null_resilience", "null_unlearning", "null_landscape")
    pages = ("claims.csv", "claims.md")

    confidence: Annotated[float, Field(ge=0.5, lt=1)] = option(says="coverage of the intervals")
    resamples: Count = option(says="bootstrap over seeds")
    looks: Several[Count] = option(
        [],
        says="numbers of seeds, increasing, at which a verdict is asked for; []: at all there are",
    )
    patience: Annotated[float, Field(ge=1)] = option(
        2.0,
        says="a verdict that would take more than so many times the last look's seeds gets no more of them",
    )
    null_model: PerDataset[ChangedModel] = option(
        says="null model that is trained: what it fulfils as well is no finding"
    )
    criteria: dict[str, Criterion] = option(
        {}, says="keys of criteria.yaml to set otherwise, and criteria of claims of your own"
    )

    def on_top(self) -> dict[str, dict]:
        """Of every claim the keys of its criterion that the configuration sets."""
        return {name: found.model_dump(exclude_unset=True) for name, found in self.criteria.items()}

    def given(self) -> dict[str, dict]:
        """The criterion of every claim: that of criteria.yaml, with what the configuration sets on
        top. Raises UserError for what is wrong in the file."""
        return criteria.merged(self.on_top())

    def origin(self) -> dict:
        """What pages say of where the criteria come from: arguments of `claims.criteria.Origin`."""
        return criteria.origin(self.on_top())._asdict()

    def tables_needed(self, plan: Plan) -> list[str]:
        """Tables that decide the claims, in the order of the criteria, but for those of studies that
        have nothing to show."""
        idle = {
            table
            for name, kind in registry.known("study").items()
            for table in kind.tables
            if kind.claims and not plan.study(name).applies(plan)
        }
        claims = known_claims()
        deciding = [claims[name].table for name in self.given()]
        nulls = self.tables if self.nulls(plan) else ()
        tables = without_doubles([*deciding, *nulls])
        return [table for table in tables if table not in idle]

    # -- the null model that is trained --------------------------------------------------------------
    def null_of(self, dataset: str) -> str | None:
        """The null model on a dataset; None where there is none."""
        return of_dataset(self, "null_model", dataset)

    def nulls(self, plan: Plan) -> list[tuple[str, str]]:
        """(dataset, its null model) of the study."""
        pairs = [(dataset, self.null_of(dataset)) for dataset in plan.config["datasets"]]
        return [(dataset, model) for dataset, model in pairs if model is not None]

    def needs(self, plan: Plan) -> dict[str, list[str]]:
        """What the tables of the null model are made from: it is trained, unlearned and analysed as
        the study's own models are."""
        grid, config = plan.grid, plan.config
        trained, unlearned, analysed = [], [], []
        for dataset, model in self.nulls(plan):
            for corruption in config["corruptions"]:
                seeds = grid.seeds_of(dataset, model, corruption)
                trained += grid.trained(dataset, model, corruption, grid.alphas, seeds)
            cases = [
                (dataset, model, corruption, alpha)
                for corruption in config["unlearning"]["corruptions"]
                for alpha in grid.unlearning_alphas
            ]
            unlearned += grid.unlearned(cases, config["methods"])
            analysed += [
                grid.landscape(dataset, model, corruption, block, group)
                for corruption in config["landscape"]["corruptions"]
                for block in grid.alpha_blocks(grid.landscape_alphas)
                for group in grid.seed_blocks(dataset, model)
            ]
        return {
            "data": grid.all_data(),
            "trained": trained,
            "unlearned": unlearned,
            "analysed": analysed,
        }

    def null_problems(self, plan: Plan) -> list[str]:
        """What keeps the null model from being trained, unlearned or analysed."""
        found = unknown_datasets(self, "null_model", plan.config["data"])
        for dataset, model in self.nulls(plan):
            lines = plan.problems(dataset, model, "unlearning")
            if not lines and (plan.family(model).fitted or not plan.family(model).landscape):
                lines = [f"{model} is fitted in one call; name one that is trained step by step"]
            found += [f"null_model: {line}" for line in lines]
        return without_doubles(found)

    # -- what its rule is told ---------------------------------------------------------------------
    def table_files(self, plan: Plan) -> list[str]:
        return [plan.grid.table(name) for name in self.tables_needed(plan)]

    def control_files(self, plan: Plan) -> list[str]:
        """Effects of controls, where the study has any."""
        has_controls = plan.study("controls").applies(plan)
        return [plan.grid.table("control_effects")] if has_controls else []

    def request(self, requests):
        """What the job asks a cluster for: every statistic is computed on every resample that differs from others."""
        seeds = len(requests.plan.grid.seeds)
        distinct = min(self.resamples, math.comb(2 * seeds - 1, seeds))
        return requests.plain(operations=OPERATIONS * distinct, compiles=False)

    def code_files(self) -> list[Path]:
        """The script, and what declares claims."""
        studies = registry.known("study").values()
        declaring = [study.source_file("claims") for study in studies if study.claims]
        return [self.folder() / "decide_claims.py", *declaring]

    def settings(self, plan: Plan) -> dict:
        """Arguments of `table.tabulate`."""
        return {
            "alphas": list(plan.grid.alphas),
            "seeds": list(plan.grid.seeds),
            "margin": plan.config["statistics"]["collapsed_margin"],
        }

    def deciding(self, plan: Plan) -> dict:
        """Arguments of `claims.decide.Settings`."""
        stages = ("unlearning", "landscape")
        config = plan.config
        return {
            "criteria": _numbers(self.given()),
            "confidence": self.confidence,
            "resamples": self.resamples,
            "looks": self.looks,
            "patience": self.patience,
            "kinds": {name: kind_of_model(plan, name) for name in config["architectures"]},
            "quantum": [name for name in config["architectures"] if plan.family(name).quantum],
            "phase_blind": [name for name in config["architectures"] if is_blind(plan, name)],
            "traits": {name: sorted(plan.source_kind(name).traits) for name in config["data"]},
            "replaced": {stage: config[stage]["architectures"] for stage in stages},
            **methods_of_paper(config["methods"]),
        }

    def problems(self, plan: Plan) -> list[str]:
        try:
            given = _numbers(self.given())
        except UserError:
            return []  # `pipeline_problems` says it
        known, found = known_claims(), self.null_problems(plan)
        if self.looks != sorted(set(self.looks)):
            found.append(f"looks: {self.looks} do not increase; sort them, each once")
        for name in _required():
            if name not in given:
                found.append(
                    f"criteria.{name}: neither here nor in criteria.yaml; restore it there"
                )
        for name, criterion in given.items():
            if name in known:
                found += criterion_problems(("criteria", name), criterion, known[name].keys)
            else:
                found.append(unknown_key(("criteria", name), known))
        return found

    def pipeline_problems(self, plan: Plan) -> list[str]:
        try:
            criteria.recorded()
        except UserError as error:
            return str(error).splitlines()
        return []


def _numbers(given: dict[str, dict]) -> dict[str, dict]:
    """Criteria without the words that explain them."""
    return {
        name: {key: value for key, value in criterion.items() if key not in WORDS}
        for name, criterion in given.items()
    }


def _required() -> list[str]:
    """Claims of the project's own studies; a user's may be left out."""
    return [name for study in registry.shipped("study").values() for name in study.claims]


def criterion_problems(path: tuple, criterion: dict, keys: tuple[str, ...]) -> list[str]:
    """What is wrong with a claim's criterion, which has these keys and no others."""
    found = []
    for key in criterion:
        if key not in keys:
            found.append(unknown_key((*path, key), keys))
    for key in keys:
        if criterion.get(key) is None:
            found.append(f"{dotted((*path, key))}: the key '{key}' is missing; give it a value")
    above, below = criterion.get("above"), criterion.get("below")
    if above is not None and below is not None and above >= below:
        place = dotted((*path, "above"))
        found.append(f"{place}: {above} is not below `below` ({below}); exchange them")
    return found


def kind_of_model(plan: Plan, name: str) -> str:
    """'linear' for an architecture whose logit is linear in the features, else its family."""
    return "linear" if _declared(plan, name).is_linear() else plan.block(name)["family"]


def is_blind(plan: Plan, name: str) -> bool:
    """Whether the phase of a state is hidden to an architecture."""
    return _declared(plan, name).is_phase_blind()


def _declared(plan: Plan, name: str) -> Model:
    """An architecture on any dataset."""
    from qunlearn.config.plan import any_dataset
    from qunlearn.parts.models import declared

    return declared(any_dataset(plan.family(name), plan.block(name)))


def methods_of_paper(names: list[str]) -> dict[str, list[str]]:
    """Methods of the study: the paper's `approximate` ones, and those that are not the paper's."""
    approximate, left_out = [], []
    for name in names:
        method = registry.find("method", name)
        if not method.of_paper:
            left_out.append(name)
        elif not method.fresh:
            approximate.append(name)
    return {"approximate": approximate, "left_out": left_out}
