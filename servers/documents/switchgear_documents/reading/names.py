"""What the name of a company looks like on paper, and what only stands where names do."""

import re

from switchgear_documents.reading.cues import CUES
from switchgear_documents.reading.words import Cell

_MOST_NAME = 90
_SHORTEST, _LONGEST = 3, 70
_LETTERS = 0.6
_MOST_WORDS = 8
_LONGEST_LINE = 160
_SHORT_SENTENCE = 4


def any_of(
    lines: str, *, whole: bool = True, flags: re.RegexFlag = re.IGNORECASE
) -> re.Pattern[str]:
    """Return the alternatives, one or more to a line, as one pattern; of whole words if `whole`."""
    either = "|".join(line.strip() for line in lines.strip().splitlines())
    return re.compile(rf"(?<!\w)(?:{either})(?!\w)" if whole else either, flags)


LEGAL_FORM = any_of(
    r"""
    GmbH(?: ?& ?Co\.?)?(?: ?KG(?:aA)?)?|mbH|AG|SE|KG|OHG|GbR|e\. ?K\.|e\. ?V\.|eG|a\. ?G\.|VVaG
    UG(?: ?\(haftungsbeschränkt\))?|S\.A\.? de C\.V\.
    Ltd\.?|Limited|PLC|plc|LLC|L\.L\.C\.|LLP|LP|Inc\.?|Incorporated|Corp\.?|Corporation|Co\.|Company
    S\.?A\.?R\.?L\.?|SAS|S\.A\.S\.?|SASU|EURL|SNC|S\.A\.?|SA|SCI|S\.?L\.?U?\.?|S\.r\.l\.?|SRL|Srl
    S\.a\.s\.?|S\.n\.c\.?|(?:&|e|et|y) (?:Figli|Hijos|Fils|Söhne|Sons|Zonen)
    S\.p\.A\.?|SpA|B\.?V\.?|N\.?V\.?|V\.O\.F\.|ApS|A/S|AB|Oy|Oyj|AS|Sp\. ?z ?o\.? ?o\.?|s\.r\.o\.
    Kft\.?|Lda\.?|d\.o\.o\.|Sdn\.? ?Bhd\.?|SDN\.? ?BHD\.?|S/B|Bhd\.?|Pte\.?(?: Ltd\.?)?
    Pty\.?(?: Ltd\.?)?|Pvt\.?|GMBH|LTD\.?|INC\.?|CORP\.?
    """,
    flags=re.RegexFlag(0),
)
ADDRESS = any_of(
    r"""
    \b(?:[A-Z]{1,2}-?)?\d{4,6}\s+[^\W\d_]{2,}|\b[A-Z]{1,2}\d{1,2}[A-Z]? \d[A-Z]{2}\b
    \b\d{4} ?[A-Z]{2}\b|[^\W\d_]{3,}(?:str\.|(?:straße|strasse|weg|allee|platz|gasse|laan)\b)
    \w+straat\b|\b(?:rue|avenue|boulevard|via|calle|street|road|suite|floor|jalan|jln)\b
    \b[A-Z]{2},? \d{5}\b|^\d{1,4}\w?,? (?:\w+\.? ){1,4}(?:blvd|ave|dr|ln|rd|st|way|court|sq|pl)\b
    \b(?:chemin|quai|allée|impasse|avda|plaza|paseo|polígono|corso|piazza|viale|largo|lane|drive)\b
    ^\d{1,4}\w?,? (?:place|rue|route)\b|\w{3,}(?:plein|gracht|kade|singel|platz|ufer|damm) \d
    \bp\.?\s?o\.? box\b|\bpostfach\b|\bpostbus\b|\bapartado\b|\bcasella postale\b
    """,
    whole=False,
)
_NOT_A_NAME = any_of(
    r"""
    invoice|tax invoice|rechnung|facture|factura|fattura|factuur|credit note|gutschrift|avoir
    receipt|quittung|statement|purchase order|order|bestellung|commande|original|copy|kopie
    duplicat\w*|afzender|absender|remitente|mittente|émetteur|expéditeur|fornitore|proveedor\W*$
    fournisseur\W*$|leverancier\W*$|vendedor\W*$|destinatai?r[ei]o?|adressée? à|debiteur|debitor
    page|seite|date|datum|total|logo|tel|fax|phone|e-?mail|www|number|nummer|name
    verkäufer|lieferant\W*$|rechnungs?e?r?steller|(?:seller|supplier|vendor|client)\W*$|käufer
    kunde|buyer|customer|adresse|address|description|ust|vat|tva|gln|siren|siret|iban|bic|hrb
    herrn?|frau|mr|mrs|ms|monsieur|madame|pos|deutschland|germany|france|bemerkung\w*
    testkennzeichen|bill to|sold to|ship to|contract|agency|globale|cash|customer|welcome|thank
    product|property|station|attention|(?:billing|shipping|delivery|postal) address|datos de
    dirección|indirizzo|indirizzi|dati|coordonnées|lieferadresse|rechnungsadresse|versandadresse
    advertiser\W*$|(?:account|sales) (?:executive|manager|office|region|rep\w*)
    billing (?:calendar|type)|special handling|estimate number|remit\w* (?:to|address)\W*$
    factuuradres|afleveradres|bezorgadres|netto\w*|brutto\w*|subtotal\w*|montant|importe|importo
    """
)
_META = any_of(
    r"""
    nummer|number|no|nr|globale nummer|gln|gtin|lief-?nr|kunden-?nr|id|code|tel\w*|phone|fax
    e-?mail|ust|vat|steuer\w*|tva|siren|siret|logo|anschrift|address|adresse
    """
)
_SALUTATION = re.compile(
    r"\W*(?:herrn?|frau|firma|mr|mrs|ms|an|to|monsieur|madame|m\.|mme|sra?|sig|de heer|mevrouw)\W*",
    re.IGNORECASE,
)
_TITLES = re.compile(
    "|".join(sorted((t for cues in CUES.values() for t in cues.titles), key=len, reverse=True))
)
_WHOSE = re.compile(
    r"^(?:ihre?n?|unsere?|uw|onze|your|our|votre|vos|notre|tu|su|nuestr[ao]|vostr[ao]|(?:la )?tua"
    r"|cop(?:y|ia) (?:of|de|di)|kopie van|copie de)\s+",
    re.IGNORECASE,
)
_PAPER = any_of(
    r"""
    [\w-]*(?:rechnung|gutschrift|bestell(?:ung|schein)|lieferschein|auftrag(?:sbestätigung)?)
    [\w-]*(?:bestätigung|quittung|mahnung|angebot|factuur|bestelling|bevestiging|bestelbon|pakbon)
    (?:energie|credit|eind|voorschot|jaar)nota|storno\w*|oorspronkelijke|storno\w*|oorspronkelijke
    facture|avoir|bon de|commande|factura|pedido|albarán
    fattura|ordine|nota (?:di|de|d[\u2019'])|conferma|confirmation|confirmación|presupuesto|reçu
    paklijst|zendnota|vrachtbrief|lettre de voiture|bordereau|bolla|documento di|distinta
    (?:packing|picking) list|lista de|liste de|remito|guía|carta de porte|waybill
    begleitschein|versandschein|vettore|transporteur|vervoerder|spediteur|carrier|work order|bill
    qty|qté|qte|q\.?tà|quantit\w+|menge|anzahl|aantal|cantidad|article|artikel\w*|articolo|artículo
    descri\w+|désignation|beschreibung|bezeichnung|omschrijving|p\.? ?unit\w*|prix|preis|prezzo
    precio|prijs|(?:sach)?bearbeiter\w*|ansprechpartner\w*|contact\w*|contatt\w+|correo|courriel
    mail|betreff|subject|objet|asunto|oggetto|onderwerp|interlocuteur|referente|telefon\w*|téléphone
    (?:sales |order |pro ?forma )*(?:invoice|order|receipt|confirmation|quotation|estimate)
    credit (?:note|memo)|(?:delivery|dispatch|packing) \w+|ddt|remittance advice|rappel|sollecito
    note d[\u2019']\w+|note de débit|nota credito|abono|adjustment note|goods delivery
    proof of delivery|sales credit|statement of|fee note|sales slip
    (?:leistungs)?abrechnung|(?:honorar|kosten)note|liquidation|relevé|décompte|mémoire
    liquidación|minuta de|nota de cargo|avviso di|rendiconto|riepilogo|declaratie
    afrekening|overzicht
    """
)
_CARE_OF = re.compile(
    r"^\W*(?:(?:attn|z\. ?hd|t\.a\.v)\b\.?\s*:?|(?:att|attention)\s*[.:])\s+", re.IGNORECASE
)
_WORD = re.compile(r"[^\W\d_]{2}")


