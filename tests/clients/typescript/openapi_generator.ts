// Walks from an invitation to its revocation with the TypeScript client of openapi-generator.
import { strict as assert } from "node:assert";
import { argv } from "node:process";
import { Configuration, InvitationsApi, PortalStatusApi, ResponseError } from "./client/index";

async function walk(url: string, key: string, patientId: string): Promise<void> {
  const configuration = new Configuration({ basePath: url, accessToken: key });
  const porticoActor = "dr.lee";

  const inviteRequest = { channel: "email" } as const;
  const invitation = await new InvitationsApi(configuration).sendInvite({ patientId, porticoActor, inviteRequest });
  assert.deepEqual([invitation.state, invitation.channel], ["pending", "email"]);

  const status = new PortalStatusApi(configuration);
  let portal = await status.getPortal({ patientId });
  assert.deepEqual([portal.status, portal.color], ["invited", "orange"]);
  assert.equal(portal.invitation?.invitationId, invitation.invitationId);

  const revokeRequest = { reason: "left_practice", notify: false, note: "moved" } as const;
  portal = await status.revokeAccess({ patientId, porticoActor, revokeRequest });
  assert.equal(portal.revokeReason, "left_practice");
  assert.equal(portal.invitations.at(-1)?.state, "revoked");

  const refused = await status.getPortal({ patientId: "nobody" }).catch((error) => error);
  assert.ok(refused instanceof ResponseError);
  assert.equal((await refused.response.json()).code, "not_found");
}

walk(argv[2]!, argv[3]!, argv[4]!);
