"""Files whose content is cut or changed give a sentence that names them."""

import numpy as np
import pandas as pd
import pytest

from c3.data import accounts, manifest, store
from c3.data.reading import read_array, read_parquet, read_table, reading
from c3.errors import C3Error

ROW = ("a_0", "a", "a.wav", None, 0.0, 1.0, 0.0, ["x"], "train")


def write_objects(path):
    np.save(path, np.array([print], object), allow_pickle=True)


WRITERS = {
    "manifest.parquet": (
        lambda path: manifest.write(pd.DataFrame([ROW], columns=manifest.COLUMNS), path),
        manifest.read,
    ),
    "vectors.npy": (lambda path: np.save(path, np.ones((9, 4))), read_array),
    "windows.parquet": (
        lambda path: pd.DataFrame({"window": [1, 2]}).to_parquet(path),
        lambda path: read_parquet(path, ["window"]),
    ),
}


@pytest.mark.parametrize("name", WRITERS)
def test_a_file_that_is_cut_anywhere_is_told(name, tmp_path):
    write, read = WRITERS[name]
    path = tmp_path / name
    write(path)
    whole = path.read_bytes()
    read(path)
    for length in range(0, len(whole), 7):
        path.write_bytes(whole[:length])
        with pytest.raises(C3Error, match=rf"{name} cannot be read \(.*\); allowed is") as caught:
            read(path)
        assert len(str(caught.value).splitlines()) == 1
    path.unlink()
    with pytest.raises(C3Error, match=f"{name} is missing; allowed is"):
        read(path)


def test_an_array_of_objects_is_refused_as_it_may_run_programs(tmp_path):
    write_objects(tmp_path / "a.npy")
    with pytest.raises(C3Error, match=r"a\.npy cannot be read \(Array can't be memory-mapped|Object arrays"):
        read_array(tmp_path / "a.npy")


@pytest.mark.parametrize("error", [RuntimeError("free block size is zero?"), OverflowError(), MemoryError("so much")])
def test_whatever_a_reader_raises_is_told(error, tmp_path):
    with pytest.raises(C3Error) as caught, reading(tmp_path / "a.h5", "a checkpoint"):
        raise error
    assert f"a.h5 cannot be read ({str(error) or type(error).__name__}); allowed is a checkpoint." in str(caught.value)


def test_a_value_with_line_breaks_stays_within_the_sentence():
    assert str(C3Error("a.csv: the row 'a\nb\r\nc' is wrong")) == "a.csv: the row 'a b c' is wrong"


def test_a_table_without_its_columns_is_told(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("segment_id,path\na,b\n")
    with pytest.raises(C3Error, match=r"a\.csv cannot be read \(it has no column reason\)"):
        store.read_quarantine(path)
    with pytest.raises(C3Error, match=r"it has no column account"):
        accounts.read_files(path)
    assert len(read_table(path, ["path"])) == 1
