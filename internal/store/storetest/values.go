package storetest

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/foreign"
	"github.com/tokenry/tokenry/internal/grant"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/policy"
	"github.com/tokenry/tokenry/token"
)

// valueCases are about what comes back.
func valueCases() map[string]func(w *world) {
	return map[string]func(w *world){
		"every field is kept and can be emptied": everyField,
		"times are kept to the microsecond":      timesAreKept,
		"nil and empty are two things":           nilAndEmpty,
		"large values are kept":                  largeValues,
	}
}

// everyField stores each record with every field set, then again with as few as
// there must be.
func everyField(w *world) {
	ws, user, member, account, tok := w.newID(), w.newID(), w.newID(), w.newID(), w.newID()
	u := full(w.T, fullUser(user))
	kept(w, u, ledger.Tx.PutUser, func(r ledger.Reader) (ledger.User, error) {
		return r.User(ledger.UserKey{ID: user})
	}, u)
	kept(w, full(w.T, fullWorkspace(ws)), ledger.Tx.PutWorkspace, func(r ledger.Reader) (ledger.Workspace, error) {
		return r.Workspace(ledger.WorkspaceKey{ID: ws})
	}, workspaceRow(ws))
	bare := memberRow(member, ws, user)
	bare.UserPublicID, bare.UserEmail, bare.UserName = u.PublicID, u.Email, u.Name
	bare.UserInstanceAdmin, bare.UserDeactivatedAt = u.InstanceAdmin, u.DeactivatedAt
	kept(w, full(w.T, fullMember(member, ws, user)), ledger.Tx.PutMember, func(r ledger.Reader) (ledger.Member, error) {
		return r.Member(ws, ledger.MemberKey{ID: member})
	}, bare)
	kept(w, full(w.T, fullAccount(account, ws)), ledger.Tx.PutServiceAccount, func(r ledger.Reader) (ledger.ServiceAccount, error) {
		return r.ServiceAccount(ws, ledger.ServiceAccountKey{ID: account})
	}, accountRow(account, ws))
	both := fullToken(tok, ws, member, user)
	both.OwnerServiceAccount = account // a token has one owner; this only counts the fields
	full(w.T, both)
	kept(w, fullToken(tok, ws, member, user), ledger.Tx.PutToken, func(r ledger.Reader) (ledger.Token, error) {
		return r.Token(locatorOf(tok))
	}, tokenRow(tok, ws))
	owned := tokenRow(tok, ws)
	owned.Kind, owned.OwnerServiceAccount = token.Service, account
	kept(w, owned, ledger.Tx.PutToken, func(r ledger.Reader) (ledger.Token, error) { return r.Token(locatorOf(tok)) }, owned)
	kept(w, full(w.T, fullSecret(tok)), ledger.Tx.PutSecret, func(r ledger.Reader) (ledger.Secret, error) {
		return only(r.Secrets(tok))
	}, secretRow(tok, 1))
	everyFieldOfRights(w, ws)
	everyFieldOfTheRest(w, ws)
}

// everyFieldOfRights goes on with what names rights.
func everyFieldOfRights(w *world, ws ledger.ID) {
	kept(w, full(w.T, fullRole(ws)), ledger.Tx.PutRole, func(r ledger.Reader) (ledger.Role, error) {
		return only(r.Roles(ws))
	}, ledger.Role{Workspace: ws, Name: "Support"})
	kept(w, full(w.T, fullScope(ws)), ledger.Tx.PutScope, func(r ledger.Reader) (ledger.Scope, error) {
		return only(r.Scopes(ws))
	}, ledger.Scope{Workspace: ws, Name: "tickets:read"})
	id := w.newID()
	kept(w, full(w.T, fullResource(id, ws)), ledger.Tx.PutResource, func(r ledger.Reader) (ledger.Resource, error) {
		return r.Resource(ws, "payments")
	}, ledger.Resource{ID: id, Workspace: ws, Name: "payments", CreatedAt: at(0)})
}

// everyFieldOfTheRest ends with the rows that there is one of, or that are only
// added.
func everyFieldOfTheRest(w *world, ws ledger.ID) {
	w.read(func(r ledger.Reader) { found(w.T, ledger.Instance{})(r.Instance()) })
	instance := full(w.T, ledger.Instance{
		Policy:   policy.Overrides{Locked: api.Some([]string{"max_lifetime"})},
		Prefixes: []token.Prefix{"acme", "tky"}, Formats: []foreign.Spec{{Name: "old", Least: 20, Suffix: []byte{0, 0xff}, Hint: foreign.Part{Take: 8}, CreatedAt: at(3)}}, PolicyRevision: 6, SetupSeed: make([]byte, 32), SetupExpiresAt: at(1), BootstrappedAt: at(2),
	})
	kept(w, instance, ledger.Tx.PutInstance, ledger.Reader.Instance, ledger.Instance{})
	used := full(w.T, fullIdempotency())
	kept(w, used, ledger.Tx.PutIdempotency, func(r ledger.Reader) (ledger.Idempotency, error) {
		return r.Idempotency(used.Caller, used.Route, used.Key)
	}, ledger.Idempotency{Caller: used.Caller, Route: used.Route, Key: used.Key, Body: []byte{}, CreatedAt: at(2)})
	row := full(w.T, fullAudit(ws))
	w.do(func(tx ledger.Tx) error { return tx.AppendAudit(row) })
	w.read(func(r ledger.Reader) { found(w.T, []ledger.AuditRow{row})(r.AuditChain(ws, 0, 0)) })
}

