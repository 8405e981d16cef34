"""What stands beside a value to say what it is, in six languages.

English, German, French, Spanish, Italian and Dutch. Each line holds alternatives of a regular
expression over lower-case text; the strength is how often what stands beside such a phrase is the
thing, as seen on pages of known truth and rounded down.
"""

import re

from switchgear_documents.reading.openings import openings
from switchgear_documents.reading.wording import Phrases, Role

_PARTS = {
    "<no>": r"(?:no\.?|nr\.?|num\.?|number|nummer|numéro|número|numero|n[°ºo]?\.?|#|id|ref\w*\.?)",
    "<invoice>": (
        r"(?:(?:tax |sales |commercial |pro ?forma )?(?:invoice|inv)|bill|credit (?:note|memo)"
        r"|\w*rechnung\w*(?: \(\d+\))?|beleg|\w*gutschrifts?(?: \(\d+\))?|facture|avoir|factura"
        r"|note de crédit|fattura|nota (?:di )?credito|nota de crédito|(?:nota de )?abono|factuur"
        r"|credit(?:nota)?|cn|storno|(?:factura )?rectificativa|nota d.(?:ac|ad)[cd]\w+ito)"
    ),
    "<order>": (
        r"(?:p\.?\s?o\.?|(?:purchase|your|customer|sales)? ?order|(?:ihre )?auftrags?"
        r"|(?:ihre |einkaufs)?bestell(?:ung)?s?|(?:bon de )?commande|(?:su )?pedido|bestelbon"
        r"|inkooporder|(?:su )?orden(?: de compra)?|(?:vostro )?ordine(?: d.acquisto)?|bestelling)"
    ),
    "<digits>": r"(?=\s*[:#]?\s*[a-z]{0,8}[-/ ]?\d{3,})",
    "<value>": r"(?=\s*[:.]?\s*(?:$|\d|[a-zé]{3,10}\.? \d|\d{1,2} [a-z]))",
    "<'>": "[\u2019' ]",
}


def phrases(role: Role, strength: float, lines: str) -> Phrases:
    """Return the alternatives, one or more to a line, as one pattern of whole words."""
    either = "|".join(line.strip() for line in lines.strip().splitlines())
    for part, pattern in _PARTS.items():
        either = either.replace(part, pattern)
    pattern = re.compile(rf"(?<![\w-])(?:{either})(?!\w)")
    return Phrases(role, strength, pattern, frozenset(openings(either)))


