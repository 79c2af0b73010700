"""Opening bundles without trusting them."""

import io
import os
import stat
import struct
import zipfile
from pathlib import Path

import pytest

from incidents.core.errors import InputError
from incidents.ingest.bundle.client import CountedStream, DamagedFileError, Limits, open_bundle
from tests.ingest.bundles import good_files, make_folder, make_zip


def refusal(path: Path, limits: Limits | None = None) -> str:
    """Open what must be refused; return what is said."""
    with pytest.raises(InputError) as caught, open_bundle(path, limits):
        pass
    return str(caught.value)


def test_a_folder_and_its_zip_hold_the_same_files(tmp_path: Path) -> None:
    folder = make_folder(tmp_path)
    (folder / "README.md").write_text("about")
    (folder / "notes.txt").write_text("other")
    with open_bundle(folder) as bundle:
        seen = {name: file.size for name, file in bundle.files.items()}
        assert bundle.others == ["notes.txt"]
    with open_bundle(make_zip(tmp_path)) as bundle:
        assert {name: file.size for name, file in bundle.files.items()} == seen
        with bundle.files["exposure.csv"].open() as stream:
            assert stream.read() == good_files()["exposure.csv"]


@pytest.mark.parametrize("prefix", ["", "deep/er/"])
def test_the_bundle_may_lie_at_any_depth(tmp_path: Path, prefix: str) -> None:
    with open_bundle(make_zip(tmp_path, prefix)) as bundle:
        assert "tickets.jsonl" in bundle.files


def test_shadows_of_other_systems_are_left_aside(tmp_path: Path) -> None:
    path = make_zip(tmp_path)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("__MACOSX/bundle/case.json", b"shadow")
    with open_bundle(path) as bundle:
        assert bundle.others == []


def test_what_is_no_bundle_is_told_with_a_remedy(tmp_path: Path) -> None:
    assert "no such file" in refusal(tmp_path / "absent")
    empty = tmp_path / "empty"
    empty.mkdir()
    assert "holds no case.json" in refusal(empty)
    text = tmp_path / "text.zip"
    text.write_bytes(b"x")
    assert "neither a folder nor a zip" in refusal(text)
    cut = tmp_path / "cut.zip"
    cut.write_bytes(make_zip(tmp_path).read_bytes()[:-40])
    assert "neither a folder nor a zip" in refusal(cut)


def test_two_cases_in_one_zip_are_refused(tmp_path: Path) -> None:
    path = make_zip(tmp_path)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("other/case.json", b"{}")
    assert "holds 2 files named case.json" in refusal(path)


@pytest.mark.parametrize("prefix", ["../../etc/", "/etc/", "a/../../b/"])
def test_a_name_that_leads_out_is_refused(tmp_path: Path, prefix: str) -> None:
    assert "leads out of it" in refusal(make_zip(tmp_path, prefix))


def test_a_member_that_leads_out_is_never_read(tmp_path: Path) -> None:
    path = make_zip(tmp_path)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("bundle/../../tickets.csv", b"id\n")
    with open_bundle(path) as bundle:
        assert "tickets.csv" not in bundle.files
        assert bundle.others == ["bundle/../../tickets.csv"]
    assert not (tmp_path.parent / "tickets.csv").exists()


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    path = make_zip(tmp_path, tickets=b"\0" * 3_000_000)
    assert "would unpack from" in refusal(path, Limits(ratio_from=1_000_000))


def test_an_archive_that_lies_about_its_size_is_stopped_while_reading(tmp_path: Path) -> None:
    zeros = b"0" * 3_000_000
    path = make_zip(tmp_path, tickets=zeros)
    raw = bytearray(path.read_bytes())
    # The size after unpacking stands in the central directory; it now says 10 bytes.
    place = raw.find(struct.pack("<L", len(zeros)), raw.find(b"PK\x01\x02"))
    raw[place : place + 4] = struct.pack("<L", 10)
    path.write_bytes(raw)
    with (
        open_bundle(path, Limits(ratio_from=100_000)) as bundle,
        pytest.raises(DamagedFileError, match="CRC"),
        bundle.files["tickets.jsonl"].open() as stream,
    ):
        stream.read()


def test_many_members_are_refused(tmp_path: Path) -> None:
    path = make_zip(tmp_path)
    with zipfile.ZipFile(path, "a") as archive:
        for number in range(30):
            archive.writestr(f"bundle/{number}.txt", b"")
    assert "files" in refusal(path, Limits(members=20))


def test_links_passwords_and_strange_methods_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "link.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("case.json", b"{}")
        link = zipfile.ZipInfo("tickets.jsonl")
        link.create_system = 3
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
    assert "is a link" in refusal(path)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_BZIP2) as archive:
        archive.writestr("case.json", b"{}")
    assert "method" in refusal(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("case.json", b"{}")
    raw = bytearray(path.read_bytes())
    raw[raw.find(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(raw)
    assert "encrypted" in refusal(path)


def test_a_file_twice_is_refused(tmp_path: Path) -> None:
    path = make_zip(tmp_path)
    with pytest.warns(UserWarning, match="Duplicate name"), zipfile.ZipFile(path, "a") as archive:
        archive.writestr("bundle/tickets.jsonl", b"")
    assert "tickets.jsonl twice" in refusal(path)


def test_a_broken_member_is_told_while_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "broken.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name, raw in good_files().items():
            archive.writestr(name, raw)
    raw = path.read_bytes().replace(b"takes ages.", b"takes agos.")
    path.write_bytes(raw)
    with (
        open_bundle(path) as bundle,
        pytest.raises(DamagedFileError, match="cannot be read"),
        bundle.files["tickets.jsonl"].open() as stream,
    ):
        stream.read()


def test_a_stream_stops_at_its_limit_and_tells_how_far_it_is() -> None:
    heard: list[int] = []
    stream = io.BufferedReader(CountedStream(io.BytesIO(b"x" * 100), limit=60, on_read=heard.append), buffer_size=50)
    assert stream.read(50) == b"x" * 50
    with pytest.raises(DamagedFileError, match="60"):
        stream.read(50)
    assert heard == [50]


def test_a_folder_may_hold_a_link_to_a_file_but_no_folder_counts_as_one(tmp_path: Path) -> None:
    folder = make_folder(tmp_path)
    (folder / "evals.jsonl").unlink()
    (folder / "evals.jsonl").mkdir()
    os.symlink(tmp_path / "nowhere", folder / "metrics.parquet")
    with open_bundle(folder) as bundle:
        assert "evals.jsonl" not in bundle.files
        assert "metrics.parquet" not in bundle.files
