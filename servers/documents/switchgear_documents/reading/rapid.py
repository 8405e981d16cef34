"""Words by RapidOCR: models inside its package, no network, one thread."""

import logging
from typing import Any

import cv2
import numpy as np
from PIL.Image import Image
from rapidocr import RapidOCR

from switchgear_documents.reading.engines import EngineName
from switchgear_documents.reading.pictures import turned
from switchgear_documents.reading.words import Box, Word

_UPRIGHT = 1.5
_SURE = 0.9
_LEAST_CROP = [3, 48, 32]
"""A line is padded to this width: to 320 as it comes, which most words and amounts do not fill."""


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