PHRASES: tuple[Phrases, ...] = (
    phrases("number", 0.95, r"""
        <invoice>\s*[-.:/]?\s*<no>(?!\w)(?:\s*<no>(?!\w))?
        (?:rechnung|factuur|beleg|gutschrift)s?-?nummer|número (?:de )?(?:la )?factura
        num[ée]ro (?:de |della |d<'>)?(?:la )?(?:facture|factura|fattura|avoir)
        <no>\s*(?:de |della |di )?(?:l[a<'>] ?)?(?:facture|factura|fattura)|<no>\s+(?:of )?invoice
        <no>\s*(?:de |d<'>|della? |di )?(?:avoir|abono|rectificativa|nota (?:di )?credito|storno)
        <no>\s*(?:de (?:la )?)?note de crédit|num[ée]ro (?:del )?documento|<no> documento
        document (?:no|number|nr)\.?|receipt\s*(?:#\s*)?(?:no\.?|number|#)
        """),
    phrases("number", 0.75, r"""
        ^\W*(?:\w*rechnung|invoice|facture|factura|factuur|avoir|fattura|gutschrift)<digits>
        """),
    phrases("number", 0.85, r"""
        (?:\w*rechnung|gutschrift|invoice|facture|factura|fattura) [^:]{3,45}? <no>(?=\s*:?\s*\S*\d)
        """),
    phrases("number", 0.5, r"""
        (?:bill|statement|doc|document|bon|ticket)\s*(?:no\.?|#|nr\.?)
        ^\W*(?:no|nr|n[°º]|number|nummer|número|numéro|numero)\.?(?=\s*[:#]|\s+[a-z]{0,4}[-/]?\d)
        """),
    phrases("date", 0.95, r"""
        (?:invoice|issue|billing|bill|tax|document)[ -]date|date (?:of )?(?:issue|invoice)(?:d)?
        (?:rechnungs|beleg|ausstellungs)-?datum|rechnungs- und (?:liefer|leistungs)datum
        liefer- und rechnungsdatum|\w*datum der rechnung
        date (?:de (?:la )?facture(?! associ)|d<'>émission|facture|de facturation)|émise? le
        fecha (?:de )?(?:la )?(?:factura|emisi[óo]n|expedici[óo]n)
        data (?:della )?(?:fattura|emissione|documento)|factuurdatum
        ^\W*\w*(?:rechnung(?! (?:gem|zu|nach|über))|korrektur) .{0,60}?\bvom
        ^\W*\w*gutschrift (?!.{0,50}(?:rechnung|reklamation|lieferung|schreiben)).{0,60}?\bvom
        ^\W*invoice .{0,40}?\bdated|^\W*(?:facture|avoir) .{0,40}?\bdu(?= \d)|date d<'>avoir
        (?:gutschrift|credit(?: ?note)?)s?[- ]?(?:datum|date)|^\W*fattura .{0,40}?\bdel(?= \d)
        """),
    phrases("date", 0.8, r"""
        (?<![a-zéà] )(?<!-)(?:date|datum|fecha|data|dated|issued(?: on)?)<value>
        [a-zäöüß]{3,20}, (?:den|le|li)
        """),
    phrases("due_date", 0.92, r"""
        (?:payment |net |invoice )?due(?: date| on| by)?(?=\W*(?:$|\d|[a-z]{3,9}\.? \d))
        pay(?:able|ment)?(?: is due)? (?:by|on|before|until)|date due|please pay by
        fällig(?:keit|keits-?datum|keitstag| am| zum| bis)?(?:sdatum)?|zahlungsziel|zahlungstermin
        zahlbar .{0,60}?\bbis(?: zum)?|(?:zahlen|überweisen) (?:sie )?.{0,40}?bis(?: zum)?
        (?:date (?:d.|limite d<'>?))?échéance(?: le)?|date limite (?:de paiement|de règlement)?
        payable (?:le|avant le|au)|à payer avant le|(?:fecha (?:de )?)?vencimiento
        vence(?: el)?|fecha límite(?: de pago)?|pag(?:ar|o) antes del
        (?:da )?pagar(?:e|si) entro(?: il)?
        betaal(?:termijn|datum)|payment due|settle(?:ment)? by|bitte .{0,30}? bis(?: zum)?
        (?:data (?:di )?)?scadenza|verval-?datum|uiterlijk(?: op)?|te betalen (?:voor|vóór)
        """),
    phrases("order_ref", 0.9, r"""
        <order>\s*[-.:/]?\s*<no>|(?:bestell|order|auftrags|bestelling)-?nummer
        po(?=\s*[:#])|bestellung(?=\s*(?::|$))|n[°º] (?:de )?(?:bon de )?commande|n[°º] d<'>ordine
        <no> (?:de |del )?(?:pedido|orden|ordine)|uw (?:referentie|ordernummer)|bestelnummer
        num[ée]ro (?:de |del )?(?:commande|pedido|orden|ordine)|r[ée]f\.? (?:de )?commande
        (?:your|customer) ref(?:erence)?\.?|rif\.? (?:vs\.? )?ordine
        """),
    phrases("order_ref", 0.82, r"""
        (?:your|purchase|customer) order<digits>|(?:votre )?commande<digits>|orden de compra<digits>
        (?:uw|ihre|ihr) (?:bestelling|bestellung|auftrag|order)<digits>|(?:vostro )?ordine<digits>
        (?:su )?pedido<digits>
        (?:purchase order|commande|pedido|orden de compra|ordine)(?=\s*:\s*$)
        (?:your (?:purchase )?order|votre commande|su (?:pedido|orden)|vostro ordine)(?=\s*:?\s*$)
        (?:uw (?:bestelling|order)|ihre bestellung|ihr auftrag)(?=\s*:?\s*$)
        """),
    phrases("order_date", 0.93, r"""
        (?:p\.?o\.?|purchase|order)(?: order)? date|order(?:ed)? on|bestell?-?datum|auftragsdatum
        orderdatum|date (?:de |de la )?commande|fecha (?:de|del) pedido|data (?:dell<'>)?ordine
        date (?:of )?order|datum|date|fecha|data|besteld op
        """),
    phrases("confirmation", 0.93, r"""
        (?:order |auftrags)?(?:confirmation|bestätigungs?|bevestigings?)\s*<no>
        (?:confirmaci[óo]n|conferma)\s*<no>
        (?:order|auftrags)(?:bestätigung|bevestiging)s?\W*<no>|<no> (?:de |d<'>)?(?:la )?confirma\w+
        <no> (?:di )?conferma(?: d<'>ordine)?|acuse de recibo <no>|accusé de réception <no>
        ab-?\s*nr\.?|(?:confirmation of order|orderbevestiging|auftragsbestätigung)<digits>
        """),
    phrases("delivery", 0.93, r"""
        (?:d(?:elivery|[ie]spatch)|packing|ship(?:ment|ping)|dn)(?: ?(?:note|slip|list))?\s*<no>
        lieferschein-?\s*<no>|liefer(?:ungs)?-?<no>
        <no> (?:d[eu] |del )?(?:bl|bon|bordereau|albarán|ddt)|delivery docket\s*<no>
        (?:bon|bordereau) de livraison\s*<no>|b\.?l\.?\s*<no>|albarán\s*<no>|nota de entrega\s*<no>
        <no> (?:de |del )?(?:livraison|entrega|documento|bolla)|d\.?d\.?t\.?\s*<no>|bolla\s*<no>
        (?:pak|lever|leverings|aflever)bon-?\s*<no>
        num[ée]ro (?:de |del |di )?(?:livraison|albarán|ddt|expédition|spedizione|envío)
        """),
    phrases("delivery", 0.8, r"""
        sendungs?-?<no>|versand-?<no>|zendings?-?<no>
        <no> (?:d<'>|di |de )?(?:expédition|spedizione)
        (?:guía|remito|envío)(?: de \w+)?\s*<no>|<no> (?:de )?(?:guía|remito|envío)
        """),
    phrases("delivery", 0.75, r"""
        ^\W*(?:delivery note|packing slip|lieferschein|bon de livraison|albarán|ddt|pakbon)<digits>
        """),
    phrases("delivery_date", 0.93, r"""
        (?:delivery|dispatch|despatch|shipping|shipment|ship)(?: note)? date|lieferschein-?datum
        (?:liefer|versand)-?datum|date (?:du (?:bl|bon)|de livraison|d<'>expédition)
        fecha (?:de(?:l)? )?(?:albarán|entrega|envío)
        data (?:del )?(?:ddt|documento|trasporto|consegna)
        (?:lever|verzend|pakbon)-?datum|date shipped|shipped(?: on)?
        """),
    phrases("currency", 0.95, r"""
        (?:rechnungs)?währung|currency|devise|moneda|valuta
        (?:alle )?(?:beträge|preise|amounts|prices|montants|importes|importi) (?:are )?(?:in|en)
        bedragen in
        """),
    phrases("supplier", 0.9, r"""
        verkäufer|lieferant|rechnungs(?:er)?steller|leistungserbringer|seller|supplier|vendor
        (?:bill(?:ed)? |invoice )?from|afzender|absender|remitente|mittente|emittente
        sold by|issued by|vendeur|fournisseur|émetteur|prestataire
        vendedor|proveedor|emisor|fornitore|cedente(?:/prestatore)?|leverancier|verkoper
        remit(?:tance)?(?: to| address)|payable to|expéditeur
        """),
    phrases("owner", 0.7, r"""
        kontoinhaber|account (?:name|holder)|bénéficiaire|titulaire(?: du compte)?|t\.n\.v\.
        beneficiar(?:y|io)|ten name van|make (?:all )?checks? payable to
        """),
    phrases("buyer", 0.9, r"""
        käufer(?:/leistungsempfänger)?|(?:leistungs|rechnungs)empfänger|kunde|rechnungsadresse
        rechnung an|bill(?:ed)?[ -]to|sold[ -]to|invoiced? to|buyer|customer|client|ship to
        recipient|acheteur|adresse d[ue] (?:client|facturation)(?: client)?|factur[ée]e? à
        destinataire|cliente|comprador|facturar a|destinatario|cessionario(?:/committente)?
        ^\W*(?:aan|an|to|para|a)\W*$|intestatario|datos del cliente|dati (?:del )?cliente
        coordonnées (?:du )?client|klantgegevens|kundendaten|empfänger|gentile|attn\.?
        spett(?:abile|\.?le)?|klant|koper|factuuradres|factuur aan|advertiser|debiteur|debitor
        adressée? à|à l<'>attention de|a la atención de|alla (?:cortese )?attenzione(?: di)?
        t\.a\.v\.|billing address|datos de facturación|fatturare a|intestata a
        facturado a|invoice address|geleverd aan|ordered by|besteller|orderer|donneur d<'>ordre
        auftraggeber|opdrachtgever|purchaser|acquirente|committente|solicitante|invoice to
        """),
    phrases("buyer", 0.6, r"""
        (?:deliver(?:ed|y)?|shipped|consigned?) to|(?:delivery|shipping|ship-?to) address|consignee
        liefer(?:anschrift|adresse|ung an)|warenempfänger|versand an|livr(?:er|é|aison) à|envoyer à
        adresse de livraison|lieu de livraison|enviar a|entregar en|(?:lugar|dirección) de entrega
        spedire a|destinazione(?: merce)?|luogo di (?:consegna|destinazione)|consegnare a
        (?:aflever|bezorg|lever)adres|leveren aan|verzenden naar|bestemming
        """),
    phrases("supplier", 0.85, r"kreditor|creditor|crediteur|acreedor|creditore"),
    phrases("net", 0.9, r"""
        net[ -]?total(?: amount)?|total net(?: amount)?|net (?:amount|value)
        (?:total|amount|price|value)s? (?:ex|before|without)\w*\.? (?:of )?(?:vat|tax(?:es)?|gst)
        taxable (?:amount|value)|netto-?(?:betrag|summe|gesamt)|gesamtnetto(?:betrag)?
        (?:gesamt|summe|total|rechnungssumme|gesamtbetrag|positionen)[- ]netto(?:betrag)?
        rechnungs(?:summe|betrag) (?:netto|ohne ust\.?)|netto(?: eur| €)?$
        summe (?:ohne|exkl\.?|zzgl\.?) (?:mwst|ust)\.?|(?:netto)?warenwert
        total (?:g[ée]n[ée]ral )?(?:h\.?t\.?|hors taxes?)
        montant (?:h\.?t\.?|hors taxes?)|base (?:h\.?t\.?|tva|imponible)|total (?:sin iva|base)
        (?:totale )?imponibile|totale (?:netto|merce)|total excl\w*\.?
        (?:totaal|bedrag|totaal ?bedrag) ?(?:excl\.?|exclusief|netto)(?: btw)?
        """),
    phrases("net", 0.8, r"""
        sub[ -]?total(?: amount)?|zwischensumme|positionssumme|sous[- ]total(?: h\.?t\.?)?|subtotaal
        line total sum
        """),
    phrases("tax", 0.85, r"""
        (?:total )?(?:sales |output )?(?:vat|tax|gst|taxes)(?: amount| total)?(?!<taxed>)
        (?:total )?(?:sales )?(?:vat|tax|gst)(?: amount)?\s*$|steuer-?betrag(?: in)?|steuersumme
        (?:<summed>)?(?:\d+(?:,\d+)? ?% )?(?:<german>)(?!\.?[- ]?id|\.?-?nr|nummer)
        steuern?(?= gesamt)|impuestos|(?:cuota |importe )?i\.?v\.?a\.?(?! ?(?:n|id|:? ?it))|igic
        (?:total |montant (?:de la )?)?(?:t\.?v\.?a\.?)(?! ?(?:intra|n[°º]|id|acquitt|non|:? ?fr))
        (?:totale )?imposta|(?:totaal |bedrag )?btw(?![- ]?(?:nr|nummer|id))(?: bedrag)?
        """.replace("<taxed>", r" ?(?:id|no|nr|number|reg|invoice|rate|point|date|code|ident"
                    r"|exc|inc|office|payer|period|%? ?$)")
        .replace("<summed>", "gesamtbetrag |summe |zzgl\\.? |zuzüglich |enthaltene ")
        .replace("<german>", "(?:mw|u)st\\.?|(?:umsatz|mehrwert|versicherungs?)steuer")),
    phrases("gross", 0.92, r"""
        (?:grand|invoice|gross|order|overall) total(?: amount)?|amount incl\w*\.? \w+
        total (?:amount|ttc|t\.t\.c\.?|gross|invoice|payable|price|sales?)(?: \(?incl\w*[^)]*\)?)?
        total \(?(?:incl|inc|with)\w*\.? \w+(?: \w+)?\)?|total in (?:eur|usd|gbp|chf)
        (?:rechnungs|gesamt|brutto|end|rechnungsend|rechnungsgesamt|gesamtbrutto)-?<sum>
        summe (?:gesamt|brutto|inkl\.? \w+)|(?:gesamt|total) brutto|brutto(?: eur| €)?$
        gesamt(?:summe)?(?: in)?(?: eur| €)?(?=\s*:?\s*(?:$|[\d€(]))
        rechnungssumme(?! (?:ohne|netto))
        (?:montant|total) (?:g[ée]n[ée]ral |net )?t\.?t\.?c\.?|montant total|importe total
        total (?:à régler|général|toutes taxes comprises)|total (?:factura|importe|con iva|a pagar)
        totale (?:fattura|documento|generale|da pagare|complessivo|ivato)|factuurbedrag
        importo totale
        (?:bestell|gutschrift|auftrag)s?-?(?:summe|betrag)|ordertotaal|te crediteren(?: bedrag)?
        (?:montant |total )?à rembourser|total (?:del )?(?:crédito|abono|pedido)|credit total
        totale (?:a credito|ordine|nota)|total (?:credit(?:ed)?|order|refund)|total commande
        (?:amount )?(?:credited|to be refunded)|erstattungsbetrag|gutgeschriebener betrag
        (?:auftrags|gesamt|bestell|rechnungs)-?wert|(?:betrag )?zu ihren gunsten|net à votre crédit
        importo accreditato|importe (?:abonado|a su favor)|a vostro credito|in uw voordeel
        totaal(?:bedrag)?(?! (?:excl|netto|btw))(?: incl\.?(?: btw)?)?|te betalen(?: bedrag)?
        """.replace("<sum>", r"(?:betrag|summe|preis)(?! (?:ohne|netto|der (?:zu|ab)))"
                    r"(?: brutto| inkl\.? \w+)?")),
    phrases("gross", 0.7, r"""
        total(?! (?:<parts>))|totale(?! (?:imponibile|imposta|iva|netto|merce))
        summe(?! (?:netto|ohne|exkl|zzgl))|gesamt$|betrag$
        """.replace("<parts>", r"ht|h\.t|hors|net\b|tax|vat|gst|excl|ex |mwst|tva|iva|btw|discount"
                    r"|items?|qty|quantity|weight|paid|before|sin|base|due|allow"
                    r"|charge|without|remise")),
    phrases("due", 0.9, r"""
        (?:total )?(?:amount|balance)(?: now)? (?:due|payable|owed|owing|to pay)|total due
        please pay|zahl-?betrag|(?:noch )?zu zahlen(?:der)?(?: betrag| beitrag)?|fälliger betrag
        offener betrag|restbetrag|zahlungsbetrag|net (?:à|a) payer|solde(?: d[uû])?|saldo
        (?:montant |total |reste |solde )(?:à|a) payer|(?:total |importe |l[íi]quido )?a pagar
        (?:netto |totale )?(?:da|a) pagare|(?:nog )?te betalen
        """),
    phrases("prepaid", 0.9, r"""
        (?:erhaltene |geleistete )?(?:an|voraus)zahlung(?:en)?|acompte|anticipo|acconto
        (?:less |minus )?(?:deposit|prepaid|paid|payments? received|advance)(?: amount)?
        aanbetaling|ausstehende forderung
        """),
    phrases("deduction", 0.9, r"""
        (?:agency |sales |trade |volume )?(?:commission|discount|rebate)(?: \(?\d+ ?%\)?)?
        (?:sonder|mengen|treue|händler)?rabatt|(?:preis)?nachlass|provision
        remise|rabais|ristourne|descuento|bonificación|sconto|abbuono|provvigione
        (?:hoeveelheids)?korting|commissie
        """),
    phrases("cash_discount", 0.9, r"""
        (?:cash|early(?: payment)?|prompt(?: payment)?) discount|skonto|escompte|betalingskorting
        (?:discount|rabatt|remise|descuento|sconto|korting)(?=.{0,20}\b(?:<if>)\b)
        descuento (?:por pronto pago|p\.?p\.?)|sconto (?:cassa|per pagamento)
        """.replace("<if>", "if|when|within|bei|falls|innerhalb|bis|si|sous|dans|avant|entro|se"
                    "|antes|binnen|bij|indien")),
)  # fmt: skip

REVERSE_CHARGE = re.compile(
    r"reverse[- ]charge|steuerfrei|umsatzsteuerfrei|steuerbefreit|innergemeinschaftlich"
    r"|vat exempt|tax exempt|zero[- ]rated|tva non applicable|exon[ée]ration de tva|autoliquidation"
    r"|exenta de iva|inversione contabile|esente iva|btw verlegd|§ ?19 ustg|kleinunternehmer"
    r"|steuerschuldnerschaft"
)
