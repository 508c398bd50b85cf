"""The one network: trunks that make embeddings, heads on top of them. Written against ``keras.ops``."""
