"""What a step follows: the bound, or the two phases of wake-sleep.

Both train the recognition model q(z|x), the encoder, and the generative model p(x|z) p(z), the
decoder and the prior, on the same batches.

`aevb` (Kingma & Welling 2014) climbs the bound of the batch with all parameters, through z.

`wake_sleep` (Hinton, Dayan, Frey & Neal 1995), the baseline of that paper, has two phases. Awake,
z ~ q(z|x) for x of the batch, and the decoder climbs log p(x|z). Asleep, z ~ p(z) and x ~ p(x|z), a
dream for each item of the batch, and the encoder climbs log q(z|x). Both gradients are taken at the
same parameters, and neither goes through what was drawn. No single function is climbed, so the
bound may fall.
"""

from vae.architecture import Architecture

ALGORITHMS = ("aevb", "wake_sleep")


def noise_width(algorithm: str, architecture: Architecture) -> int:
    """Normal numbers that a step takes for each item and sample.

    Those of z; and for wake-sleep also those of the dream's z and of its pixels, in that order. An
    item has one dream, from the numbers of its first sample.
    """
    latent = architecture.latent_dimension
    return latent if algorithm == "aevb" else 2 * latent + architecture.input_dimension
