"""Fig. 4: the models as they are trained."""

from qunlearn.studies.study import Study


class Architectures(Study):
    """Circuits gate by gate with their light cones, perceptrons layer by layer (Fig. 4)."""

    group = "main"
    figure = "fig4"
    draws_tables = ("architectures",)
    drawn_from_data = True

    def drawing(self, plan):
        models = plan.config["models"]
        return {
            "architectures": {
                dataset: {model: plan.architecture(dataset, model) for model in models}
                for dataset in plan.config["datasets"]
            }
        }

    def drawn_with(self, plan):
        return [plan.family(model) for model in plan.config["models"]]
