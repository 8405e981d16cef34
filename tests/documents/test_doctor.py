"""`switchgear doctor` says which engines can read scans here."""

import json
import subprocess
import sys
from pathlib import Path

from switchgear_documents.reading.engines import engine_findings


def test_doctor_tells_of_each_engine_and_what_happens_without_it(tmp_path: Path) -> None:
    command = [str(Path(sys.executable).with_name("switchgear")), "doctor", "--json"]
    result = subprocess.run(
        [*command, "--data", str(tmp_path)], capture_output=True, text=True, timeout=120, check=True
    )

    rows = {row["check"]: row["result"] for row in json.loads(result.stdout)}
    found = dict(engine_findings())
    assert set(found) == {"scans by tesseract", "scans by rapidocr"}
    assert {name: rows[name] for name in found} == found
