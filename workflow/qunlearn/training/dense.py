"""The matrix product of a wide first layer, in the form whose derivative costs least on a CPU."""

from __future__ import annotations

import jax

#: Least width H of a layer that is worth `product`. In single precision its derivative is then that
#: of a plain product to the last bit (H = 64, 128, 192, ... on x86 with AVX-512); narrower layers
#: would gain as much, but their sums are added up in another order.
WIDE = 64


@jax.custom_vjp
def product(x, weight):
    """x @ weight, (B, H), of samples x (B, D) and weights (D, H); it has reverse-mode derivatives
    only.

    The weights' derivative is x^T times the cotangent (B, H). Where both are contracted along their
    first axis, XLA calls a routine that takes two and a half times as long as the one for x^T
    written out, (D, B), and that copy takes a tenth.
    """
    return x @ weight


def _forward(x, weight):
    return product(x, weight), (x, weight)


def _backward(kept, cotangent):
    x, weight = kept
    of_weight = jax.lax.platform_dependent(x, cotangent, cpu=_written_out, default=_contracted)
    return cotangent @ weight.T, of_weight


product.defvjp(_forward, _backward)


def _written_out(x, cotangent):
    # the barrier keeps XLA from making this the other form again
    transposed = jax.lax.optimization_barrier(x.T)  # (D, B)
    return transposed @ cotangent


def _contracted(x, cotangent):
    return x.T @ cotangent
