#!/usr/bin/env python3
"""Recovers the torture messages of RFC 4475 and RFC 5118 from local copies of the two texts.

    import.py rfc4475.txt rfc5118.txt            writes rfc4475/ and rfc5118/ beside this script
    import.py --check rfc4475.txt rfc5118.txt    compares instead, and fails when a file differs

Each RFC carries its messages bit for bit in Appendix A: a gzip-compressed tar archive in base64,
broken by the page headers of the text. Nothing is downloaded.
"""

import base64
import gzip
import io
import pathlib
import re
import sys
import tarfile

HERE = pathlib.Path(__file__).resolve().parent
BEGIN, END = "-- BEGIN MESSAGE ARCHIVE --", "-- END MESSAGE ARCHIVE --"


def messages(rfc_text):
    """The archive's files: name without directory, and bytes."""
    # The first mention of the marks is in the Perl script that the RFC shows.
    archive = rfc_text[rfc_text.rindex(BEGIN) + len(BEGIN) : rfc_text.rindex(END)]
    # A page break is lines of several words; a line of base64 is one word.
    lines = [line.strip() for line in archive.splitlines()]
    data = "".join(line for line in lines if re.fullmatch(r"[A-Za-z0-9+/=]+", line))
    tar = gzip.decompress(base64.b64decode(data, validate=True))
    with tarfile.open(fileobj=io.BytesIO(tar)) as files:
        for entry in files:
            if entry.isfile():
                yield pathlib.PurePosixPath(entry.name).name, files.extractfile(entry).read()


def main(arguments):
    check = arguments[:1] == ["--check"]
    paths = arguments[1:] if check else arguments
    if len(paths) != 2:
        sys.exit(__doc__)
    differing = []
    for directory, path in zip(("rfc4475", "rfc5118"), paths):
        target = HERE / directory
        target.mkdir(exist_ok=True)
        count = 0
        for name, data in messages(pathlib.Path(path).read_text(encoding="latin-1")):
            file = target / (pathlib.PurePosixPath(name).stem + ".dat")
            count += 1
            if not check:
                file.write_bytes(data)
            elif not file.is_file() or file.read_bytes() != data:
                differing.append(str(file))
        print(f"{directory}: {count} messages")
    if differing:
        sys.exit("differ from the RFC: " + ", ".join(differing))


main(sys.argv[1:])
