package storetest

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/token"
)

// tokenCases are about tokens and what belongs to them.
func tokenCases() map[string]func(w *world) {
	return map[string]func(w *world){
		"a token is found by its locator as it is":     tokenLocator,
		"tokens are listed newest first":               tokenList,
		"each filter keeps what it says":               tokenFilters,
		"a search is literal and folds ASCII":          tokenSearch,
		"live tokens are counted":                      tokenCount,
		"a standing token is found":                    standing,
		"secrets are listed newest first, six of them": secretList,
		"what is presented is read at once":            presentedAtOnce,
		"what is sealed is found":                      sealedFound,
		"old secrets can be forgotten":                 secretsForgotten,
		"a digest is 32 bytes that are kept":           digestsAreKept,
		"an idempotency key is of caller and route":    idempotencyKeys,
		"a row refers to rows that exist":              references,
	}
}

// putToken stores a token with a change to it and answers its row.
func (w *world) putToken(ws ledger.ID, change func(t *ledger.Token)) ledger.Token {
	w.Helper()
	t := tokenRow(w.newID(), ws)
	if change != nil {
		change(&t)
	}
	w.do(func(tx ledger.Tx) error { return tx.PutToken(t) })
	return t
}

// tokenLocator: two that differ in case are two tokens.
func tokenLocator(w *world) {
	ws := w.putWorkspace(nil).ID
	lower, upper := token.Locator([]byte("abcdefghijkl")), token.Locator([]byte("ABCDEFGHIJKL"))
	t := w.putToken(ws, func(t *ledger.Token) { t.Locator = lower })
	w.read(func(r ledger.Reader) {
		found(w.T, t)(r.Token(lower))
		missing[ledger.Token](w.T)(r.Token(upper))
		missing[ledger.Token](w.T)(r.Token(token.Locator{}))
	})
	other := w.putToken(ws, func(t *ledger.Token) { t.Locator = upper })
	w.read(func(r ledger.Reader) { found(w.T, other)(r.Token(upper)) })
	w.refuse(ledger.ErrDuplicate, func(tx ledger.Tx) error {
		again := tokenRow(tx.NewID(), ws)
		again.Locator = lower
		return tx.PutToken(again)
	})
}

// locators are what tests compare lists by.
func locators(list []ledger.Token, err error) ([]token.Locator, error) {
	var ls []token.Locator
	for _, t := range list {
		ls = append(ls, t.Locator)
	}
	return ls, err
}

// tokenList continues a page by the last ID on it.
func tokenList(w *world) {
	ws, other := w.putWorkspace(nil).ID, w.putWorkspace(nil).ID
	var want []ledger.Token
	for range 4 {
		want = append(want, w.putToken(ws, nil))
		w.putToken(other, nil)
	}
	w.putToken(ws, func(t *ledger.Token) { t.DeletedAt = at(1) })
	slices.Reverse(want)
	w.read(func(r ledger.Reader) {
		found(w.T, want)(r.Tokens(ws, ledger.TokenQuery{}))
		found(w.T, want[:3])(r.Tokens(ws, ledger.TokenQuery{Limit: 3}))
		found(w.T, want[3:])(r.Tokens(ws, ledger.TokenQuery{Limit: 3, Before: want[2].ID}))
		found(w.T, []ledger.Token(nil))(r.Tokens(ws, ledger.TokenQuery{Before: want[3].ID}))
	})
}

