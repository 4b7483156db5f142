// Walks from an invitation to its revocation with the Go client of openapi-generator.
package main

import (
	"context"
	"log"
	"net/http"
	"os"

	portico "portico.test/clients/openapigenerator"
)

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func is[T comparable](what string, found, wanted T) {
	if found != wanted {
		log.Fatalf("%s: %v, not %v", what, found, wanted)
	}
}

func main() {
	url, key, patient := os.Args[1], os.Args[2], os.Args[3]
	configuration := portico.NewConfiguration()
	configuration.Servers = portico.ServerConfigurations{{URL: url}}
	client := portico.NewAPIClient(configuration)
	ctx := context.WithValue(context.Background(), portico.ContextAccessToken, key)

	invitation, _, err := client.InvitationsAPI.SendInvite(ctx, patient).PorticoActor("dr.lee").
		InviteRequest(*portico.NewInviteRequest(portico.MESSAGECHANNEL_EMAIL)).Execute()
	must(err)
	is("the invitation", invitation.State, portico.INVITATIONSTATE_PENDING)

	portal, _, err := client.PortalStatusAPI.GetPortal(ctx, patient).Execute()
	must(err)
	is("the status", portal.Status, portico.STATUS_INVITED)
	is("the portal's invitation", portal.Invitation.InvitationId, invitation.InvitationId)

	revoke := portico.NewRevokeRequest(portico.REVOKEREASON_LEFT_PRACTICE)
	revoke.SetNotify(false)
	revoke.SetNote("moved")
	portal, _, err = client.PortalStatusAPI.RevokeAccess(ctx, patient).PorticoActor("dr.lee").RevokeRequest(*revoke).Execute()
	must(err)
	is("the reason", portal.GetRevokeReason(), portico.REVOKEREASON_LEFT_PRACTICE)
	last := portal.Invitations[len(portal.Invitations)-1].Invitation
	is("the revoked invitation", last.State, portico.INVITATIONSTATE_REVOKED)

	_, answer, err := client.PortalStatusAPI.GetPortal(ctx, "nobody").Execute()
	if err == nil {
		log.Fatal("nobody has a portal status")
	}
	is("the refusal", answer.StatusCode, http.StatusNotFound)
}
