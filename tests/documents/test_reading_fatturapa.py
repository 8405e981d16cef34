"""FatturaPA invoices are read with the totals that the format leaves to be added up."""

import pytest

from documents.reading_of import failures, read, said, values

PARTY = """<{role}><DatiAnagrafici><IdFiscaleIVA><IdPaese>IT</IdPaese><IdCodice>{vat}</IdCodice>
</IdFiscaleIVA><Anagrafica>{name}</Anagrafica></DatiAnagrafici></{role}>"""
HEADER = "".join(
    (
        "<FatturaElettronicaHeader>",
        PARTY.format(
            role="CedentePrestatore",
            vat="00743110157",
            name="<Denominazione>Officine Rossi S.r.l.</Denominazione>",
        ),
        PARTY.format(
            role="CessionarioCommittente",
            vat="07654321004",
            name="<Nome>Anna</Nome><Cognome>Bianchi</Cognome>",
        ),
        "</FatturaElettronicaHeader>",
    )
)
BODY = """<FatturaElettronicaBody><DatiGenerali><DatiGeneraliDocumento>
<TipoDocumento>TD01</TipoDocumento><Divisa>EUR</Divisa><Data>2026-03-02</Data><Numero>42/A</Numero>
<ImportoTotaleDocumento>126.40</ImportoTotaleDocumento></DatiGeneraliDocumento>
<DatiOrdineAcquisto><IdDocumento>PO-1007</IdDocumento></DatiOrdineAcquisto></DatiGenerali>
<DatiBeniServizi><DettaglioLinee><NumeroLinea>1</NumeroLinea><CodiceArticolo>
<CodiceTipo>INT</CodiceTipo><CodiceValore>V-8</CodiceValore></CodiceArticolo>
<Descrizione>Vite</Descrizione><Quantita>8.00</Quantita><UnitaMisura>PZ</UnitaMisura>
<PrezzoUnitario>10.00</PrezzoUnitario><PrezzoTotale>80.00</PrezzoTotale>
<AliquotaIVA>22.00</AliquotaIVA></DettaglioLinee>
<DettaglioLinee><NumeroLinea>2</NumeroLinea><Descrizione>Manuale</Descrizione>
<PrezzoUnitario>25.00</PrezzoUnitario><PrezzoTotale>25.00</PrezzoTotale>
<AliquotaIVA>4.00</AliquotaIVA></DettaglioLinee>
<DatiRiepilogo><AliquotaIVA>22.00</AliquotaIVA><ImponibileImporto>80.00</ImponibileImporto>
<Imposta>17.60</Imposta></DatiRiepilogo>
<DatiRiepilogo><AliquotaIVA>4.00</AliquotaIVA><ImponibileImporto>25.00</ImponibileImporto>
<Imposta>1.00</Imposta></DatiRiepilogo></DatiBeniServizi>
<DatiPagamento><CondizioniPagamento>TP02</CondizioniPagamento><DettaglioPagamento>
<DataScadenzaPagamento>2026-04-01</DataScadenzaPagamento><ImportoPagamento>126.40</ImportoPagamento>
<IBAN>IT60X0542811101000000123456</IBAN></DettaglioPagamento></DatiPagamento>
</FatturaElettronicaBody>""".replace("126.40", "123.60")


def fattura(*bodies: str, prefix: str = "p") -> str:
    namespace = "http://ivaservizi.agenziaentrate.gov.it/docs/xsd/fatture/v1.2"
    return (
        f"<?xml version='1.0'?><{prefix}:FatturaElettronica versione='FPR12' "
        f"xmlns:{prefix}='{namespace}'>{HEADER}{''.join(bodies)}</{prefix}:FatturaElettronica>"
    )