def tidy(name: str) -> str:
    """Return the name without what stands around it."""
    name = re.split(r"\s[|·•*]\s|\s{2,}", _CARE_OF.sub("", name).strip(" \t|·•*:;,-"))[0]
    return name.strip(" ,;:|·•")[:_MOST_NAME]


def up_to_its_end(cell: Cell) -> Cell:
    """Return the cell without what follows a comma after the name: a place, an address."""
    text = cell.text
    form = LEGAL_FORM.search(text)
    if form is not None:
        return cell.part(0, form.end()) if text[form.end() : form.end() + 1] == "," else cell
    comma = text.find(", ")
    is_address = comma >= _SHORTEST and ADDRESS.search(text[comma + 2 :]) is not None
    return cell.part(0, comma) if is_address else cell


def name_key(name: str) -> str:
    """Return what two spellings of one name share: its letters and digits, case folded."""
    return re.sub(r"[^\w]", "", tidy(name)).casefold()


def is_like_a_name(text: str) -> bool:
    """Tell whether the text could be a name: short, of letters, and no word of a form."""
    return (
        _SHORTEST <= len(text) <= _LONGEST
        and sum(map(str.isalpha, text)) > len(text) * _LETTERS
        and ":" not in text
        and not is_heading(text)
        and not ADDRESS.search(text)
        and len(text.split()) <= _MOST_WORDS
    )


