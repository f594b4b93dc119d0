package verify_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/foreign"
	"github.com/tokenry/tokenry/internal/verify"
	"github.com/tokenry/tokenry/token"
)

var naming = []byte("thirty-two bytes of a naming key")

// theirs is a string of a format whose hash is not slow.
func theirs(n int) string { return fmt.Sprintf("old_%028d", n) }

func quickFormat() *foreign.Format {
	return foreign.New(foreign.Spec{Name: "old", Prefix: "old_", Least: 32, Most: 32, Alphabet: api.AlphabetBase62, Hash: api.HashSHA256}, naming, "", "")
}

// slowFormat has salts of its own, so that tokens are found by the last six characters.
func slowFormat() *foreign.Format {
	return foreign.New(foreign.Spec{Name: "slow", Prefix: "slow_", Least: 32, Most: 34, Alphabet: api.AlphabetBase62, Hash: api.HashPBKDF2,
		Iterations: 2, Length: 32, Salt: api.SaltItem, Hint: foreign.Part{Take: 6, FromEnd: true}}, naming, "", "")
}

// settled is one call of [verify.Config.Direct].
type settled struct {
	locator           token.Locator
	presented, direct string
}

// strange opens an engine that looks strings of formats up.
func strange(t *testing.T, formats ...*foreign.Format) (*office, *[]settled) {
	t.Helper()
	var mu sync.Mutex
	told := new([]settled)
	o := open(t, verify.Config{Direct: func(l token.Locator, presented, direct string) {
		mu.Lock()
		defer mu.Unlock()
		*told = append(*told, settled{l, presented, direct})
	}})
	o.formats[struct{}{}] = formats
	must(t, o.Prepare(t.Context()))
	return o, told
}

// bring stores the token of a string, as an import does.
func (o *office) bring(f *foreign.Format, s, salt string, at int) token.Locator {
	o.t.Helper()
	sum, _ := f.Sum(s, salt)
	l := f.ByHash(sum)
	if hint, ok := f.HintOf(s); f.ByHint() && ok {
		l = f.ByHintAt(hint, at)
	}
	t, _ := o.mint()
	t.Locator = l
	t.Secrets[0].Digest, t.Secrets[0].Key = o.keys.Digest(f.Presented(sum))
	if salt != "" {
		t.Secrets[0].Origin = &foreign.Origin{Recipe: f.Recipe, Salt: salt}
	}
	o.put(t)
	return l
}

func from(s, addr string) verify.Request {
	return verify.Request{Token: s, Addr: netip.MustParseAddr(addr), Cost: 1}
}

func TestAStringOfAnotherSystemIsItsToken(t *testing.T) {
	t.Parallel()
	o, _ := strange(t, quickFormat())
	l := o.bring(quickFormat(), theirs(1), "", 0)
	d := o.ask(bearer(theirs(1)))
	if !d.Allowed() || d.Locator != l || d.Kind != token.Personal || !d.Foreign || d.Start != "old_" || d.Owner.Address != "ada@example.com" {
		t.Errorf("%+v", d)
	}
	own, secret := o.issue(nil)
	if d := o.ask(bearer(secret)); d.Foreign || d.Locator != own {
		t.Errorf("a string of this instance: %+v", d)
	}
	o.expect(api.CodeUnknown, bearer(theirs(2)))
	o.expect(api.CodeUnknown, verify.Request{Token: theirs(1), Workspace: home + 1})
	o.edit(l, func(t *verify.Token) { t.Revoked = true })
	o.expect(api.CodeRevoked, bearer(theirs(1)))
}

// What presents itself to Tokenry has a string of Tokenry.
func TestAStringOfAnotherSystemOpensNothingOfTokenry(t *testing.T) {
	t.Parallel()
	o, _ := strange(t, quickFormat())
	o.bring(quickFormat(), theirs(1), "", 0)
	o.expect(api.CodeMalformed, verify.Request{Token: theirs(1), Caller: true})
}

