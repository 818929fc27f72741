"""The core's face: what other packages may use. Across packages, import only from here, `kit`
and `events`."""

from hyperpersonal_core.channels.inbound import Inbound
from hyperpersonal_core.channels.service import Channels
from hyperpersonal_core.channels.values import ChannelScope, NewChannel
from hyperpersonal_core.channels.webchat import decode_frame, parse_inbound
from hyperpersonal_core.contacts.service import Contacts
from hyperpersonal_core.contacts.values import Contact, ContactDetails
from hyperpersonal_core.conversations.timeline import Timeline
from hyperpersonal_core.conversations.values import Appended, Event, NewMessage
from hyperpersonal_core.tenants.service import Tenants
from hyperpersonal_core.tenants.values import Member, NewMember, Role, Tenant

__all__ = [
    "Appended",
    "ChannelScope",
    "Channels",
    "Contact",
    "ContactDetails",
    "Contacts",
    "Event",
    "Inbound",
    "Member",
    "NewChannel",
    "NewMember",
    "NewMessage",
    "Role",
    "Tenant",
    "Tenants",
    "Timeline",
    "decode_frame",
    "parse_inbound",
]