def test_an_invoice_is_read_with_totals_over_its_rates() -> None:
    reading = read(fattura(BODY), ".xml")

    assert (reading.format, reading.document_type, reading.classifier) == (
        "fatturapa",
        "invoice",
        "e-invoice/type-code",
    )
    assert values(reading) == {
        "number": "42/A",
        "date": "2026-03-02",
        "due_date": "2026-04-01",
        "supplier": "Officine Rossi S.r.l.",
        "supplier_vat": "IT00743110157",
        "buyer": "Anna Bianchi",
        "buyer_vat": "IT07654321004",
        "currency": "EUR",
        "total_net": "105.00",
        "total_tax": "18.60",
        "total_gross": "123.60",
        "total_due": "123.60",
        "iban": "IT60X0542811101000000123456",
        "order_ref": "PO-1007",
        "document_type_code": "TD01",
    }
    assert said(reading.lines) == [
        {
            "line_no": "1",
            "description": "Vite",
            "seller_item_id": "V-8",
            "quantity": "8.00",
            "unit": "PZ",
            "unit_price": "10.00",
            "net": "80.00",
            "tax_percent": "22.00",
        },
        {
            "line_no": "2",
            "description": "Manuale",
            "unit_price": "25.00",
            "net": "25.00",
            "tax_percent": "4.00",
        },
    ]
    assert failures(reading) == []


def test_a_total_that_is_left_out_is_what_the_rates_make() -> None:
    text = fattura(BODY).replace("<ImportoTotaleDocumento>123.60</ImportoTotaleDocumento>", "")

    assert values(read(text, ".xml"))["total_gross"] == "123.60"
    assert failures(read(text, ".xml")) == []


@pytest.mark.parametrize(
    ("code", "found"), [("TD04", "credit_note"), ("TD24", "invoice"), ("TD06", "invoice")]
)
def test_the_type_code_tells_a_credit_note(code: str, found: str) -> None:
    assert read(fattura(BODY).replace("TD01", code), ".xml").document_type == found


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param(
            "</DatiGeneraliDocumento>",
            "<DatiRitenuta><ImportoRitenuta>21.00</ImportoRitenuta></DatiRitenuta>"
            "</DatiGeneraliDocumento>|<ImportoPagamento>102.60",
            id="a tax that the buyer withholds",
        ),
        pytest.param(
            "<Imposta>17.60</Imposta>",
            "<Imposta>17.60</Imposta><EsigibilitaIVA>S</EsigibilitaIVA>|<ImportoPagamento>106.00",
            id="a tax that a public body pays itself",
        ),
        pytest.param(
            "<ImportoTotaleDocumento>123.60",
            "<DatiBollo><ImportoBollo>2.00</ImportoBollo></DatiBollo>"
            "<ImportoTotaleDocumento>125.60|<ImportoPagamento>125.60",
            id="a stamp duty in the total",
        ),
    ],
)
def test_what_lowers_or_raises_the_sum_to_pay_is_counted(old: str, new: str) -> None:
    changed, paid = new.split("|")
    text = fattura(BODY).replace("<ImportoPagamento>123.60", paid).replace(old, changed)

    assert text.count(changed) == 1
    assert failures(read(text, ".xml")) == []


@pytest.mark.parametrize(("total", "is_right"), [("79.00", True), ("78.99", False)])
def test_lines_may_be_one_euro_from_the_summary_and_no_more(total: str, *, is_right: bool) -> None:
    text = fattura(BODY).replace("<PrezzoTotale>80.00", f"<PrezzoTotale>{total}")

    names = [name for name, _ in failures(read(text, ".xml"))]
    assert names == ([] if is_right else ["lines_and_charges_are_net"])


def test_a_lot_of_two_invoices_says_so() -> None:
    reading = read(fattura(BODY, BODY.replace("42/A", "43/A")), ".xml")

    assert values(reading)["number"] == "42/A"
    assert failures(reading) == [("one_document", "the file holds 2 invoices, the first is read")]


def test_a_vat_number_with_a_digit_wrong_is_found_out() -> None:
    (failed,) = failures(read(fattura(BODY).replace("00743110157", "00743110158"), ".xml"))

    assert failed[0] == "supplier_vat_is_valid"
