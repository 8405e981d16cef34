"""The words that give a document's type away, in English, German, French, Spanish, Italian, Dutch.

Titles are what a document calls itself; support are phrases that go with the type. Both are
regular expressions over lower-case text.
"""

from typing import NamedTuple

from switchgear_documents.reading.reading import DocumentType


class Cues(NamedTuple):
    """The phrases of one type."""

    titles: tuple[str, ...]
    support: tuple[str, ...]


CUES: dict[DocumentType, Cues] = {
    "invoice": Cues(
        titles=(
            r"(tax |commercial |proforma |pro forma |sales )?invoice",
            r"\w*rechnung(skorrektur)?",
            r"factur[ae](?! rectificativa)",
            r"factuur",
            r"fattura",
        ),
        support=(
            r"invoice (no|number|#|date|period|month)",
            r"rechnungs-?(nummer|nr|datum|betrag|empfänger|währung|korrektur|summe|endbetrag)",
            r"(n°|numéro|date) (de )?(la )?facture",
            r"(número|fecha) de (la )?factura",
            r"(numero|data) (della )?fattura",
            r"factuur(nummer|datum)",
            r"(amount|balance|total) due",
            r"remit(tance)?( to| payment| address)?",
            r"(due date|fällig(keit)?|zahlbar bis|échéance|vencimiento|scadenza|vervaldatum)",
            r"(vat|ust|mwst|tva|iva|btw|sales tax)",
            r"(iban|bic|swift)",
            r"(net total|netto|net amount|total ht|base imponible|imponibile)",
            r"(total ttc|gross|brutto(betrag)?|grand total|rechnungsbetrag)",
            r"(bill to|billing address|sold to|rechnungsadresse|leistungsempfänger)",
            r"zahlungsbedingungen|payment terms|conditions de paiement",
            r"line total|unit price|einzelpreis|prix unitaire|precio unitario",
        ),
    ),
    "credit_note": Cues(
        titles=(
            r"credit (note|memo|invoice)",
            r"(rechnungs)?gutschrift",
            r"stornorechnung",
            r"(facture d.)?avoir",
            r"note de crédit",
            r"nota de (crédito|abono)",
            r"factura rectificativa",
            r"nota di credito",
            r"creditnota",
        ),
        support=(
            r"credit (note|memo) (no|number|#|date)",
            r"gutschrifts-?(nummer|nr|datum|betrag)",
            r"(refund|erstattung|remboursement|reembolso|rimborso|terugbetaling)",
            r"(amount|total) credited|credit amount",
            r"original invoice|ursprüngliche rechnung|facture d.origine|factura original",
        ),
    ),
    "purchase_order": Cues(
        titles=(
            r"purchase order",
            r"order (form|sheet|contract)",
            r"(einkaufs)?bestellung",
            r"bon de commande",
            r"(orden|pedido) de compra",
            r"ordine (di acquisto|d.acquisto)",
            r"(inkoop)order",
            r"bestelbon",
        ),
        support=(
            r"(p\.?o\.?|purchase order) (no|number|#|date)",
            r"bestell-?(nummer|nr|datum)",
            r"ship to|deliver to|lieferadresse|adresse de livraison",
            r"delivery date|liefertermin|date de livraison|fecha de entrega",
            r"(please supply|wir bestellen|nous commandons|hiermit bestellen)",
            r"order ?/ ?rev",
            r"flight dates",
            r"original date ?/ ?rev",
            r"buying contact",
            r"authorized (by|signature)",
            r"requested by|buyer",
        ),
    ),
    "order_confirmation": Cues(
        titles=(
            r"order (confirmation|acknowledge?ment)",
            r"(sales )?order response",
            r"auftragsbestätigung",
            r"(accusé de réception|confirmation) de (la )?commande",
            r"confirmación (del? )?(pedido|orden)",
            r"conferma (d.|dell.)ordine",
            r"orderbevestiging",
        ),
        support=(
            r"thank you for your order|vielen dank für (ihre bestellung|ihren auftrag)",
            r"merci (de|pour) votre commande|gracias por su pedido|bedankt voor uw bestelling",
            r"we (hereby )?confirm|wir bestätigen|nous confirmons|confirmamos|confermiamo",
            r"auftrags-?(nummer|nr)",
        ),
    ),
    "delivery_note": Cues(
        titles=(
            r"delivery (note|slip|docket|receipt)",
            r"(packing|despatch|dispatch) (slip|list|note|advice)",
            r"lieferschein",
            r"bo(n|rdereau) de livraison",
            r"albarán( de entrega)?",
            r"nota de entrega",
            r"documento di trasporto|bolla di consegna",
            r"(pakbon|leveringsbon|afleverbon)",
        ),
        support=(
            r"lieferschein-?(nummer|nr|datum)",
            r"(quantity|qty)\.? (shipped|delivered|ordered)",
            r"(goods|ware) (received|erhalten)",
            r"(carrier|spediteur|transporteur|tracking (no|number)|frachtführer)",
            r"(gross weight|gewicht|poids|peso|parcels|packages|colis|pakete)",
            r"received in good (order|condition)",
        ),
    ),
    "receipt": Cues(
        titles=(
            r"(cash |sales |payment )?receipt",
            r"(kassen)?(bon|beleg)",
            r"quittung",
            r"(ticket de caisse|reçu)",
            r"(ticket|recibo)",
            r"(scontrino|ricevuta)( fiscale)?",
            r"kassabon",
        ),
        support=(
            r"(cash|change|bar|rückgeld|rendu|cambio|resto|wisselgeld)",
            r"(cashier|till|terminal|kasse|kassierer|caisse|caja|cassa)",
            r"(visa|mastercard|debit card|credit card|ec-karte|girocard|carte bancaire)",
            r"thank you for (shopping|your (visit|purchase))|please come again",
            r"vielen dank für ihren (einkauf|besuch)",
            r"merci de votre visite|gracias por su (compra|visita)",
            r"(rounding|gst|receipt no|bon-?nr)",
        ),
    ),
    "bank_statement": Cues(
        titles=(
            r"(bank |account )?statement( of account)?",
            r"konto(auszug|übersicht)",
            r"relevé (de compte|bancaire)",
            r"extracto (bancario|de cuenta)",
            r"estratto conto",
            r"(bank|rekening)afschrift",
        ),
        support=(
            r"(opening|closing|previous|ending|beginning|new) balance",
            r"(alter|neuer|anfangs-?|end-?)(saldo| kontostand)",
            r"(ancien|nouveau) solde|saldo (anterior|final|inicial|iniziale)|(begin|eind)saldo",
            r"statement (period|date|number)",
            r"(withdrawals?|deposits?|debits?|credits?) (and|total|\()",
            r"(buchungstag|wertstellung|valuta|date valeur|fecha valor|data valuta)",
            r"(sort code|account number|kontonummer|numéro de compte|número de cuenta)",
        ),
    ),
    "contract": Cues(
        titles=(
            r"([\w,&-]+ ){0,6}(agreement|contract)",
            r"(terms (and|&) conditions|memorandum of understanding)",
            r"([\w-]+)?(vertrag|vereinbarung)",
            r"(contrat|convention|accord)( de [\w ]+)?",
            r"(contrato|acuerdo|convenio)( de [\w ]+)?",
            r"(contratto|accordo)( di [\w ]+)?",
            r"([\w-]+)?overeenkomst",
        ),
        support=(
            r"(whereas|witnesseth|hereinafter|hereto|hereof|hereby|herein|thereof)",
            r"in witness whereof",
            r"governing law|governed by( and construed)?",
            r"(the )?parties( hereto)? agree",
            r"this (agreement|contract|schedule|annex|lease)",
            r"(entered into|made) (as of|between|by and between|and effective)",
            r"confidential information|non-?disclosure",
            r"(shall|must) (not )?(be|have|provide|pay|deliver|indemnify)",
            r"(force majeure|indemnif\w+|termination|severability|arbitration)",
            r"(gerichtsstand|vertragspartei(en)?|salvatorische klausel|kündigungsfrist|§ ?\d+)",
            r"(les parties|il a été convenu|ci-après|droit applicable|résiliation)",
            r"(las partes|cláusula|ley aplicable|le parti|clausola|legge applicabile|partijen)",
        ),
    ),
    "complaint": Cues(
        titles=(
            r"(formal |customer |notice of )?complaint",
            r"(beschwerde|reklamation|mängelrüge)",
            r"réclamation",
            r"(queja|reclamación|reclamo)",
            r"reclamo",
            r"klacht",
        ),
        support=(
            r"i (have |had )?(been|was|am|never|did not|didn.t|do not|don.t)",
            r"i (believe|would|need|noticed)",
            r"(i|me|my|myself)",
            r"i (have )?(called|contacted|spoke|told|asked|requested|sent|disputed|filed|received)",
            r"they (have |had )?(refused?|told|said|claimed?|never|did not|didn.t|are|were|keep)",
            r"my (account|credit|card|bank|loan|payment|money|order|information|name)",
            r"(credit report|credit bureau|consumer report\w*|identity theft|fraud\w*|scam\w*)",
            r"(unauthori[sz]ed|inaccurate|incorrect|defective|damaged|late fee|overcharged)",
            r"(disputed?|refund|resolve|complain(t|ed)?|violation|illegal\w*|unacceptable)",
            r"(customer service|representative|supervisor|phone call)",
            r"(unzufrieden|mangelhaft|beschädigt|defekt|enttäuscht|rücktritt|nachbesserung)",
            r"(mécontent\w*|défectueux|endommagé\w*|insatisfait\w*|inacceptable|remboursement)",
            r"(insatisfech\w+|defectuos\w+|dañad\w+|difettos\w+|danneggiat\w+|ontevreden|beschadigd)",
        ),
    ),
    "letter": Cues(
        titles=(r"(dear|sehr geehrte|madame|monsieur|estimad\w+|egregio|gentile|geachte)( .*)?",),
        support=(
            r"(yours (sincerely|faithfully|truly)|(kind|best) regards|sincerely)",
            r"(mit freundlichen grüßen|hochachtungsvoll)",
            r"(veuillez agréer|cordialement|salutations distinguées)",
            r"(atentamente|un cordial saludo|cordiali saluti|distinti saluti)",
            r"met vriendelijke groet",
            r"(enclosures?|encl|anlagen?|pièces? jointes?)\s*:",
            r"(betreff|subject|re|objet|asunto|oggetto)\s*:",
        ),
    ),
    "resume": Cues(
        titles=(
            r"(resume|résumé|curriculum vitae|cv)",
            r"(tabellarischer )?lebenslauf",
        ),
        support=(
            r"(work |professional )?experience|berufserfahrung|expérience( professionnelle)?",
            r"education|ausbildung|formation|educación|istruzione|opleiding",
            r"(technical )?skills|kenntnisse|compétences|habilidades|competenze|vaardigheden",
            r"publications|certifications|awards|hobbies|references available",
            r"(university|bachelor|master|ph\.?d|b\.?sc|m\.?sc|degree|gpa|thesis)",
            r"(software engineer|developer|manager|intern|analyst|researcher) (at|,)",
            r"(linkedin|github)",
            r"(19|20)\d\d ?[-\u2013] ?((19|20)\d\d|present|heute|today)",
        ),
    ),
    "form": Cues(
        titles=(
            r"([\w-]+ ){0,4}(application|form|questionnaire)( form)?",
            r"([\w-]+)?(formular|antrag)",
            r"formul(aire|ario)",
            r"(modulo|formulier)",
        ),
        support=(
            r"(please (print|complete|fill)|for (office|official) use only|check (one|all|here))",
            r"(bitte (ausfüllen|ankreuzen)|nur für dienstliche zwecke|veuillez (remplir|cocher))",
            r"(date of birth|geburtsdatum|date de naissance|fecha de nacimiento|data di nascita)",
            r"(social security|ssn|employer identification|omb no|irs)",
            r"(first name|last name|vorname|nachname|prénom)",
            r"_{6,}|☐|\[ \]",
        ),
    ),
}
