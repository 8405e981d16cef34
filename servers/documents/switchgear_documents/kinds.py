"""What is done with each document type: its process, its required fields, its threshold."""

from switchgear_documents.models import DocumentTypeInfo
from switchgear_documents.reading.own_document import BUNDLE, OURS, own_types
from switchgear_documents.reading.reading import DocumentType, KnownType

_INVOICE_FIELDS = ("number", "date", "supplier", "currency", "total_gross")
_STRAIGHT_THROUGH = 0.9

_FILED_WITH: dict[DocumentType, tuple[str, ...]] = {
    "credit_note": _INVOICE_FIELDS,
    "order_confirmation": ("number", "date", "supplier", "buyer", "total_gross"),
    "delivery_note": ("number", "date", "supplier", "buyer"),
    "receipt": ("supplier", "date", "total_gross"),
    "contract": ("parties", "date", "jurisdiction"),
}
"""Asked of a person if it was read and is not sure; what is missing is not asked for."""

KINDS: dict[KnownType, DocumentTypeInfo] = {
    kind.document_type: kind
    for kind in (
        DocumentTypeInfo(
            document_type="invoice",
            process="supplier_invoice",
            straight_through_confidence=_STRAIGHT_THROUGH,
            required_fields=_INVOICE_FIELDS,
        ),
        DocumentTypeInfo(
            document_type="purchase_order",
            process="customer_order",
            straight_through_confidence=_STRAIGHT_THROUGH,
            required_fields=("number", "date", "buyer"),
        ),
        *(
            DocumentTypeInfo(
                document_type=name,
                process=None,
                straight_through_confidence=_STRAIGHT_THROUGH,
                required_fields=_FILED_WITH.get(name, ()),
            )
            for name in (*OURS, BUNDLE)
            if name not in ("invoice", "purchase_order", "other")
        ),
        DocumentTypeInfo(
            document_type="other",
            process=None,
            straight_through_confidence=1.0,
            required_fields=(),
        ),
    )
} | {
    own.name: DocumentTypeInfo(
        document_type=own.name,
        process=own.process,
        straight_through_confidence=own.straight_through_confidence,
        required_fields=own.required_fields,
    )
    for own in own_types().values()
}