def is_heading(text: str) -> bool:
    """Tell whether the text starts with a word that forms use and names do not."""
    bare = _WHOSE.sub("", text.strip(" *#|-_.:"))
    title = _TITLES.match(bare.lower())
    if _NOT_A_NAME.match(bare) or (title is not None and len(title[0]) * 2 > len(bare)):
        return True
    return bool(_PAPER.match(bare)) and not LEGAL_FORM.search(bare)


def is_beside_the_name(text: str) -> bool:
    """Tell a line that stands in an address and is not its name: a number, a salutation."""
    bare = text.lstrip(" *#|-_.")
    return bool(_META.match(bare) or _SALUTATION.fullmatch(bare)) or not _WORD.search(text)


def is_no_name(text: str) -> bool:
    """Tell a number, a date or a sentence, which may stand where a name is missing."""
    digits = sum(map(str.isdigit, text))
    is_sentence = text.rstrip().endswith(".") and len(text.split()) > _SHORT_SENTENCE
    return digits > sum(map(str.isalpha, text)) or (is_sentence and not LEGAL_FORM.search(text))


def named_by_form(cell: Cell) -> Cell | None:
    """Return the part of the cell that is a name ending in a legal form, None without one."""
    text = cell.text
    form = LEGAL_FORM.search(text) if len(text) <= _LONGEST_LINE else None
    if form is None or form.start() < _SHORTEST:
        return None
    before = text[: form.start()]
    starts = (before.rfind(mark) + len(mark) for mark in (": ", "| ", "· ", "• ") if mark in before)
    start = max(starts, default=0)
    name = text[start : form.end()]
    if re.search(r"\d{3,}", name) or len(name.split()) > _MOST_WORDS:
        return None
    return cell.part(start, form.end())
