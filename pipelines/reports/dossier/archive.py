"""Office files are archives that keep the hour of the machine: the same ones, dated by content."""

import io
import re
import zipfile
from datetime import datetime
from pathlib import PurePosixPath

LE_PLUS_ANCIEN = (1980, 1, 1, 0, 0, 0)
"""The date a zip archive gives what has none."""
DATES = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def sans_horloge(octets: bytes, le: datetime) -> bytes:
    """The same archive, dated `le` and not by the machine."""
    date = le.strftime("%Y-%m-%dT%H:%M:%SZ").encode()
    sortie = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(octets)) as lue,
        zipfile.ZipFile(sortie, "w", zipfile.ZIP_DEFLATED) as ecrite,
    ):
        for nom in lue.namelist():
            contenu = lue.read(nom)
            if nom.endswith(".xlsx"):
                contenu = sans_horloge(contenu, le)
            elif PurePosixPath(nom).name == "core.xml":
                contenu = DATES.sub(date, contenu)
            ecrite.writestr(zipfile.ZipInfo(nom, LE_PLUS_ANCIEN), contenu, zipfile.ZIP_DEFLATED)
    return sortie.getvalue()
