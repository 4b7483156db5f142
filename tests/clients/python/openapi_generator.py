"""Walks from an invitation to its revocation with the Python client of openapi-generator."""

import sys

import portico_openapi as portico

url, key, patient = sys.argv[1:]
configuration = portico.Configuration(host=url, access_token=key)
client = portico.ApiClient(configuration)

invitation = portico.InvitationsApi(client).send_invite(
    patient_id=patient, portico_actor="dr.lee", invite_request=portico.InviteRequest(channel="email")
)
assert (invitation.state, invitation.channel) == ("pending", "email"), invitation

status = portico.PortalStatusApi(client)
portal = status.get_portal(patient)
assert (portal.status, portal.color) == ("invited", "orange"), portal
assert portal.invitation.invitation_id == invitation.invitation_id, portal

portal = status.revoke_access(
    patient_id=patient,
    portico_actor="dr.lee",
    revoke_request=portico.RevokeRequest(reason="left_practice", notify=False, note="moved"),
)
assert portal.revoke_reason == "left_practice", portal
assert portal.invitations[-1].actual_instance.state == "revoked", portal

try:
    status.get_portal("nobody")
    raise AssertionError("nobody has a portal status")
except portico.exceptions.NotFoundException as refused:
    assert refused.data.code == "not_found", refused.data