// tokenFilters one by one; the model tries them together.
func tokenFilters(w *world) {
	ws := w.putWorkspace(nil).ID
	member, account := w.putMember(ws, w.putUser(nil), nil).ID, w.putAccount(ws, nil).ID
	plain := w.putToken(ws, nil)
	personal := w.putToken(ws, func(t *ledger.Token) { t.Kind, t.OwnerMember, t.CreatedBy = token.Personal, member, "ada" })
	service := w.putToken(ws, func(t *ledger.Token) { t.Kind, t.OwnerServiceAccount, t.CreatedBy = token.Service, account, "Ada" })
	child := w.putToken(ws, func(t *ledger.Token) { t.CreatedWith = plain.Locator })
	early := w.putToken(ws, func(t *ledger.Token) { t.ExpiresAt = at(10) })
	late := w.putToken(ws, func(t *ledger.Token) { t.ExpiresAt = at(20) })
	revoked := w.putToken(ws, func(t *ledger.Token) { t.RevokedAt = at(5) })
	deleted := w.putToken(ws, func(t *ledger.Token) { t.RevokedAt, t.DeletedAt = at(5), at(5) })
	leaving := w.putToken(ws, func(t *ledger.Token) { t.DisabledAt, t.RevokeAt = at(5), at(10) })
	w.read(func(r ledger.Reader) {
		found(w.T, leaving.ID)(r.TokensFrom(ws, ledger.TokenQuery{}, 0))
		found(w.T, deleted.ID)(r.TokensFrom(ws, ledger.TokenQuery{Before: leaving.ID, Text: "x"}, 0))
		found(w.T, plain.ID)(r.TokensFrom(ws, ledger.TokenQuery{}, 8))
		found(w.T, ledger.ID(0))(r.TokensFrom(ws, ledger.TokenQuery{}, 9))
		found(w.T, service.ID)(r.TokensFrom(ws, ledger.TokenQuery{Kind: token.Service}, 0))   // counted among those of the list
		found(w.T, ledger.ID(0))(r.TokensFrom(ws, ledger.TokenQuery{Kind: token.Service}, 1)) // there are no more
		found(w.T, revoked.ID)(r.TokensFrom(ws, ledger.TokenQuery{State: ledger.TokenRevoked, StateAt: at(5)}, 1))
		found(w.T, ledger.ID(0))(r.TokensFrom(ws, ledger.TokenQuery{ExpiresAfter: at(9)}, 1)) // so few are read at once
	})
	for name, c := range map[string]struct {
		q    ledger.TokenQuery
		want []ledger.Token
	}{
		"member":       {ledger.TokenQuery{OwnerMember: member}, []ledger.Token{personal}},
		"account":      {ledger.TokenQuery{OwnerServiceAccount: account}, []ledger.Token{service}},
		"kind":         {ledger.TokenQuery{Kind: token.Service}, []ledger.Token{service}},
		"no such kind": {ledger.TokenQuery{Kind: token.Ephemeral}, nil},
		"created by":   {ledger.TokenQuery{CreatedBy: "ada"}, []ledger.Token{personal}},
		"created with": {ledger.TokenQuery{CreatedWith: plain.Locator}, []ledger.Token{child}},
		"before":       {ledger.TokenQuery{ExpiresBefore: at(20)}, []ledger.Token{early}},
		"after":        {ledger.TokenQuery{ExpiresAfter: at(10)}, []ledger.Token{late}},
		"between":      {ledger.TokenQuery{ExpiresAfter: at(9), ExpiresBefore: at(21)}, []ledger.Token{late, early}},
		"live":         {ledger.TokenQuery{Live: at(10)}, []ledger.Token{late, child, service, personal, plain}},
		"live earlier": {ledger.TokenQuery{Live: at(9)}, []ledger.Token{leaving, late, early, child, service, personal, plain}},
		"deleted":      {ledger.TokenQuery{Deleted: true, Before: leaving.ID, Limit: 2}, []ledger.Token{deleted, revoked}},
		"two at once":  {ledger.TokenQuery{OwnerMember: member, CreatedBy: "Ada"}, nil},
		"revoked":      {ledger.TokenQuery{State: ledger.TokenRevoked, StateAt: at(11)}, []ledger.Token{leaving, revoked}},
		"revoked, few": {ledger.TokenQuery{State: ledger.TokenRevoked, StateAt: at(11), Limit: 1}, []ledger.Token{leaving}},
		"disabled":     {ledger.TokenQuery{State: ledger.TokenDisabled, StateAt: at(9)}, []ledger.Token{leaving}},
		"expired":      {ledger.TokenQuery{State: ledger.TokenExpired, StateAt: at(15)}, []ledger.Token{early}},
		"active":       {ledger.TokenQuery{State: ledger.TokenActive, StateAt: at(15), Limit: 2}, []ledger.Token{late, child}},
		"from":         {ledger.TokenQuery{From: late.ID, Deleted: true}, []ledger.Token{leaving, deleted, revoked, late}},
	} {
		want, _ := locators(c.want, nil)
		w.Run(name, func(t *testing.T) {
			w.read(func(r ledger.Reader) { found(t, want)(locators(r.Tokens(ws, c.q))) })
		})
	}
}

