"""Walks from an invitation to its revocation with the client of openapi-python-client."""

import sys

from portico_client import AuthenticatedClient
from portico_client.api.invitations import send_invite
from portico_client.api.portal_status import get_portal, revoke_access
from portico_client.models import Color, Delivery, InvitationState, InviteRequest, MessageChannel, RevokeReason, RevokeRequest, Status

url, key, patient = sys.argv[1:]
client = AuthenticatedClient(base_url=url, token=key)

invitation = send_invite.sync(
    patient, client=client, portico_actor="dr.lee", body=InviteRequest(channel=MessageChannel.EMAIL)
)
assert invitation.state == InvitationState.PENDING, invitation

portal = get_portal.sync(patient, client=client)
assert (portal.status, portal.color) == (Status.INVITED, Color.ORANGE), portal
assert portal.invitation.invitation_id == invitation.invitation_id, portal

portal = revoke_access.sync(
    patient, client=client, portico_actor="dr.lee", body=RevokeRequest(reason=RevokeReason.LEFT_PRACTICE, notify=False, note="moved")
)
assert portal.revoke_reason == RevokeReason.LEFT_PRACTICE, portal
assert portal.invitations[-1].state == InvitationState.REVOKED, portal

refused = get_portal.sync("nobody", client=client)
assert (refused.status, refused.code) == (404, "not_found"), refused
