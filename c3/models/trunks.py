"""Trunks: from a window or a frame to an embedding, which is float32 whatever the precision of the layers before."""

import keras
from keras import layers


@keras.saving.register_keras_serializable("c3")
class BatchNormalization(layers.BatchNormalization):
    """Keras' layer, in training as the one fused operation that TensorFlow has for it: same numbers in fewer passes.

    The moving variance is the unbiased one, as in the other fused implementations. Ioffe, Szegedy, ICML 2015.
    """

    def call(self, inputs, training=None, mask=None):
        fused = training and self.trainable and not self.synchronized and keras.backend.backend() == "tensorflow"
        if not fused or keras.backend.standardize_dtype(inputs.dtype) != "float32":  # it takes no float64
            return super().call(inputs, training=training, mask=mask)
        import tensorflow as tf

        normalized, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
            x=inputs,
            scale=self.gamma,
            offset=self.beta,
            mean=[],
            variance=[],
            epsilon=self.epsilon,
            is_training=True,
        )
        for moving, now in ((self.moving_mean, mean), (self.moving_variance, variance)):
            moving.assign(moving * self.momentum + now * (1.0 - self.momentum))
        return normalized


def resnet10(shape: tuple[int, int, int], embedding: int) -> keras.Model:
    """A narrow ResNet with one basic block in each of four stages, 0.3 M parameters, for CPUs.

    Shapes for a window: (96, 64, 1) → stem (24, 16, 16) → (24, 16, 16) → (12, 8, 32) → (6, 4, 64) → (3, 2, 128)
    → pooled (128) → (embedding). He et al., CVPR 2016.
    """

    def convolve(x, width, size, stride):
        x = layers.Conv2D(width, size, strides=stride, padding="same", use_bias=False)(x)
        return BatchNormalization(momentum=0.9)(x)

    inputs = keras.Input(shape)
    x = layers.ReLU()(convolve(inputs, 16, 5, 2))
    x = layers.MaxPooling2D(3, 2, padding="same")(x)
    for width, stride in ((16, 1), (32, 2), (64, 2), (128, 2)):
        y = layers.ReLU()(convolve(x, width, 3, stride))
        y = convolve(y, width, 3, 1)
        shortcut = x if stride == 1 else convolve(x, width, 1, stride)
        x = layers.ReLU()(layers.Add()([y, shortcut]))
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(inputs, layers.Dense(embedding, dtype=keras.config.floatx())(x))


def resnet50(shape: tuple[int, int, int], embedding: int) -> keras.Model:
    """The paper's trunk: ResNet-50 without weights, average-pooled (2048) and projected to (embedding)."""
    body = keras.applications.ResNet50(include_top=False, weights=None, input_shape=shape, pooling="avg")
    body = keras.models.clone_model(body, clone_function=_with_fused_normalization)
    return keras.Model(body.input, layers.Dense(embedding, dtype=keras.config.floatx())(body.output))


def _with_fused_normalization(layer: layers.Layer) -> layers.Layer:
    kind = BatchNormalization if isinstance(layer, layers.BatchNormalization) else type(layer)
    return kind.from_config(layer.get_config())


TRUNKS = {"resnet10": resnet10, "resnet50": resnet50}
