"""What unitarity implies for the curvature of a quantum neural network's loss in one angle.

For unit-norm input the logit is z = s <Z>, s the readout scale. Every angle t drives one gate
exp(-i t P / 2), P^2 = 1, so at fixed other angles z = s (a + r cos(t - t0)), |a| + r <= 1. Then
    z'^2 + z''^2 = s^2 r^2 <= s^2,   z'' = s a - z.
Let l be the loss of one sample as a function of its logit.

1. With l'' <= 1/4 and |l'| < 1, every sample's loss has its second derivative in t between -s and
   `curvature_bound(s)`.
2. -(s + z)/2 <= z'' <= (s - z)/2: on a sample whose label the model contradicts (y = 0, z > 0, or
   the mirror image) the residual l' z'' is at most |l'| (s - |z|) / 2 per angle: negative for
   certain only where the readout is saturated.
3. The loss is periodic in t, so its second derivative has mean zero over a period: averaged so, the
   residual cancels the Gauss-Newton term exactly, for every sample and either label.

A ReLU network has no such bound: scaling one layer by c and the next by 1/c keeps the loss and, for
large c, multiplies the curvature in the second by c^2.
"""


def curvature_bound(scale: float) -> float:
    """Largest |second derivative| of a sample's loss in one angle, for the readout scale s: the
    maximum of s^2 sin^2 / 4 + s |cos|, which is s^2/4 + 1 for s >= 2 and s below."""
    return scale**2 / 4 + 1 if scale >= 2 else scale
