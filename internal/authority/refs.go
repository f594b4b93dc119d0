package authority

import (
	"errors"
	"strings"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/input"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/token"
)

// IsUserID says whether a reference has the form of a user's id.
func IsUserID(ref string) bool { return strings.HasPrefix(ref, "usr_") && !strings.Contains(ref, "@") }

// External is what a reference by the customer's own id begins with.
const External = "ext:"

// IsExternal says whether a reference names something by the customer's own id.
func IsExternal(ref string) bool { return strings.HasPrefix(ref, External) }

// ExternalID reads the external id of a reference; none names nothing, rather than
// what has none.
func ExternalID(ref string) (string, error) {
	id := strings.TrimPrefix(ref, External)
	if id == "" {
		return "", api.FieldError("external_id", "must follow ext: in a reference")
	}
	return id, nil
}

// Member finds the member that a reference names: me, an e-mail, a user id or
// ext:ID.
func (a *Authority) Member(r *Snapshot, ac *Actor, sp *Space, ref string) (ledger.Member, error) {
	switch {
	case ref == "me" && ac.Member == 0:
		return ledger.Member{}, api.Errorf(api.CodeNotFound, "the caller is not a member of this workspace")
	case ref == "me":
		return r.Member(sp.Workspace.ID, ledger.MemberKey{ID: ac.Member})
	}
	k, err := MemberKey(ref)
	if err != nil {
		return ledger.Member{}, err
	}
	return r.Member(sp.Workspace.ID, k)
}

// MemberKey reads ext:ID, an e-mail, or an id.
func MemberKey(ref string) (ledger.MemberKey, error) {
	switch {
	case IsExternal(ref):
		id, err := ExternalID(ref)
		return ledger.MemberKey{ExternalID: id}, err
	case strings.Contains(ref, "@"):
		return ledger.MemberKey{Email: strings.ToLower(ref)}, nil
	}
	return ledger.MemberKey{PublicID: ref}, nil
}

// AccountID begins the id of a service account.
const AccountID = "sac_"

// ServiceAccountKey reads a name, an address name@slug.service, or an id.
func ServiceAccountKey(ref string, ws ledger.Workspace) ledger.ServiceAccountKey {
	name, domain, found := strings.Cut(ref, "@")
	if found && domain == ws.Slug+".service" {
		return ledger.ServiceAccountKey{Name: name}
	}
	if strings.HasPrefix(ref, AccountID) {
		return ledger.ServiceAccountKey{PublicID: ref}
	}
	return ledger.ServiceAccountKey{Name: ref}
}

// NoSuch turns a missing row that the field owner names into an error about it.
func NoSuch(what string, err error) error {
	if errors.Is(err, ledger.ErrNoRow) {
		return api.FieldError("owner", "there is no such "+what+" in this workspace")
	}
	return err
}

// IgnoreNoRow takes away the error that says that there is no row.
func IgnoreNoRow(err error) error {
	if errors.Is(err, ledger.ErrNoRow) {
		return nil
	}
	return err
}

// LocatorPart is the locator of a token ID.
func LocatorPart(id string) string { return token.LocatorOf(id) }

// Token finds the token of the workspace that a reference names: a token ID, a
// locator, or self. Another workspace's is not found.
func (a *Authority) Token(r *Snapshot, ac *Actor, sp *Space, ref string) (ledger.Token, error) {
	if ref == "self" {
		if ac.With == nil || ac.With.Workspace != sp.Workspace.ID {
			return ledger.Token{}, NotFound()
		}
		r.met.Token = *ac.With
		return *ac.With, nil
	}
	l, err := token.ParseLocator(LocatorPart(ref))
	if err != nil {
		return ledger.Token{}, NotFound()
	}
	t, err := r.Token(l)
	if err == nil && t.Workspace != sp.Workspace.ID {
		err = ledger.ErrNoRow
	}
	if err == nil {
		r.met.Token = t
	}
	return t, err
}

// CheckServiceAccountName refuses a name that could not be a part of an address, or that means something else.
func CheckServiceAccountName(s string) error {
	if !input.Handle(s, "._-") {
		return api.FieldError("name", "must be 1 to 63 of a-z, 0-9 and ._-, and begin with a letter or digit")
	}
	if s == "new" { // the page of a form
		return api.FieldError("name", `must not be "new"; choose another name`)
	}
	if IsUserID(s) || strings.HasPrefix(s, AccountID) {
		return api.FieldError("name", "must not begin like the id of a user (usr_) or service account (sac_)")
	}
	return input.First(input.Free("name", s), input.Secretless("name", s))
}

// User finds the user that a reference names: an e-mail or an id.
func User(r *Snapshot, ref string) (ledger.User, error) {
	if strings.Contains(ref, "@") {
		return r.User(ledger.UserKey{Email: strings.ToLower(ref)})
	}
	return r.User(ledger.UserKey{PublicID: ref})
}

// WorkspacesOf are the slugs of the workspaces in which a user is a member.
func WorkspacesOf(r *Snapshot, u ledger.User) ([]string, error) {
	rows, err := r.WorkspacesOf(u.ID)
	return Views(rows, func(ws ledger.Workspace) string { return ws.Slug }), err
}
