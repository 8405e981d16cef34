"""Somebody at the console: pages fetched as a browser does, forms filled in and sent."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx2
from lxml import html

from journeys.desk import Desk

OUR_PAGE = {"Sec-Fetch-Site": "same-origin"}


@dataclass(frozen=True)
class Page:
    """One answer of the console."""

    answer: httpx2.Response

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self.answer.status_code

    @property
    def tree(self) -> html.HtmlElement:
        """The page as a tree."""
        return html.fromstring(self.answer.text)

    @property
    def text(self) -> str:
        """What is to be read, with single blanks."""
        main = self.tree.xpath("//main")[0]
        return " ".join(main.text_content().split())

    def told(self, role: str) -> str:
        """Return what the page says in an alert or a status, empty where it says nothing."""
        found = self.tree.xpath(f"//*[@role='{role}']")
        return " ".join(found[0].text_content().split()) if found else ""

    def form(self, action: str) -> dict[str, str]:
        """Return the fields of the form that goes there, as a browser would send them."""
        (form,) = self.tree.xpath(f"//main//form[@action='{action}']")
        return {name: value or "" for name, value in form.form_values()}

    def value(self, name: str) -> str:
        """Return what stands in the input or text area of that name."""
        (found,) = self.tree.xpath(f"//*[@name='{name}']")
        return found.get("value") if found.tag == "input" else (found.text or "").lstrip("\n")

    def names(self, xpath: str) -> list[str]:
        """Return the texts of what an XPath finds."""
        return [" ".join(found.text_content().split()) for found in self.tree.xpath(xpath)]


@dataclass(frozen=True)
class Person:
    """A browser on the console."""

    http: httpx2.AsyncClient

    async def get(self, path: str, **headers: str) -> Page:
        """Open a page."""
        return Page(await self.http.get(f"/console{path}", headers=headers))

    async def send(self, action: str, fields: dict[str, str], **headers: str) -> Page:
        """Send a form from one of our pages, and do not follow where it leads."""
        answer = await self.http.post(action, data=fields, headers={**OUR_PAGE, **headers})
        return Page(answer)

    async def sign_in(self, credential: str, **more: str) -> Page:
        """Show a credential."""
        return await self.send("/console/sign-in", {"credential": credential, **more})


@asynccontextmanager
async def visitor(desk: Desk) -> AsyncGenerator[Person]:
    """Give a browser that nobody has signed in with."""
    async with httpx2.AsyncClient(base_url=desk.running.url, timeout=30) as http:
        yield Person(http)


@asynccontextmanager
async def signed_in(desk: Desk, party: str) -> AsyncGenerator[Person]:
    """Give a browser in which a party is signed in."""
    async with visitor(desk) as person:
        page = await person.sign_in(await desk.running.token(party))
        assert page.status == 303
        yield person
