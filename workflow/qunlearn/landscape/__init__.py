"""The loss around the parameters of a model: its Hessian, curvature and spectrum."""
