"""The trace of the Hessian where parameters are complex numbers, summed over their real and
imaginary parts: what the authors' notebook divides for the landscape roughening ratio.

With parameters theta_j = x_j + i y_j the loss is a function of 2 P real numbers, and its trace at y
= 0 is Tr H + sum_j d2L/dy_j^2. With l the loss of one sample as a function of its logit z,
    d2L/dy_j^2 = < l''(z) (dz/dy_j)^2 >  +  < l'(z) d2z/dy_j^2 >.

- A circuit's rotations by complex angles are not unitary and the readout is not normalised
  (`quantum.complexified`), so that d2z/dy_j^2 = z + d2z/dx_j^2, for angles outside the light cone,
  too.
- A classical logit is continued analytically and its real part is read. Then dz/dy_j = 0 and
  d2z/dy_j^2 = - d2z/dx_j^2: the residual cancels, and the Gauss-Newton term is left. For a ReLU
  network that is the plain trace.
"""

from __future__ import annotations

import numpy as np

from qunlearn.landscape.curvature import Curvature, loss_derivatives


def complexified(
    plain: Curvature, logits: np.ndarray, labels: np.ndarray, slopes: np.ndarray | None
) -> Curvature:
    """The curvature with both terms of the trace summed over real and imaginary parts; the top
    eigenvalue stays that in real parameters.

    `plain`: the curvature in real parameters; `logits` and `labels` (N,); `slopes` (N, P):
    derivatives of the logits in the imaginary parts, None for a classical model.
    """
    gauss_newton, residual = plain.gauss_newton, 0.0
    if slopes is not None:
        error, curvature = map(np.asarray, loss_derivatives(logits, labels))  # both (N,)
        gauss_newton += float(np.mean(curvature * np.sum(slopes**2, axis=1)))
        parameters = slopes.shape[1]
        residual = 2 * plain.residual + parameters * float(np.mean(error * logits))
    return plain._replace(
        trace=gauss_newton + residual, gauss_newton=gauss_newton, residual=residual
    )
