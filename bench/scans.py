"""What reading a scan costs: a picture of a page through each engine that is installed here.

One process, CPU time, which counts the engine's threads too; the pages are invented invoices,
askew and grey as a scanner gives them. Run: `.venv/bin/python bench/scans.py [PAGES]`.
"""

import datetime as dt
import math
import sys
import time
from random import Random

from switchgear_documents.generating.as_page import to_png
from switchgear_documents.generating.trade import trade
from switchgear_documents.generating.voice import LANGUAGES, Voice
from switchgear_documents.reading.contents import read_contents
from switchgear_documents.reading.engines import ENGINES, load_engine, missing_reason, tessdata
from switchgear_documents.reading.ocr import Ocr

PAGES = int(sys.argv[1]) if len(sys.argv) > 1 else 20
TODAY = dt.date(2026, 5, 4)
MOST_PIXELS = 40_000_000


def a_scan(place: int) -> bytes:
    """Return the picture of an invoice in one of six languages."""
    rng = Random(place)  # noqa: S311 - chance to repeat, not to hide
    return to_png(trade(Voice(rng, LANGUAGES[place % len(LANGUAGES)]), "invoice"), rng)


def seconds(ocr: Ocr, scan: bytes) -> float:
    """Return the CPU time of reading the picture whole: words, type, fields and checks."""
    begun = time.process_time()
    read_contents(scan, ".png", max_pages=500, today=TODAY, ocr=ocr)
    return time.process_time() - begun


def main() -> None:
    """Print the median and the slow end for each engine."""
    scans = [a_scan(place) for place in range(PAGES)]
    print(f"{'CPU seconds a page':20}{'p50':>8}{'p95':>8}")
    for name in ENGINES:
        reason = missing_reason(name)
        if reason is not None:
            print(f"{name:20}{reason}")
            continue
        ocr = Ocr(load_engine(name, tessdata()), max_pages=10, max_pixels=MOST_PIXELS)
        seconds(ocr, scans[0])
        times = sorted(seconds(ocr, scan) for scan in scans)
        p50, p95 = (times[math.ceil(share * PAGES) - 1] for share in (0.5, 0.95))
        print(f"{name:20}{p50:>8.2f}{p95:>8.2f}")


if __name__ == "__main__":
    main()