// TestNothingStoredIsTakenForTheString presents what a thief of the table, of the other
// system's or of a log has.
func TestNothingStoredIsTakenForTheString(t *testing.T) {
	t.Parallel()
	wide := foreign.New(foreign.Spec{Name: "wide", Least: 16, Most: 255, Alphabet: api.AlphabetPrintable, Hash: api.HashSHA256}, naming, "", "")
	o, _ := strange(t, wide)
	l := o.bring(wide, theirs(1), "", 0)
	sum := sha256.Sum256([]byte(theirs(1)))
	digest := o.tokens[l].Secrets[0].Digest
	for _, s := range []string{
		fmt.Sprintf("%x", sum), string(sum[:]), fmt.Sprintf("%x", digest), wide.Presented(sum[:]), wide.Direct(theirs(1)), "tkyp_" + l.String(), l.String() + l.String(),
	} {
		if d := o.ask(bearer(s)); d.Matched {
			t.Errorf("%q is taken for the string", s)
		}
	}
}

func TestOnlyWhatHasAShapeIsLookedUp(t *testing.T) {
	t.Parallel()
	o, _ := strange(t, quickFormat())
	for _, s := range []string{"", "x", theirs(1)[:31], theirs(1) + "0", "new_" + theirs(1)[4:], strings.Repeat("y", 32), strings.Repeat("z", 4096)} {
		if o.Shaped(s) {
			t.Errorf("%q has a shape", s)
		}
	}
	o.set(func() { o.failure = errors.New("gone") })
	for _, s := range []string{theirs(1)[:31], strings.Repeat("y", 32), strings.Repeat("z", 4096)} {
		o.expect(api.CodeMalformed, bearer(s))
	}
	var d verify.Decision
	if err := o.Verify(t.Context(), new(bearer(theirs(1))), &d); !errors.Is(err, api.CodeUnavailable) || d.Code != api.CodeUnavailable {
		t.Errorf("a string that cannot be looked up: %s, %v", d.Code, err)
	}
}

// TestMissesOfANetworkAreBounded: whoever makes strings up is not looked up for ever, and
// takes nothing from tokens that are known, nor from other networks.
func TestMissesOfANetworkAreBounded(t *testing.T) {
	t.Parallel()
	o, _ := strange(t, quickFormat())
	o.bring(quickFormat(), theirs(1), "", 0)
	o.bring(quickFormat(), theirs(2), "", 0)
	o.expect(api.CodeOK, from(theirs(1), "192.0.2.1"))
	busy := 0
	for i := range 300 {
		var d verify.Decision
		if err := o.Verify(t.Context(), new(from(theirs(1000+i), "192.0.2.1")), &d); errors.Is(err, api.CodeUnavailable) {
			busy++
		} else if err != nil || d.Code != api.CodeUnknown || !d.Locator.IsZero() {
			t.Fatalf("%s, %v", d.Code, err)
		}
	}
	if busy != 180 {
		t.Errorf("%d of 300 were not looked up, want 180", busy)
	}
	o.expect(api.CodeOK, from(theirs(1), "192.0.2.1"))
	o.expect(api.CodeUnknown, from(theirs(1000), "192.0.2.1")) // remembered
	o.expect(api.CodeOK, from(theirs(2), "192.0.2.2"))
	for i := range 300 {
		o.expect(api.CodeUnknown, bearer(theirs(2000+i))) // from nowhere in particular
	}
}

