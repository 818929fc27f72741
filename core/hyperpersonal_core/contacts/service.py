"""Contacts: opened by a channel, described bit by bit.

Two contacts who give the same address stay two: an address in a chat is a claim, and merging by
it would show one person another's conversations.
"""

import re
from uuid import UUID

from hyperpersonal_core.contacts.models import ContactRow
from hyperpersonal_core.contacts.repository import ContactRepository
from hyperpersonal_core.contacts.values import Contact, ContactDetails
from hyperpersonal_core.kit.clock import Clock
from hyperpersonal_core.kit.db import Database
from hyperpersonal_core.kit.errors import NotFoundError, RefusedError
from hyperpersonal_core.kit.ids import Ids

NAME_CHARS_MAX = 200
EMAIL_CHARS_MAX = 254  # RFC 5321, section 4.5.3.1, less the angle brackets
ATTRIBUTES_MAX = 50
FOUND_MAX = 50
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,190}")


class Contacts:
    """The slice's service. Stateless; one a process."""

    def __init__(self, db: Database, clock: Clock, ids: Ids) -> None:
        self._db = db
        self._clock = clock
        self._ids = ids

    async def open(self, tenant_id: UUID, details: ContactDetails | None = None) -> Contact:
        """A new contact.

        Raises:
            RefusedError: the name, address or attributes are malformed.
        """
        known = _checked(details or ContactDetails())
        row = ContactRow(
            tenant_id=tenant_id,
            id=self._ids.new(),
            display_name=known.display_name,
            email=known.email,
            attributes=known.attributes,
            created_at=self._clock.now(),
        )
        async with self._db.session(tenant_id) as session:
            ContactRepository(session).add(row)
        return _contact(row)

    async def get(self, tenant_id: UUID, contact_id: UUID) -> Contact:
        """Raises NotFoundError."""
        async with self._db.session(tenant_id) as session:
            row = await ContactRepository(session).get(tenant_id, contact_id)
        return _contact(_present(row))

    async def find(self, tenant_id: UUID, email: str) -> list[Contact]:
        """Contacts who gave this address, newest first, at most 50."""
        async with self._db.session(tenant_id) as session:
            repository = ContactRepository(session)
            rows = await repository.by_email(tenant_id, _normal(email), FOUND_MAX)
        return [_contact(row) for row in rows]

    async def merge(self, tenant_id: UUID, contact_id: UUID, details: ContactDetails) -> Contact:
        """Add what was learned: a newer name, address or attribute replaces the older one.

        Raises:
            RefusedError: malformed, or more than 50 attributes together.
            NotFoundError: there is no such contact.
        """
        learned = _checked(details)
        async with self._db.session(tenant_id) as session:
            row = _present(await ContactRepository(session).lock(tenant_id, contact_id))
            row.display_name = learned.display_name or row.display_name
            row.email = learned.email or row.email
            row.attributes = _limited(row.attributes | learned.attributes)
        return _contact(row)


def _checked(details: ContactDetails) -> ContactDetails:
    email, name = _normal(details.email), _plain(details.display_name)
    if len(name) > NAME_CHARS_MAX:
        raise RefusedError(f"a name has at most {NAME_CHARS_MAX} characters")
    if email and (len(email) > EMAIL_CHARS_MAX or not _EMAIL.fullmatch(email)):
        raise RefusedError("this is not an e-mail address", email=email[:EMAIL_CHARS_MAX])
    return ContactDetails(name, email, _limited(details.attributes))


def _limited(attributes: dict[str, object]) -> dict[str, object]:
    if len(attributes) > ATTRIBUTES_MAX:
        raise RefusedError(f"a contact has at most {ATTRIBUTES_MAX} attributes")
    return attributes


def _normal(email: str) -> str:
    return _plain(email).lower()


def _plain(text: str) -> str:
    return text.replace("\x00", "").strip()  # PostgreSQL stores no NUL


def _present(row: ContactRow | None) -> ContactRow:
    if row is None:
        raise NotFoundError("there is no such contact")
    return row


def _contact(row: ContactRow) -> Contact:
    return Contact(row.tenant_id, row.id, row.display_name, row.email, row.attributes)
