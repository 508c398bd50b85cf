"""From media files to feature shards: manifest, media, features, store, and the sources of segments."""
