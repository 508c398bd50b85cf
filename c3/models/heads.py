"""Heads: small networks on top of the embeddings."""

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable("c3")
class CoincidenceHead(layers.Layer):
    """One logit for each of the B² pairs of two embeddings (ICASSP 2020, coincidence prediction).

    It is a network of one hidden layer on the concatenation [f, g]. The hidden layer is computed as W_a f + W_b g
    and broadcast, so that the B² concatenations never exist.

    Call: ([f (B, d), g (C, d)]) → logits (B, C).
    """

    def __init__(self, units: int, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.first = layers.Dense(units)
        self.second = layers.Dense(units, use_bias=False)
        # Logits of full precision, whatever that of the B² hidden units.
        self.output_layer = layers.Dense(1, dtype=keras.config.floatx())

    def build(self, shapes):
        for layer, shape in zip((self.first, self.second), shapes, strict=True):
            layer.build(shape)
        self.output_layer.build((None, None, self.units))

    def call(self, embeddings):
        f, g = embeddings
        hidden = ops.relu(self.first(f)[:, None, :] + self.second(g)[None, :, :])
        return ops.squeeze(self.output_layer(hidden), axis=-1)

    def get_config(self):
        return {**super().get_config(), "units": self.units}


def classifier_head(units: int, classes: int) -> keras.Sequential:
    """embedding (B, d) → hidden (B, units) → logits (B, classes)."""
    return keras.Sequential(
        [layers.Dense(units, activation="relu"), layers.Dense(classes, dtype=keras.config.floatx())]
    )
