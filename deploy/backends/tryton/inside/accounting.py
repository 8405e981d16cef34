"""The books: chart of accounts, fiscal years, taxes, payment terms and means."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from proteus import Model
from trytond.modules.account.tests.tools import create_chart
from trytond.modules.account_invoice.tests.tools import set_fiscalyear_invoice_sequences

CODES = {"cash": "1.1.1", "revenue": "4.1.1", "expense": "5.1.1", "tax": "6.3.6"}


@dataclass(frozen=True, slots=True)
class Books:
    """What the rest of the company refers to."""

    accounts: dict[str, Any]
    taxed_goods: Any
    untaxed_goods: Any
    payment_term: Any


def open_books(company: Any) -> Books:
    """Open last, this and next year, the last one closed."""
    create_chart(company)
    accounts = {name: _account(company, code) for name, code in CODES.items()}
    this_year = datetime.now(UTC).year
    years = [_open_year(company, year) for year in range(this_year - 1, this_year + 2)]
    for period in years[0].periods:
        period.click("close")
    (cash,) = Model.get("account.journal").find([("type", "=", "cash")], limit=1)
    Model.get("account.invoice.payment.method")(
        name="Bank", journal=cash, debit_account=accounts["cash"], credit_account=accounts["cash"]
    ).save()
    return Books(
        accounts,
        _category("Goods, 19 % VAT", accounts, _tax("VAT 19 %", Decimal("0.19"), accounts)),
        _category("Goods, 0 % VAT", accounts, _tax("VAT 0 %", Decimal(0), accounts)),
        _payment_term("30 days net", 30),
    )


def _account(company: Any, code: str) -> Any:
    found = Model.get("account.account").find([("company", "=", company.id), ("code", "=", code)])
    return found[0]


def _open_year(company: Any, year: int) -> Any:
    fiscal_year = Model.get("account.fiscalyear")(
        name=str(year),
        start_date=date(year, 1, 1),
        end_date=date(year, 12, 31),
        company=company,
    )
    (kind,) = Model.get("ir.sequence.type").find([("name", "=", "Account Move")], limit=1)
    numbers = Model.get("ir.sequence.strict")(
        name=f"Moves {year}", sequence_type=kind, company=company, prefix=f"{year}/"
    )
    numbers.save()
    fiscal_year.move_sequence = numbers
    set_fiscalyear_invoice_sequences(fiscal_year)
    fiscal_year.save()
    fiscal_year.click("create_period")
    return fiscal_year


def _tax(name: str, rate: Decimal, accounts: dict[str, Any]) -> Any:
    tax = Model.get("account.tax")(name=name, description=name, type="percentage", rate=rate)
    tax.invoice_account = accounts["tax"]
    tax.credit_note_account = accounts["tax"]
    tax.save()
    return tax


def _category(name: str, accounts: dict[str, Any], tax: Any) -> Any:
    category = Model.get("product.category")(
        name=name,
        accounting=True,
        account_expense=accounts["expense"],
        account_revenue=accounts["revenue"],
    )
    category.customer_taxes.append(tax)
    category.supplier_taxes.append(Model.get("account.tax")(tax.id))
    category.save()
    return category


def _payment_term(name: str, days: int) -> Any:
    term = Model.get("account.invoice.payment_term")(name=name)
    line = term.lines.new(type="remainder")
    line.relativedeltas.new(days=days)
    term.save()
    return term
