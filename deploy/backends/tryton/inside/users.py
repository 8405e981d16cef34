"""Who may come in: Switchgear's own user, and a clerk who may only sell."""

from typing import Any

from proteus import Model

SWITCHGEAR_GROUPS = [
    *("Sales", "Sale Opportunity", "Purchase", "Purchase Request", "Stock", "Accounting"),
    *("Product Administration", "Account Product Administration", "Party Administration"),
    "Bank Administration",  # a new vendor has an account
    *("Stock Administration", "Stock Cancellation"),
    *("Sales Administrator", "Purchase Administrator"),  # they may process what was left confirmed
]
CLERK_GROUPS = ["Sales"]


def admit_users(company: Any, passwords: dict[str, str]) -> dict[str, Any]:
    """Return the keys; both users act as employees, which opportunities and sales ask for."""
    switchgear = _user(company, "switchgear", passwords["switchgear"], SWITCHGEAR_GROUPS)
    clerk = _user(company, "clerk", passwords["clerk"], CLERK_GROUPS)
    return {
        "key": _key(switchgear),
        "clerk": {"user": "clerk", "password": passwords["clerk"], "key": _key(clerk)},
    }


def _user(company: Any, login: str, password: str, groups: list[str]) -> Any:
    party = Model.get("party.party")(name=login.capitalize())
    party.contact_mechanisms.new(type="email", value=f"{login}@works.example")
    party.save()
    employee = Model.get("company.employee")(party=party, company=company)
    employee.save()
    user = Model.get("res.user")(name=login.capitalize(), login=login, password=password)
    user.companies.append(Model.get("company.company")(company.id))
    user.company = Model.get("company.company")(company.id)
    user.employees.append(employee)
    user.employee = Model.get("company.employee")(employee.id)
    for name in groups:
        (group,) = Model.get("res.group").find([("name", "=", name)])
        user.groups.append(group)
    user.save()
    return user


def _key(user: Any) -> str:
    application = Model.get("res.user.application")(user=user, application="rest")
    application.save()
    if application.state == "requested":
        application.click("validate_")
    return application.key
