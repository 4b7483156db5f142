// Walks from an invitation to its revocation with the client of oapi-codegen.
package main

import (
	"context"
	"log"
	"net/http"
	"os"

	codegen "portico.test/clients/oapicodegen"
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
	ctx := context.Background()
	client, err := codegen.NewClientWithResponses(url, codegen.WithRequestEditorFn(func(_ context.Context, request *http.Request) error {
		request.Header.Set("Authorization", "Bearer "+key)
		return nil
	}))
	must(err)

	invited, err := client.SendInviteWithResponse(ctx, patient, &codegen.SendInviteParams{PorticoActor: "dr.lee"},
		codegen.InviteRequest{Channel: codegen.MessageChannelEmail})
	must(err)
	is("the invitation", invited.JSON201.State, codegen.InvitationStatePending)

	read, err := client.GetPortalWithResponse(ctx, patient, &codegen.GetPortalParams{})
	must(err)
	is("the status", read.JSON200.Status, codegen.StatusInvited)
	is("the portal's invitation", read.JSON200.Invitation.InvitationId, invited.JSON201.InvitationId)

	notify, note := false, "moved"
	revoked, err := client.RevokeAccessWithResponse(ctx, patient, &codegen.RevokeAccessParams{PorticoActor: "dr.lee"},
		codegen.RevokeRequest{Reason: codegen.RevokeReasonLeftPractice, Notify: &notify, Note: &note})
	must(err)
	is("the reason", *revoked.JSON200.RevokeReason, codegen.RevokeReasonLeftPractice)
	last, err := revoked.JSON200.Invitations[len(revoked.JSON200.Invitations)-1].AsInvitation()
	must(err)
	is("the revoked invitation", last.State, codegen.InvitationStateRevoked)

	refused, err := client.GetPortalWithResponse(ctx, "nobody", &codegen.GetPortalParams{})
	must(err)
	is("the refusal", refused.ApplicationproblemJSON404.Code, "not_found")
}
