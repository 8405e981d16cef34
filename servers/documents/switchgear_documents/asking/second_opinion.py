"""A second opinion on a reading that is in doubt, weighed against the first."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from switchgear_documents.asking.grounding import ground
from switchgear_documents.asking.questions import FieldsAnswer, TypeAnswer, which_fields, which_type
from switchgear_documents.asking.router import Advice, ModelRouter
from switchgear_documents.asking.spending import Subject
from switchgear_documents.kinds import KINDS
from switchgear_documents.reading.checks import make_checks
from switchgear_documents.reading.einvoice import TOTAL_FIELDS
from switchgear_documents.reading.extract import Extract
from switchgear_documents.reading.reading import EXACT, Check, FieldName, FieldReading, Reading
from switchgear_shared.contracts.event_data import DocumentModelAsked

SAID = "model_values_are_in_the_document"
_OWN = ("template/", "own/", "signature/")
_MOST_SURE = 0.99
_DISPUTED = 0.5
_ASKED: tuple[FieldName, ...] = (
    *("number", "date", "due_date", "supplier", "supplier_vat", "buyer", "buyer_vat", "currency"),
    *("total_net", "total_tax", "total_gross", "iban", "order_ref"),
)


@dataclass(frozen=True, slots=True)
class Opinion:
    """The reading as it stands after the models were heard, and every decision on the way."""

    reading: Reading
    decisions: tuple[DocumentModelAsked, ...] = ()


class SecondOpinion:
    """Asks the models about what is in doubt, and only about that.

    What a format states exactly, a template taught or a sender said is not asked again. Two that
    agree make each other surer, as independent witnesses do; where they disagree the surer one
    stands, halved, so that a person looks.
    """

    def __init__(self, router: ModelRouter) -> None:
        self._router = router

    async def hear(self, subject: Subject, reading: Reading, text: str, today: date) -> Opinion:
        """Return the reading with what the models add; whole as it was where nobody answers."""
        if not self._may_ask(subject, reading, text):
            return Opinion(reading)
        most = self._router.catalogue.most_characters
        decisions: tuple[DocumentModelAsked, ...] = ()
        if _type_is_in_doubt(reading):
            about_type = await self._router.ask(subject, which_type(text, most))
            decisions += about_type.decisions
            reading = _with_type(reading, about_type)
        if reading.document_type in self._router.catalogue.keep_types:
            return Opinion(reading, decisions)
        if names := _fields_in_doubt(reading):
            question = which_fields(text, reading.document_type, names, most)
            about_fields = await self._router.ask(subject, question)
            decisions += about_fields.decisions
            reading = _with_fields(reading, about_fields, text, today)
        return Opinion(reading, decisions)

    async def close(self) -> None:
        """Give up the connections to the models."""
        await self._router.close()

    def _may_ask(self, subject: Subject, reading: Reading, text: str) -> bool:
        catalogue = self._router.catalogue
        return (
            bool(text.strip())
            and reading.format not in EXACT
            and not reading.attachments
            and subject.tenant not in catalogue.keep_tenants
            and reading.document_type not in catalogue.keep_types
        )


def _type_is_in_doubt(reading: Reading) -> bool:
    if reading.classifier.startswith(_OWN) or reading.classifier == "sender":
        return False
    least = KINDS[reading.document_type].straight_through_confidence
    return reading.document_type == "other" or reading.confidence < least


def _fields_in_doubt(reading: Reading) -> tuple[FieldName, ...]:
    """Return what to ask for: nothing where all that is required is there, sure and adds up."""
    kind = KINDS[reading.document_type]
    sure = {
        field.name
        for field in reading.fields
        if field.value.strip() and field.confidence >= kind.straight_through_confidence
    }
    if set(kind.required_fields) <= sure and not reading.failed_checks():
        return ()
    wanted = kind.required_fields if kind.process is None else (*kind.required_fields, *_ASKED)
    return tuple(dict.fromkeys(wanted))


def _with_type(reading: Reading, advice: Advice[TypeAnswer]) -> Reading:
    if advice.answer is None:
        return reading
    said, local = advice.answer.document_type, reading.confidence
    if said == reading.document_type:
        sure = 1 - (1 - local) * (1 - advice.trust)
        return reading.model_copy(
            update={
                "confidence": round(min(sure, _MOST_SURE), 4),
                "classifier": f"{reading.classifier}+model/{advice.model}"[:64],
            }
        )
    is_other = reading.document_type == "other"  # the reader knew of no type: that is no witness
    if advice.trust <= local and not is_other:
        return reading
    trust = advice.trust if is_other or local < _DISPUTED else advice.trust * _DISPUTED
    return reading.model_copy(
        update={
            "document_type": said,
            "confidence": round(trust, 4),
            "classifier": f"model/{advice.model}"[:64],
        }
    )


def _with_fields(reading: Reading, advice: Advice[FieldsAnswer], text: str, today: date) -> Reading:
    if advice.answer is None:
        return reading
    fields = {field.name: field for field in reading.fields}
    unfounded: list[str] = []
    for said in advice.answer.fields:
        grounded = ground(said.name, said.value, text)
        if grounded is None:
            unfounded.append(said.name)
            continue
        seen = FieldReading(
            name=said.name,
            value=grounded.value,
            confidence=advice.trust,
            place=grounded.place,
            page=grounded.page,
        )
        first = fields.get(said.name)
        fields[said.name] = seen if first is None else _weighed(first, seen)
    kept = reading.model_copy(update={"fields": tuple(fields.values())})
    return kept.model_copy(update={"checks": _checked(kept, advice.model, unfounded, today)})


def _weighed(first: FieldReading, second: FieldReading) -> FieldReading:
    if _bare(first.value) == _bare(second.value):
        sure = 1 - (1 - first.confidence) * (1 - second.confidence)
        return first.model_copy(update={"confidence": round(min(sure, _MOST_SURE), 2)})
    stands = first if first.confidence >= second.confidence else second
    return stands.model_copy(update={"confidence": round(stands.confidence * _DISPUTED, 2)})


def _checked(reading: Reading, model: str, unfounded: list[str], today: date) -> tuple[Check, ...]:
    """Return the checks made anew on the fields as they are now, and those of the page itself."""
    extract = Extract(reading.document_type, reading.classifier, list(reading.fields))
    extract.lines = list(reading.lines)
    extract.line_nets = [Decimal(line.net) for line in reading.lines if line.net is not None]
    for field in reading.fields:
        if (amount := TOTAL_FIELDS.get(field.name)) is not None and _is_plain(field.value):
            extract.amounts[amount] = Decimal(field.value)
    made = make_checks(extract, today)
    names = {check.name for check in made}
    said = Check(
        name=SAID,
        passed=not unfounded,
        detail=f"{model} gave what the document does not show: {', '.join(unfounded)}"
        if unfounded
        else f"all that {model} gave stands in the document",
    )
    return (*(check for check in reading.checks if check.name not in names), *made, said)


def _bare(value: str) -> str:
    return "".join(filter(str.isalnum, value)).casefold()


def _is_plain(value: str) -> bool:
    unsigned = value.removeprefix("-")
    return unsigned.replace(".", "", 1).isdigit()