// tokenSearch: what people type is no pattern, and only A to Z are folded, as
// both engines can.
func tokenSearch(w *world) {
	ws := w.putWorkspace(nil).ID
	label := func(s string) token.Locator {
		return w.putToken(ws, func(t *ledger.Token) { t.Label = s }).Locator
	}
	percent, under, back, accent := label("100% Pure"), label("snake_case"), label(`C:\temp`), label("Éclair \U0001F511")
	described := w.putToken(ws, func(t *ledger.Token) { t.Description = "for the DEPLOY job" }).Locator
	located := w.putToken(ws, func(t *ledger.Token) { t.Locator = token.Locator([]byte("ZzNotBase162")) }).Locator
	ada := w.putUser(func(u *ledger.User) { u.Email, u.Name = "ada@example.com", "Ada King Lovelace" })
	left := w.putMember(ws, ada, func(m *ledger.Member) { m.Name, m.ExternalID, m.RemovedAt = "Countess", "hr-17", at(1) }).ID
	owned := w.putToken(ws, func(t *ledger.Token) {
		t.Kind, t.OwnerMember, t.Locator, t.Label = token.Personal, left, token.Locator([]byte("7hQ2aB9cXk1Z")), "nightly"
	}).Locator
	robot := w.putAccount(ws, func(a *ledger.ServiceAccount) { a.Name, a.RemovedAt = "robo", at(1) }).ID
	automated := w.putToken(ws, func(t *ledger.Token) { t.Kind, t.OwnerServiceAccount = token.Service, robot }).Locator
	for text, want := range map[string][]token.Locator{
		"100%":                         {percent},
		"% p":                          {percent},
		"pure 100":                     {percent}, // words apart, in any order
		"pure 200":                     nil,
		"lovelace ADA":                 {owned}, // the owner left
		"countess hr-1":                {owned},
		"ada nightly":                  {owned}, // in different places
		"ada deploy":                   nil,
		"ada@example.com_7hQ2aB9cXk1Z": {owned}, // a token ID
		"tkyp_7hQ2a…":                  {owned}, // a mask, as it is shown
		"tkyp_7hQ2a":                   {owned},
		"tkyp_7hQ2b…":                  nil,
		"robo@":                        {automated},
		"PURE":                         {percent},
		"%":                            {percent},
		"_":                            {under},
		"e_c":                          {under},
		"exc":                          nil,
		`\`:                            {back},
		`c:\T`:                         {back},
		`\%`:                           nil,
		"Éc":                           {accent},
		"éc":                           nil,
		"\U0001F511":                   {accent},
		"deploy":                       {described},
		"Zz":                           {located},
		"zz":                           nil, // locators are of exact case
		"zN":                           nil, // and match from their beginning
		"ZzNotBase162":                 {located},
		"ZzNotBase162x":                nil,
		"'; --":                        nil,
	} {
		w.read(func(r ledger.Reader) {
			if got, err := locators(r.Tokens(ws, ledger.TokenQuery{Text: text})); err != nil || !slices.Equal(got, want) {
				w.Errorf("searching %q found %v, want %v (%v)", text, got, want, err)
			}
		})
	}
}

// tokenCount: a bound of a policy counts what still works.
func tokenCount(w *world) {
	ws, other := w.putWorkspace(nil).ID, w.putWorkspace(nil).ID
	member, account := w.putMember(ws, w.putUser(nil), nil).ID, w.putAccount(ws, nil).ID
	personal := func(t *ledger.Token) { t.Kind, t.OwnerMember = token.Personal, member }
	w.putToken(ws, personal)
	w.putToken(ws, func(t *ledger.Token) { personal(t); t.ExpiresAt = at(10) })
	w.putToken(ws, func(t *ledger.Token) { personal(t); t.RevokedAt = at(1) })
	w.putToken(ws, func(t *ledger.Token) { personal(t); t.RevokedAt, t.DeletedAt = at(1), at(1) })
	w.putToken(ws, func(t *ledger.Token) { t.Kind, t.OwnerServiceAccount, t.DisabledAt = token.Service, account, at(1) })
	w.putToken(ws, func(t *ledger.Token) { t.DisabledAt, t.RevokeAt = at(1), at(10) })
	w.putToken(other, nil)
	w.do(func(tx ledger.Tx) error {
		for _, c := range []struct {
			live                 time.Time
			all, member, account int
		}{{at(9), 4, 2, 1}, {at(10), 2, 1, 1}} {
			found(w.T, c.all)(tx.CountTokens(ws, 0, c.live, 1))
			found(w.T, c.member)(tx.CountTokens(ws, member, c.live, 1))
			found(w.T, c.account)(tx.CountTokens(ws, account, c.live, 1))
		}
		found(w.T, 0)(tx.CountTokens(other, member, at(0), 1))
		return nil
	})
}

// standing: of one member, and not one that was revoked.
func standing(w *world) {
	ws := w.putWorkspace(nil).ID
	member, other := w.putMember(ws, w.putUser(nil), nil).ID, w.putMember(ws, w.putUser(nil), nil).ID
	of := func(member ledger.ID, edit func(*ledger.Token)) ledger.Token {
		return w.putToken(ws, func(t *ledger.Token) {
			t.Kind, t.OwnerMember, t.Standing = token.Personal, member, true
			edit(t)
		})
	}
	of(member, func(t *ledger.Token) { t.RevokedAt = at(1) })
	want := of(member, func(t *ledger.Token) { t.ExpiresAt = at(1) })
	of(member, func(t *ledger.Token) { t.Standing = false })
	of(other, func(t *ledger.Token) { t.RevokedAt = at(1) })
	w.read(func(r ledger.Reader) {
		found(w.T, want)(r.StandingToken(ws, member))
		missing[ledger.Token](w.T)(r.StandingToken(ws, other))
	})
}

// putSecrets stores the secrets 1 to n of a new token.
func (w *world) putSecrets(n int) (t ledger.ID, secrets []ledger.Secret) {
	w.Helper()
	t = w.putToken(w.putWorkspace(nil).ID, nil).ID
	for i := range n {
		s := secretRow(t, i+1)
		secrets = append(secrets, s)
		w.do(func(tx ledger.Tx) error { return tx.PutSecret(s) })
	}
	slices.Reverse(secrets)
	return t, secrets
}

// secretList has six: the current one, one in overlap, four remembered.
func secretList(w *world) {
	t, want := w.putSecrets(8)
	w.putSecrets(1)
	w.read(func(r ledger.Reader) {
		found(w.T, want[:6])(r.Secrets(t))
		found(w.T, []ledger.Secret(nil))(r.Secrets(1 << 40))
	})
}

// presentedAtOnce: as a snapshot reads it, also where there is no token, or no secret of it.
func presentedAtOnce(w *world) {
	ws := w.putWorkspace(nil).ID
	bare := w.putToken(ws, func(t *ledger.Token) { t.Locator = token.Locator([]byte("abcdefghijkl")) })
	full := w.putToken(ws, func(t *ledger.Token) { t.Locator = token.Locator([]byte("ABCDEFGHIJKL")) })
	for n := 1; n <= 8; n++ {
		w.do(func(tx ledger.Tx) error { return tx.PutSecret(secretRow(full.ID, n)) })
		want := ledger.Presented{Token: full}
		w.read(func(r ledger.Reader) {
			want.At = r.Point()
			secrets, err := r.Secrets(full.ID)
			if want.Secrets = secrets; err != nil || len(secrets) != min(n, 6) {
				w.Errorf("%d secrets, %v", len(secrets), err)
			}
		})
		found(w.T, want)(w.Presented(w.Context(), full.Locator))
		want.Token, want.Secrets = bare, nil
		found(w.T, want)(w.Presented(w.Context(), bare.Locator))
		none, err := w.Presented(w.Context(), token.Locator([]byte("abcdefghijkL")))
		missing[ledger.Presented](w.T)(none, err)
		same(w.T, ledger.Presented{At: want.At}, none)
	}
	gone, cancel := context.WithCancel(w.Context())
	cancel()
	if _, err := w.Presented(gone, full.Locator); !errors.Is(err, context.Canceled) || !errors.Is(err, ledger.ErrStoreUnavailable) {
		w.Errorf("whoever asked has gone: %v", err)
	}
}

// secretsForgotten: of one token, below a number.
func secretsForgotten(w *world) {
	t, want := w.putSecrets(3)
	other, untouched := w.putSecrets(2)
	w.do(func(tx ledger.Tx) error { return tx.DeleteSecrets(t, 2) })
	w.read(func(r ledger.Reader) {
		found(w.T, want[:2])(r.Secrets(t))
		found(w.T, untouched)(r.Secrets(other))
	})
}

// sealedFound: in one workspace, window by window; by the token's row, or by a secret
// alone, deleted or not.
func sealedFound(w *world) {
	ws, other := w.putWorkspace(nil).ID, w.putWorkspace(nil).ID
	put := func(ws ledger.ID, recoverable, sealed bool) ledger.ID {
		t := w.putToken(ws, func(t *ledger.Token) { t.Recoverable, t.DeletedAt = recoverable, at(1) })
		s := fullSecret(t.ID)
		if !sealed {
			s.Sealed = nil
		}
		w.do(func(tx ledger.Tx) error { return tx.PutSecret(s) })
		return t.ID
	}
	put(other, true, true)
	plain, marked, kept, last := put(ws, false, false), put(ws, true, false), put(ws, false, true), put(ws, false, false)
	w.read(func(r ledger.Reader) {
		for _, x := range []struct {
			after  ledger.ID
			window int
			found  []ledger.ID
			last   ledger.ID
		}{
			{0, 10, []ledger.ID{marked, kept}, last},
			{0, 2, []ledger.ID{marked}, marked},
			{marked, 2, []ledger.ID{kept}, last},
			{kept, 10, nil, last},
			{last, 10, nil, 0},
			{plain - 1, 1, nil, plain},
		} {
			ids, through, err := r.Sealed(ws, x.after, x.window)
			if err != nil || !slices.Equal(ids, x.found) || through != x.last {
				w.Errorf("after %d, of %d: %v through %d, %v; want %v through %d", x.after, x.window, ids, through, err, x.found, x.last)
			}
		}
	})
}

// digestsAreKept: bytes that look like text or numbers stay bytes, and a digest of
// another length is none.
func digestsAreKept(w *world) {
	t := w.putToken(w.putWorkspace(nil).ID, nil).ID
	for _, d := range []token.Digest{
		{}, token.Digest(bytes.Repeat([]byte{'7'}, 32)), token.Digest(bytes.Repeat([]byte{0xff}, 32)), digestOf(5),
	} {
		s := secretRow(t, 1)
		s.Digest = d
		w.do(func(tx ledger.Tx) error { return tx.PutSecret(s) })
		w.read(func(r ledger.Reader) { found(w.T, s)(only(r.Secrets(t))) })
	}
	errs, err := w.Batch(w.Context(), []func(ledger.Tx) error{func(tx ledger.Tx) error {
		row := auditRow(1, 1)
		row.Hash = row.Hash[:31]
		return tx.AppendAudit(row)
	}})
	if err != nil || errs[0] == nil {
		w.Errorf("a hash of 31 bytes was answered with %v, %v", errs, err)
	}
}

// idempotencyKeys: the same key of another caller is another key.
func idempotencyKeys(w *world) {
	put := func(caller, route, key string, when time.Time) ledger.Idempotency {
		row := ledger.Idempotency{Caller: caller, Route: route, Key: key, Body: []byte(caller), CreatedAt: when}
		w.do(func(tx ledger.Tx) error { return tx.PutIdempotency(row) })
		return row
	}
	first, second := put("a", "r", "k", at(1)), put("A", "r", "k", at(2))
	w.read(func(r ledger.Reader) {
		found(w.T, first)(r.Idempotency("a", "r", "k"))
		found(w.T, second)(r.Idempotency("A", "r", "k"))
		missing[ledger.Idempotency](w.T)(r.Idempotency("a", "k", "r"))
		missing[ledger.Idempotency](w.T)(r.Idempotency("a", "r", "K"))
	})
	for _, n := range []int{1, 0} {
		w.do(func(tx ledger.Tx) error {
			found(w.T, n)(tx.DeleteIdempotency(at(2), 1))
			return nil
		})
	}
	w.read(func(r ledger.Reader) {
		missing[ledger.Idempotency](w.T)(r.Idempotency("a", "r", "k"))
		found(w.T, second)(r.Idempotency("A", "r", "k"))
	})
}

// references: half a token must not be possible, by whatever bug.
func references(w *world) {
	ws := w.putWorkspace(nil).ID
	for name, f := range map[string]func(tx ledger.Tx) error{
		"a token of no workspace": func(tx ledger.Tx) error { return tx.PutToken(tokenRow(tx.NewID(), 1<<40)) },
		"a token of no member": func(tx ledger.Tx) error {
			t := tokenRow(tx.NewID(), ws)
			t.OwnerMember = 1 << 40
			return tx.PutToken(t)
		},
		"a secret of no token": func(tx ledger.Tx) error { return tx.PutSecret(secretRow(1<<40, 1)) },
		"a member of no user":  func(tx ledger.Tx) error { return tx.PutMember(memberRow(tx.NewID(), ws, 1<<40)) },
		"a token of two owners": func(tx ledger.Tx) error {
			t := tokenRow(tx.NewID(), ws)
			t.OwnerMember, t.OwnerServiceAccount = 1, 1
			return tx.PutToken(t)
		},
	} {
		errs, err := w.Batch(w.Context(), []func(ledger.Tx) error{f})
		if err != nil || errs[0] == nil {
			w.Errorf("%s was answered with %v, %v", name, errs, err)
		}
	}
}
