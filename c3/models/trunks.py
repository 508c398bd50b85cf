"""Trunks: from a window or a frame to an embedding."""

import keras
from keras import layers


def resnet10(shape: tuple[int, int, int], embedding: int) -> keras.Model:
    """A narrow ResNet with one basic block in each of four stages, 0.3 M parameters, for CPUs.

    Shapes for a window: (96, 64, 1) → stem (24, 16, 16) → (24, 16, 16) → (12, 8, 32) → (6, 4, 64) → (3, 2, 128)
    → pooled (128) → (embedding). He et al., CVPR 2016.
    """

    def convolve(x, width, size, stride):
        x = layers.Conv2D(width, size, strides=stride, padding="same", use_bias=False)(x)
        return layers.BatchNormalization(momentum=0.9)(x)

    inputs = keras.Input(shape)
    x = layers.ReLU()(convolve(inputs, 16, 5, 2))
    x = layers.MaxPooling2D(3, 2, padding="same")(x)
    for width, stride in ((16, 1), (32, 2), (64, 2), (128, 2)):
        y = layers.ReLU()(convolve(x, width, 3, stride))
        y = convolve(y, width, 3, 1)
        shortcut = x if stride == 1 else convolve(x, width, 1, stride)
        x = layers.ReLU()(layers.Add()([y, shortcut]))
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(inputs, layers.Dense(embedding)(x))


def resnet50(shape: tuple[int, int, int], embedding: int) -> keras.Model:
    """The paper's trunk: ResNet-50 without weights, average-pooled (2048) and projected to (embedding)."""
    body = keras.applications.ResNet50(include_top=False, weights=None, input_shape=shape, pooling="avg")
    return keras.Model(body.input, layers.Dense(embedding)(body.output))


TRUNKS = {"resnet10": resnet10, "resnet50": resnet50}
