"""Words by RapidOCR: models inside its package, no network, lines read side by side."""

import logging
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import cv2
import numpy as np
from PIL.Image import Image
from rapidocr import RapidOCR
from rapidocr.ch_ppocr_rec import TextRecInput, TextRecOutput

from switchgear_documents.reading.engines import EngineName
from switchgear_documents.reading.pictures import turned
from switchgear_documents.reading.words import Box, Word

_UPRIGHT = 1.5
_SURE = 0.9
_LEAST_CROP = [3, 48, 32]
"""A line is padded to this width: to 320 as it comes, which most words and amounts do not fill."""
_MOST_THREADS = 2
"""A page is waited for half as long; more would only take from the other workers."""


class Rapid:
    """See Engine. It finds lines; each word gets its share of its line's width."""

    name: EngineName = "rapidocr"

    def __init__(self) -> None:
        cv2.setNumThreads(0)
        logging.getLogger("RapidOCR").setLevel(logging.ERROR)
        self._engine = RapidOCR(
            params={
                "Global.log_level": "error",
                "EngineConfig.onnxruntime.intra_op_num_threads": 1,
                "EngineConfig.onnxruntime.inter_op_num_threads": 1,
                "EngineConfig.onnxruntime.enable_cpu_mem_arena": True,  # a fifth less time
                "Rec.rec_batch_num": 1,  # on one thread a batch only pads
                "Rec.rec_img_shape": _LEAST_CROP,
            }
        )
        blank = np.full((64, 256, 3), 255, np.uint8)
        cv2.putText(blank, "warm 1", (8, 44), cv2.FONT_HERSHEY_SIMPLEX, 1.2, (0, 0, 0), 2)
        self._engine(blank)
        alone: Any = self._engine.text_rec
        self._engine.text_rec = _SideBySide(alone)  # type: ignore[assignment] - called as it is

    def read(self, picture: Image) -> tuple[tuple[Word, ...], float]:
        """See Engine."""
        lines = self._lines(picture)
        aspect = picture.width / picture.height
        tall = [box for _, box, _ in lines if box.height > _UPRIGHT * box.width * aspect]
        if len(tall) * 2 > len(lines):
            one, other = turned(picture, 1), turned(picture, 3)
            first, second = self._lines(one, upright=True), self._lines(other, upright=True)
            picture, lines = (one, first) if _worth(first) >= _worth(second) else (other, second)
        words = tuple(word for text, box, sure in lines for word in _split(text, box, sure))
        return words, picture.width / picture.height

    def _lines(self, picture: Image, *, upright: bool = False) -> list[tuple[str, Box, float]]:
        colours = np.repeat(np.asarray(picture)[:, :, None], 3, axis=2)
        found: Any = self._engine(colours, use_cls=not upright)  # one of several kinds by the steps
        if found.boxes is None or found.txts is None or found.scores is None:
            return []
        width, height = picture.size
        return [
            (
                text,
                Box(
                    float(corners[:, 0].min()) / width,
                    float(corners[:, 1].min()) / height,
                    float(corners[:, 0].max()) / width,
                    float(corners[:, 1].max()) / height,
                ),
                float(score),
            )
            for corners, text, score in zip(found.boxes, found.txts, found.scores, strict=True)
        ]


def _worth(lines: list[tuple[str, Box, float]]) -> float:
    return sum(len(text) * sure for text, _, sure in lines if sure > _SURE)


def _split(text: str, box: Box, sure: float) -> list[Word]:
    """Return the words of a line, each as wide as its letters are among the line's."""
    words: list[Word] = []
    letter = box.width / max(len(text), 1)
    start = 0
    for part in text.split(" "):
        if part:
            left = box.left + start * letter
            words.append(
                Word(part, Box(left, box.top, left + len(part) * letter, box.bottom), sure)
            )
        start += len(part) + 1
    return words


class _SideBySide:
    """A recogniser whose lines are shared out over threads; each is read alone in any case.

    The threads are started at once, for a worker may soon start no more.
    """

    def __init__(self, recognise: Callable[[TextRecInput], Any]) -> None:
        self._recognise = recognise
        self._threads = min(_MOST_THREADS, len(os.sched_getaffinity(0)))
        self._pool = ThreadPoolExecutor(self._threads)
        all_there = Barrier(self._threads)
        list(self._pool.map(lambda _: all_there.wait(), range(self._threads)))

    def _read(self, lines: Any, share: list[int]) -> tuple[list[int], list[tuple[str, float]]]:
        if not share:
            return share, []
        found = self._recognise(TextRecInput([lines[place] for place in share]))
        return share, list(zip(found.txts, found.scores, strict=True))

    def __call__(self, asked: TextRecInput) -> TextRecOutput:
        lines: Any = asked.img
        by_length = sorted(range(len(lines)), key=lambda place: _length(lines[place]))
        shares = [by_length[first :: self._threads] for first in range(self._threads)]
        read: dict[int, tuple[str, float]] = {}
        for share, found in self._pool.map(lambda share: self._read(lines, share), shares):
            read.update(zip(share, found, strict=True))
        texts, scores = zip(*(read[place] for place in range(len(lines))), strict=True)
        return TextRecOutput(lines, texts, scores, word_results=(None,) * len(lines))  # type: ignore[arg-type] - its types say one line


def _length(line: np.ndarray) -> float:
    height, width = line.shape[:2]
    return width / height