// kept stores a record and wants it back, then replaces it by a barer one.
func kept[T any](w *world, record T, put func(ledger.Tx, T) error, get func(ledger.Reader) (T, error), barer T) {
	w.Helper()
	for _, v := range []T{record, barer} {
		w.do(func(tx ledger.Tx) error {
			if err := put(tx, v); err != nil {
				return err
			}
			found(w.T, v)(get(tx.Reader))
			return nil
		})
		w.read(func(r ledger.Reader) { found(w.T, v)(get(r)) })
	}
}

// only answers the one entry of a list.
func only[T any](list []T, err error) (T, error) {
	var none T
	if err == nil && len(list) != 1 {
		err = fmt.Errorf("the list has %d entries", len(list))
	}
	if err != nil {
		return none, err
	}
	return list[0], nil
}

// timesAreKept from 1970 to 9999, whatever their zone; what is finer than a
// microsecond is cut off.
func timesAreKept(w *world) {
	id := w.newID()
	for _, moment := range []time.Time{
		time.Unix(0, 0).UTC(), // not the zero time
		time.UnixMicro(1).UTC(),
		time.UnixMicro(-1).UTC(),
		time.Date(2026, 2, 3, 4, 5, 6, 999999000, time.UTC),
		time.Date(9999, 12, 31, 23, 59, 59, 999999000, time.UTC),
	} {
		user := userRow(id)
		user.CreatedAt = moment.Add(999 * time.Nanosecond).In(time.FixedZone("", 3600))
		user.DeactivatedAt = moment
		w.do(func(tx ledger.Tx) error { return tx.PutUser(user) })
		user.CreatedAt = moment
		w.read(func(r ledger.Reader) {
			got, err := r.User(ledger.UserKey{ID: id})
			if err != nil || got.CreatedAt != moment || got.DeactivatedAt != moment {
				w.Errorf("%v became %v and %v (%v)", moment, got.CreatedAt, got.DeactivatedAt, err)
			}
		})
	}
}

// nilAndEmpty: for grants and addresses the difference is one of rights.
func nilAndEmpty(w *world) {
	ws, tok, member, user := w.newID(), w.newID(), w.newID(), w.newID()
	w.do(func(tx ledger.Tx) error { return tx.PutWorkspace(workspaceRow(ws)) },
		func(tx ledger.Tx) error { return tx.PutUser(userRow(user)) })
	for _, grants := range [][]grant.Statement{nil, {}, {{}}, {{Scopes: []string{}}}, {{Scopes: []string{}, Resources: []string{}}}} {
		for _, ips := range [][]netip.Prefix{nil, {}} {
			for _, metadata := range []ledger.Metadata{nil, {}} {
				t := tokenRow(tok, ws)
				t.Grants, t.AllowedIPs, t.Metadata = grants, ips, metadata
				m := memberRow(member, ws, user)
				m.Grants, m.UserPublicID = grants, userRow(user).PublicID
				w.do(func(tx ledger.Tx) error { return tx.PutToken(t) }, func(tx ledger.Tx) error { return tx.PutMember(m) })
				w.read(func(r ledger.Reader) {
					found(w.T, t)(r.Token(t.Locator))
					found(w.T, m)(r.Member(ws, ledger.MemberKey{ID: member}))
				})
			}
		}
	}
}

// largeValues are at the bounds of the API and above.
func largeValues(w *world) {
	ws, tok := w.newID(), w.newID()
	t := tokenRow(tok, ws)
	t.Label = strings.Repeat("\U0001F511", 100)
	t.Description = strings.Repeat("é", 1000)
	t.Metadata = ledger.Metadata{"k": strings.Repeat("x", 4096), "e": strings.Repeat("\U0001F600", 64)}
	for i := range 1000 {
		t.Grants = append(t.Grants, grant.Statement{Role: "Viewer", Resources: []string{fmt.Sprintf("resource-%d", i)}})
	}
	payload, err := json.Marshal(t.Grants)
	if err != nil {
		w.Fatal(err)
	}
	row := auditRow(ws, 1)
	row.Payload = payload
	w.do(
		func(tx ledger.Tx) error { return tx.PutWorkspace(workspaceRow(ws)) },
		func(tx ledger.Tx) error { return tx.PutToken(t) },
		func(tx ledger.Tx) error { return tx.AppendAudit(row) },
	)
	w.read(func(r ledger.Reader) {
		found(w.T, t)(r.Token(t.Locator))
		found(w.T, []ledger.AuditRow{row})(r.AuditChain(ws, 0, 0))
	})
}
