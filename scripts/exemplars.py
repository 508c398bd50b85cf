"""The exemplars of the biggest clusters as sounds and pictures, and a list of them for the page of results."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import soundfile
from PIL import Image

from c3.cli import replacing, replacing_folder, run
from c3.data import accounts, manifest, media
from c3.report import exemplars

SAMPLE_RATE = 32_000  # Hz: for ears, not for the network


def main(args):
    with np.load(args.portraits) as opened:
        portraits = dict(opened)
    segments = manifest.read(args.manifest).set_index("segment_id")
    known = accounts.versions(accounts.read_files(args.files))
    classes = pd.read_csv(args.classes, dtype=str, keep_default_na=False)
    names = dict(zip(classes["label"], classes["name"], strict=True))
    heard = np.concatenate([portraits["spectrograms"].ravel(), portraits["context"].ravel()])
    darkest_brightest = np.nanpercentile(heard, [1, 99.5]) if np.isfinite(heard).any() else (0, 1)
    with replacing_folder(Path(args.out).with_suffix("")) as folder:
        clusters = [
            cluster(portraits, place, segments, known, names, darkest_brightest, folder)
            for place in range(len(portraits["cluster"]))
        ]
    listed = {
        "model": str(portraits["model"]),
        "seed": args.seed,
        "windows": int(portraits["windows"]),
        "window_seconds": float(portraits["seconds"]),
        "low_hz": float(portraits["low_hz"]),
        "high_hz": float(portraits["high_hz"]),
        "clusters": clusters,
    }
    with replacing(args.out) as out:
        out.write_text(json.dumps(listed, indent=1, ensure_ascii=False))


def cluster(portraits, place, segments, known, names, darkest_brightest, folder):
    """What the page shows of a cluster; the files of its exemplars are written into ``folder``."""
    shares = zip(portraits["names"][place].tolist(), portraits["shares"][place].tolist(), strict=True)
    seconds, found = float(portraits["seconds"]), []
    for number in np.flatnonzero(portraits["numbers"][place] >= 0):
        segment = segments.loc[portraits["segments"][place, number]]
        window = int(portraits["numbers"][place, number])
        context = portraits["context"][place, number]
        before, after = (bool(np.isfinite(side).all()) for side in context)
        shown = [context[0]] * before + [portraits["spectrograms"][place, number]] + [context[1]] * after
        name = f"{place + 1:02d}-{number + 1}"
        exemplars.picture(np.concatenate(shown), *darkest_brightest).save(folder / f"{name}.png")
        if portraits["has_frame"][place, number]:
            Image.fromarray(portraits["frames"][place, number]).save(folder / f"{name}.frame.png")
        start, length = exemplars.piece(segment, window, before, after, seconds)
        found.append(
            {
                "segment": str(segment.name),
                "recording": segment.recording_id,
                "start": round(segment.start + window * seconds, 3),
                "classes": [names[label] for label in segment.labels],
                "before": int(before),
                "after": int(after),
                "spectrogram": f"{folder.name}/{name}.png",
                "frame": f"{folder.name}/{name}.frame.png" if portraits["has_frame"][place, number] else None,
                **sound(segment.audio_path, known, start, length, folder, f"{name}.flac"),
            }
        )
    return {
        "cluster": int(portraits["cluster"][place]),
        "size": int(portraits["size"][place]),
        "classes": [{"name": name, "share": round(share, 4)} for name, share in shares if name],
        "exemplars": found,
    }


def sound(path, known, start, seconds, folder, name):
    """Write a clip; a recording that has gone, or is another by now, leaves a page without it, which says why."""
    try:
        accounts.check_version(path, known)
        samples = media.decode_audio(path, start, seconds, SAMPLE_RATE)
    except media.Quarantined as reason:
        return {"sound": None, "silence": f"The recording is {reason}."}
    if not len(samples):
        return {"sound": None, "silence": "The recording is truncated."}
    soundfile.write(folder / name, exemplars.audible(samples, SAMPLE_RATE), SAMPLE_RATE)
    return {"sound": f"{folder.name}/{name}", "silence": None}


if __name__ == "__main__":
    run(
        main,
        portraits={},
        seed={"type": int, "help": "of the training that made the clusters"},
        manifest={},
        files={"help": "the files that the manifest was made of, CSV"},
        classes={},
        out={"help": "the list, JSON; sounds and pictures go into the folder of the same name beside it"},
    )