// TestTheFirstUseOfASlowStringIsToldOnce: what it can be compared by is told to whoever
// writes it, and the hash is not worked out again meanwhile.
func TestTheFirstUseOfASlowStringIsToldOnce(t *testing.T) {
	t.Parallel()
	f := slowFormat()
	const s = "slow_00000000000000000000000tail99"
	o, told := strange(t, f)
	l := o.bring(f, s, "salt", 0)
	peek := bearer(s)
	peek.Peek = true
	o.expect(api.CodeOK, peek)
	if len(*told) != 0 {
		t.Error("a look was told as a use")
	}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() { o.expect(api.CodeOK, bearer(s)) })
	}
	all.Wait()
	if i := slices.IndexFunc(*told, func(x settled) bool { return x.locator != l || x.direct != f.Direct(s) }); i >= 0 || len(*told) == 0 {
		t.Fatalf("%+v", *told)
	}
	was := (*told)[0]
	o.edit(l, func(t *verify.Token) {
		t.Secrets[0].Digest, t.Secrets[0].Key = o.keys.Digest(was.direct)
		t.Secrets[0].Origin = nil
	})
	*told = nil
	o.expect(api.CodeOK, bearer(s))
	o.expect(api.CodeUnknown, bearer("slow_10000000000000000000000tail99"))
	if len(*told) != 0 {
		t.Errorf("told again: %+v", *told)
	}
}

// TestTokensOfOneHintAreToldApart: a string is compared with each, also behind one that
// was purged.
func TestTokensOfOneHintAreToldApart(t *testing.T) {
	t.Parallel()
	f := slowFormat()
	o, _ := strange(t, f)
	var strings []string
	var locators []token.Locator
	for i := range foreign.SameHint {
		s := fmt.Sprintf("slow_%023dtail99", i)
		strings, locators = append(strings, s), append(locators, o.bring(f, s, fmt.Sprint("salt", i), i))
	}
	for i, s := range strings {
		if d := o.ask(bearer(s)); !d.Allowed() || d.Locator != locators[i] {
			t.Errorf("%s: %+v", s, d)
		}
	}
	o.Apply(o.commit(func() verify.Changes {
		delete(o.tokens, locators[1])
		return verify.Changes{Tokens: locators[1:2]}
	}))
	o.expect(api.CodeUnknown, bearer(strings[1]))
	o.expect(api.CodeOK, bearer(strings[2]))
}

// TestFormatsAreThoseOfNow: one that is deleted is looked up by nobody from then on, and
// one that is new at once.
func TestFormatsAreThoseOfNow(t *testing.T) {
	t.Parallel()
	o, _ := strange(t)
	o.bring(quickFormat(), theirs(1), "", 0)
	o.expect(api.CodeMalformed, bearer(theirs(1)))
	set := func(formats ...*foreign.Format) {
		o.Apply(o.commit(func() verify.Changes {
			o.formats[struct{}{}] = formats
			return verify.Changes{AllWorkspaces: true}
		}))
	}
	set(quickFormat())
	o.expect(api.CodeOK, bearer(theirs(1)))
	set()
	o.expect(api.CodeMalformed, bearer(theirs(1)))
	o.set(func() { o.formats[struct{}{}] = []*foreign.Format{quickFormat()} })
	o.Apply(verify.Changes{All: true})
	o.expect(api.CodeOK, bearer(theirs(1)))
	o.Apply(verify.Changes{All: true})
	o.set(func() { o.failure = errors.New("gone") })
	var d verify.Decision
	if err := o.Verify(context.Background(), new(bearer(theirs(1))), &d); !errors.Is(err, api.CodeUnavailable) {
		t.Errorf("formats that cannot be read: %s, %v", d.Code, err)
	}
}

// TestAStringOfAnotherSystemNeedsALease as every other.
func TestAStringOfAnotherSystemNeedsALease(t *testing.T) {
	t.Parallel()
	l := &lease{}
	o := open(t, verify.Config{Lease: l})
	o.formats[struct{}{}] = []*foreign.Format{quickFormat()}
	o.bring(quickFormat(), theirs(1), "", 0)
	l.stamp.Store(1)
	o.expect(api.CodeOK, bearer(theirs(1)))
	l.over.Store(1)
	for _, s := range []string{theirs(1), theirs(2)} {
		var d verify.Decision
		if err := o.Verify(t.Context(), new(bearer(s)), &d); !errors.Is(err, api.CodeUnavailable) || d.Code != api.CodeUnavailable || d.Matched {
			t.Errorf("without a lease: %s, %v", d.Code, err)
		}
	}
}
