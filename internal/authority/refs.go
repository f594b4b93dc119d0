package authority

import (
	"errors"
	"strings"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/input"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/token"
)

// isUserID says whether a reference has the form of a user's id.
func isUserID(ref string) bool { return strings.HasPrefix(ref, "usr_") && !strings.Contains(ref, "@") }

const external = "ext:"

func isExternal(ref string) bool { return strings.HasPrefix(ref, external) }

// externalID reads the external id of a reference; none names nothing, rather than
// what has none.
func externalID(ref string) (string, error) {
	id := strings.TrimPrefix(ref, external)
	if id == "" {
		return "", api.FieldError("external_id", "must follow ext: in a reference")
	}
	return id, nil
}

// member finds the member that a reference names: me, an e-mail, a user id or
// ext:ID.
func (a *Authority) member(r *Snapshot, ac *actor, sp *space, ref string) (ledger.Member, error) {
	switch {
	case ref == "me" && ac.member == 0:
		return ledger.Member{}, api.Errorf(api.CodeNotFound, "the caller is not a member of this workspace")
	case ref == "me":
		return r.Member(sp.ws.ID, ledger.MemberKey{ID: ac.member})
	}
	k, err := memberKey(ref)
	if err != nil {
		return ledger.Member{}, err
	}
	return r.Member(sp.ws.ID, k)
}

// memberKey reads ext:ID, an e-mail, or an id.
func memberKey(ref string) (ledger.MemberKey, error) {
	switch {
	case isExternal(ref):
		id, err := externalID(ref)
		return ledger.MemberKey{ExternalID: id}, err
	case strings.Contains(ref, "@"):
		return ledger.MemberKey{Email: strings.ToLower(ref)}, nil
	}
	return ledger.MemberKey{PublicID: ref}, nil
}

// accountID begins the id of a service account.
const accountID = "sac_"

// serviceAccountKey reads a name, an address name@slug.service, or an id.
func serviceAccountKey(ref string, ws ledger.Workspace) ledger.ServiceAccountKey {
	name, domain, found := strings.Cut(ref, "@")
	if found && domain == ws.Slug+".service" {
		return ledger.ServiceAccountKey{Name: name}
	}
	if strings.HasPrefix(ref, accountID) {
		return ledger.ServiceAccountKey{PublicID: ref}
	}
	return ledger.ServiceAccountKey{Name: ref}
}

// noSuch turns a missing row that the field owner names into an error about it.
func noSuch(what string, err error) error {
	if errors.Is(err, ledger.ErrNoRow) {
		return api.FieldError("owner", "there is no such "+what+" in this workspace")
	}
	return err
}

func ignoreNoRow(err error) error {
	if errors.Is(err, ledger.ErrNoRow) {
		return nil
	}
	return err
}

// locatorPart is the locator of a token ID.
func locatorPart(id string) string { return token.LocatorOf(id) }

// token finds the token of the workspace that a reference names: a token ID, a
// locator, or self. Another workspace's is not found.
func (a *Authority) token(r *Snapshot, ac *actor, sp *space, ref string) (ledger.Token, error) {
	if ref == "self" {
		if ac.with == nil || ac.with.Workspace != sp.ws.ID {
			return ledger.Token{}, notFound()
		}
		return *ac.with, nil
	}
	l, err := token.ParseLocator(locatorPart(ref))
	if err != nil {
		return ledger.Token{}, notFound()
	}
	t, err := r.Token(l)
	if err == nil && t.Workspace != sp.ws.ID {
		err = ledger.ErrNoRow
	}
	return t, err
}

func checkServiceAccountName(s string) error {
	if !input.Handle(s, "._-") {
		return api.FieldError("name", "must be 1 to 63 of a-z, 0-9 and ._-, and begin with a letter or digit")
	}
	if s == "new" { // the page of a form
		return api.FieldError("name", "must not be new; choose another name")
	}
	if isUserID(s) || strings.HasPrefix(s, accountID) {
		return api.FieldError("name", "must not begin like the id of a user (usr_) or service account (sac_)")
	}
	return input.Free("name", s)
}
