"""Order to cash and procure to pay over a real Tryton, from the script that plays them anywhere."""

import asyncio
import os
import sys
from pathlib import Path
from typing import Any

import pytest
from live_tryton import over_tryton

from open_policies import permitting_all
from switchgear_shared.testing import running, settings_for

SCRIPT = Path(__file__).parents[2] / "examples" / "trade.py"
WHO_AND_WHAT = ("Brandt Maschinenbau GmbH", "BRK-016", "Kupfer und Draht KG", "BRK-016")

pytestmark = pytest.mark.live


async def test_a_sale_and_a_purchase_go_all_their_way_through_tryton(
    tmp_path: Path, tryton: dict[str, Any]
) -> None:
    settings = settings_for(
        tmp_path,
        inventory_backend="tryton",
        crm_backend="tryton",
        policies=permitting_all(tmp_path),
        **over_tryton(tryton, "erp"),
    )
    async with running(settings, ["erp", "inventory", "registry"]) as suite:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *(SCRIPT, *WHO_AND_WHAT),
            env={
                **os.environ,
                "TOKEN": await suite.token("back-office"),
                "SWITCHGEAR_URL": suite.url,
            },
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        async with asyncio.timeout(300):
            output, _ = await process.communicate()

    transcript = output.decode()
    assert process.returncode == 0, transcript
    assert transcript.rstrip().endswith("✓ the books balance")
    assert transcript.count("✓") == 8
