package authority

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/grant"
	"github.com/tokenry/tokenry/internal/input"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/verify"
	"github.com/tokenry/tokenry/token"
)

// TestAStateIsTheLastOneThatATokenCannotLeave: revoked is for good, whatever else there is
// to say; and every bound is over at its moment, not after it.
func TestAStateIsTheLastOneThatATokenCannotLeave(t *testing.T) {
	t.Parallel()
	now := whenRemoved()
	for name, c := range map[string]struct {
		f    verify.Token
		want string
	}{
		"it lives":                     {verify.Token{}, api.StatusActive},
		"it is not valid yet":          {verify.Token{NotBefore: now.Add(time.Hour)}, api.StatusActive},
		"disabled":                     {verify.Token{Disabled: true}, api.StatusDisabled},
		"expires now":                  {verify.Token{ExpiresAt: now}, api.StatusExpired},
		"expires in a moment":          {verify.Token{ExpiresAt: now.Add(1)}, api.StatusActive},
		"disabled and expired":         {verify.Token{Disabled: true, ExpiresAt: now}, api.StatusExpired},
		"revoked":                      {verify.Token{Revoked: true}, api.StatusRevoked},
		"its set end is now":           {verify.Token{Disabled: true, RevokeAt: now}, api.StatusRevoked},
		"its set end is in a moment":   {verify.Token{Disabled: true, RevokeAt: now.Add(1)}, api.StatusDisabled},
		"revoked, expired, disabled":   {verify.Token{Revoked: true, Disabled: true, ExpiresAt: now}, api.StatusRevoked},
		"expired, and its set end too": {verify.Token{ExpiresAt: now, RevokeAt: now}, api.StatusRevoked},
	} {
		if got := Status(&c.f, now); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

// TestWhichSecretsAreShown: the current one, and those before it as long as they work.
func TestWhichSecretsAreShown(t *testing.T) {
	t.Parallel()
	now := whenRemoved()
	in := func(d time.Duration) time.Time { return now.Add(d) }
	current := ledger.Secret{Number: 3}
	for name, c := range map[string]struct {
		secrets []ledger.Secret
		shown   int
		ends    time.Time
		states  []string
	}{
		"one":                       {[]ledger.Secret{current}, 1, time.Time{}, []string{api.SecretCurrent}},
		"an overlap":                {[]ledger.Secret{current, {RetiresAt: in(time.Hour)}}, 2, in(time.Hour), []string{api.SecretCurrent, api.SecretOverlap}},
		"an overlap that ends now":  {[]ledger.Secret{current, {RetiresAt: now}}, 1, time.Time{}, []string{api.SecretCurrent, api.SecretRetired}},
		"one that was ended":        {[]ledger.Secret{current, {RetiresAt: in(time.Hour), EndedAt: now}}, 1, time.Time{}, []string{api.SecretCurrent, api.SecretRetired}},
		"one that says no end":      {[]ledger.Secret{current, {}}, 1, time.Time{}, []string{api.SecretCurrent, api.SecretRetired}},
		"two overlaps":              {[]ledger.Secret{current, {RetiresAt: in(2 * time.Second)}, {RetiresAt: in(time.Second)}}, 3, in(time.Second), []string{api.SecretCurrent, api.SecretOverlap, api.SecretOverlap}},
		"nothing behind a dead one": {[]ledger.Secret{current, {}, {RetiresAt: in(time.Second)}}, 1, time.Time{}, []string{api.SecretCurrent, api.SecretRetired, api.SecretOverlap}},
	} {
		var v api.Token
		secretsView(&v, c.secrets, now)
		if len(v.Secrets) != c.shown || (v.OverlapEndsAt == nil) != c.ends.IsZero() || v.OverlapEndsAt != nil && !v.OverlapEndsAt.Equal(c.ends) {
			t.Errorf("%s: %d are shown, and the overlap ends at %v", name, len(v.Secrets), v.OverlapEndsAt)
		}
		for i, want := range c.states {
			if got := SecretState(c.secrets, i, now); got != want {
				t.Errorf("%s: number %d is %s, want %s", name, i, got, want)
			}
		}
	}
	if got := SecretState([]ledger.Secret{current}, -1, now); got != api.SecretUnknown {
		t.Errorf("a string that is none of them is %s", got)
	}
	for _, i := range []int{-1, 1, 99} {
		if Works([]ledger.Secret{current}, i, now) {
			t.Errorf("there is no secret %d, and it works", i)
		}
	}
}

// TestWhatIsShownCanBeAskedFor: rights as they are read, sent back as they are, ask for
// the same; null is to inherit, and an empty list is nothing.
func TestWhatIsShownCanBeAskedFor(t *testing.T) {
	t.Parallel()
	all := []string{"*"}
	role := "Viewer"
	for name, c := range map[string]struct {
		sts       []grant.Statement
		role      *string
		scopes    []string
		resources []string
	}{
		"it inherits":       {nil, nil, nil, nil},
		"nothing":           {[]grant.Statement{}, nil, []string{}, []string{}},
		"a role":            {[]grant.Statement{{Role: role, Resources: all}}, &role, nil, all},
		"a role on nothing": {[]grant.Statement{{Role: role, Resources: []string{}}}, &role, nil, []string{}},
		"scopes":            {[]grant.Statement{{Scopes: []string{"a:read"}, Resources: all}}, nil, []string{"a:read"}, all},
		"the owner's, here": {[]grant.Statement{{Resources: []string{"repo"}}}, nil, nil, []string{"repo"}},
		"two statements":    {[]grant.Statement{{Role: role, Resources: all}, {Scopes: []string{"a:read"}}}, nil, nil, nil},
	} {
		v := TokenView(ledger.Token{Grants: c.sts}, verify.Owner{}, "acme")
		if diff := cmp.Diff([]any{c.role, c.scopes, c.resources}, []any{v.Role, v.Scopes, v.Resources}); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		var ask api.Rights
		switch {
		case len(c.sts) > 1:
			ask.Grants = api.Some(v.Grants)
		case v.Role != nil:
			ask.Role, ask.Resources = api.Some(*v.Role), api.Some(v.Resources)
		case v.Scopes != nil:
			ask.Scopes, ask.Resources = api.Some(v.Scopes), api.Some(v.Resources)
		case v.Resources != nil:
			ask.Resources = api.Some(v.Resources)
		default:
			ask.Grants = api.Null[[]api.Statement]()
		}
		got, _, err := input.MergeRights(nil, ask)
		if diff := cmp.Diff(StatementsView(c.sts), StatementsView(got)); err != nil || diff != "" || (c.sts == nil) != (got == nil) && len(c.sts) != 1 {
			t.Errorf("%s, asked for again: %v\n%s", name, err, diff)
		}
	}
	if v := MemberRow(ledger.Member{}, &Space{}); v.Scopes == nil || v.Resources == nil {
		t.Errorf("a member without rights has %v on %v: only a token inherits", v.Scopes, v.Resources)
	}
}

// TestWhatATokenCanDoIsWhatItShows, on the resource that is asked about, while it is
// usable; and a scope that is not its own opens nothing.
func TestWhatATokenCanDoIsWhatItShows(t *testing.T) {
	t.Parallel()
	v := api.Token{Usable: true, Effective: []api.Statement{{Scopes: []string{"a:*"}, Resources: []string{"repo*"}}, {Scopes: []string{"b:read"}, Resources: []string{"*"}}}}
	for _, c := range []struct {
		scope, resource string
		want            bool
	}{
		{"a:read", "", true}, {"a:read", "repo1", true}, {"a:read", "other", false}, {"b:read", "other", true}, {"b:write", "", false}, {"a", "", false}, {"", "", false},
	} {
		if got := Can(v, c.scope, c.resource); got != c.want {
			t.Errorf("%s on %q: %v", c.scope, c.resource, got)
		}
		dead := v
		dead.Usable = false
		if Can(dead, c.scope, c.resource) {
			t.Errorf("a dead one can %s on %q", c.scope, c.resource)
		}
	}
}

// TestNoneAndAnyAreShownApart: no list is any address, and an empty one is none.
func TestNoneAndAnyAreShownApart(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		of   []netip.Prefix
		want []string
	}{{nil, nil}, {[]netip.Prefix{}, []string{}}, {prefixes("10.0.0.0/8", "::1/128"), []string{"10.0.0.0/8", "::1/128"}}} {
		if diff := cmp.Diff(c.want, PrefixesView(c.of)); diff != "" {
			t.Error(diff)
		}
	}
	if got := AddrView(netip.Addr{}); got != nil {
		t.Errorf("an address that nobody knows is %q", *got)
	}
	if got := AddrView(netip.MustParseAddr("192.0.2.1")); got == nil || *got != "192.0.2.1" {
		t.Errorf("an address is %v", got)
	}
	broken := errors.New("broken")
	if got := Taken("name", "taken", broken); !errors.Is(got, broken) {
		t.Errorf("a look-up that failed is %v", got)
	}
	if got := refusedField(Taken("name", "taken", nil)); got != "already_exists name" {
		t.Errorf("a name in use is %q", got)
	}
}

// TestWhatTheCallerPresentedIsJudgedAsAVerificationDoes: the secret first, then the life
// of the token, then from where. What is wrong with a token is no business of whoever
// holds an old secret of it.
func TestWhatTheCallerPresentedIsJudgedAsAVerificationDoes(t *testing.T) {
	t.Parallel()
	now := whenRemoved()
	secrets := []ledger.Secret{{Number: 3}, {Number: 2, RetiresAt: now.Add(time.Hour)}, {Number: 1, RetiresAt: now}}
	at := func(secret int, addr string) Caller { return Caller{Secret: secret, Addr: netip.MustParseAddr(addr)} }
	alive, gone := verify.Owner{Active: true}, verify.Owner{Active: true, Removed: true}
	for name, c := range map[string]struct {
		f    verify.Token
		o    verify.Owner
		w    verify.Workspace
		c    Caller
		want api.Code
	}{
		"the current secret":            {verify.Token{}, alive, verify.Workspace{}, at(3, "10.0.0.1"), api.CodeOK},
		"one in its overlap":            {verify.Token{}, alive, verify.Workspace{}, at(2, "10.0.0.1"), api.CodeOK},
		"one whose overlap ended":       {verify.Token{}, alive, verify.Workspace{}, at(1, "10.0.0.1"), api.CodeRetired},
		"one that there never was":      {verify.Token{}, alive, verify.Workspace{}, at(9, "10.0.0.1"), api.CodeRetired},
		"none":                          {verify.Token{}, alive, verify.Workspace{}, Caller{}, api.CodeRetired},
		"an old one of a dead token":    {verify.Token{Revoked: true}, alive, verify.Workspace{}, at(1, "10.0.0.1"), api.CodeRetired},
		"a revoked token":               {verify.Token{Revoked: true}, alive, verify.Workspace{}, at(3, "10.0.0.1"), api.CodeRevoked},
		"an expired one":                {verify.Token{ExpiresAt: now}, alive, verify.Workspace{}, at(3, "10.0.0.1"), api.CodeExpired},
		"its owner is inactive":         {verify.Token{}, verify.Owner{}, verify.Workspace{}, at(3, "10.0.0.1"), api.CodeOwnerInactive},
		"its owner is gone":             {verify.Token{}, gone, verify.Workspace{}, at(3, "10.0.0.1"), api.CodeRevoked},
		"its workspace is suspended":    {verify.Token{}, alive, verify.Workspace{Suspended: true}, at(3, "10.0.0.1"), api.CodeWorkspaceSuspended},
		"from an address of its own":    {verify.Token{AllowedIPs: prefixes("10.0.0.0/8")}, alive, verify.Workspace{}, at(3, "10.0.0.1"), api.CodeOK},
		"from somewhere else":           {verify.Token{AllowedIPs: prefixes("10.0.0.0/8")}, alive, verify.Workspace{}, at(3, "192.0.2.1"), api.CodeIPDenied},
		"from nobody knows where":       {verify.Token{AllowedIPs: prefixes("10.0.0.0/8")}, alive, verify.Workspace{}, Caller{Secret: 3}, api.CodeIPDenied},
		"a dead one, from somewhere":    {verify.Token{Revoked: true, AllowedIPs: prefixes("10.0.0.0/8")}, alive, verify.Workspace{}, at(3, "192.0.2.1"), api.CodeRevoked},
		"a list of addresses with none": {verify.Token{AllowedIPs: []netip.Prefix{}}, alive, verify.Workspace{}, at(3, "10.0.0.1"), api.CodeIPDenied},
	} {
		if got := accepted(&c.f, &c.o, &c.w, secrets, c.c, now); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
	broken := errors.New("broken")
	for _, err := range []error{notAccepted(api.CodeRetired), InvalidToken(ledger.ErrNoRow), SignedOut()} {
		if !errors.Is(err, ErrNotAccepted) {
			t.Errorf("%v does not say that the caller is not accepted", err)
		}
	}
	if err := InvalidToken(broken); !errors.Is(err, broken) || errors.Is(err, ErrNotAccepted) {
		t.Errorf("a database that failed is %v", err)
	}
}

// TestWhoOwnsAToken is told apart by its row: a member, an account, else its workspace.
func TestWhoOwnsAToken(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		t    ledger.Token
		want verify.OwnerKey
	}{
		{ledger.Token{Workspace: 5, OwnerMember: 7}, verify.OwnerKey{Type: verify.OwnerMember, ID: 7}},
		{ledger.Token{Workspace: 5, OwnerServiceAccount: 8}, verify.OwnerKey{Type: verify.OwnerServiceAccount, ID: 8}},
		{ledger.Token{Workspace: 5}, verify.OwnerKey{Type: verify.OwnerWorkspace, ID: 5}},
	} {
		if got := OwnerKey(c.t); got != c.want {
			t.Errorf("%+v, want %+v", got, c.want)
		}
	}
	mine, other := ledger.Token{ID: 1, OwnerMember: 7}, ledger.Token{ID: 2}
	for name, c := range map[string]struct {
		ac         Actor
		owns, self bool
	}{
		"its member":                 {Actor{Member: 7}, true, false},
		"another":                    {Actor{Member: 8}, false, false},
		"nobody's member":            {Actor{}, false, false},
		"a token of its owner":       {Actor{Member: 7, With: &other}, true, false},
		"itself":                     {Actor{Member: 7, With: &mine}, true, true},
		"itself, as somebody else's": {Actor{Member: 8, With: &mine}, false, true},
	} {
		if c.ac.Owns(mine) != c.owns || c.ac.IsSelf(mine) != c.self {
			t.Errorf("%s: owns %v, is itself %v", name, c.ac.Owns(mine), c.ac.IsSelf(mine))
		}
		if c.ac.Owns(ledger.Token{}) {
			t.Errorf("%s owns what no member does", name)
		}
	}
}

// TestAMemberWorksWhileNothingStopsIt: neither the workspace nor the instance, and whoever
// left does not come back by being made active.
func TestAMemberWorksWhileNothingStopsIt(t *testing.T) {
	t.Parallel()
	at := whenRemoved()
	for name, c := range map[string]struct {
		m    ledger.Member
		want verify.Owner
	}{
		"a member":           {ledger.Member{}, verify.Owner{Active: true}},
		"deactivated here":   {ledger.Member{DeactivatedAt: at}, verify.Owner{}},
		"everywhere":         {ledger.Member{UserDeactivatedAt: at}, verify.Owner{}},
		"removed":            {ledger.Member{RemovedAt: at}, verify.Owner{Removed: true}},
		"removed and active": {ledger.Member{RemovedAt: at, DeactivatedAt: at}, verify.Owner{Removed: true}},
	} {
		if o := MemberOwner(c.m); o.Active != c.want.Active || o.Removed != c.want.Removed {
			t.Errorf("%s: active %v, removed %v", name, o.Active, o.Removed)
		}
	}
	for name, c := range map[string]struct {
		s    ledger.ServiceAccount
		want verify.Owner
	}{
		"an account": {ledger.ServiceAccount{Name: "ci"}, verify.Owner{Active: true}},
		"disabled":   {ledger.ServiceAccount{Name: "ci", DisabledAt: at}, verify.Owner{}},
		"removed":    {ledger.ServiceAccount{Name: "ci", RemovedAt: at}, verify.Owner{Removed: true}},
	} {
		o := ServiceAccountOwner(c.s, ledger.Workspace{Slug: "acme"})
		if o.Active != c.want.Active || o.Removed != c.want.Removed || o.Address != "ci@acme.service" {
			t.Errorf("%s: active %v, removed %v, at %s", name, o.Active, o.Removed, o.Address)
		}
	}
	for _, c := range []struct {
		m    ledger.Member
		want string
	}{{ledger.Member{UserEmail: "a@example.com", UserPublicID: "usr_1"}, "a@example.com"}, {ledger.Member{UserPublicID: "usr_1"}, "usr_1"}} {
		if got := MemberAddress(c.m); got != c.want {
			t.Errorf("the address is %q, want %q", got, c.want)
		}
		if got := UserPrincipal(ledger.User{Email: c.m.UserEmail, PublicID: c.m.UserPublicID}).Address; got != c.want {
			t.Errorf("a person's is %q, want %q", got, c.want)
		}
	}
}

// TestWhatIsUnderAKeyThatIsNotHereIsNotSaid to be right nor wrong, unless the key was
// taken out of use and the secret opens nothing any more.
func TestWhatIsUnderAKeyThatIsNotHereIsNotSaid(t *testing.T) {
	t.Parallel()
	now := whenRemoved()
	keys := withoutFirst(t, now)
	lacks := []token.KeyID{}
	a := New(Options{Keys: keys, Now: func() time.Time { return now }, Lacks: func(id token.KeyID) { lacks = append(lacks, id) }})
	digest, here := keys.Digest("right")
	other, _ := keys.Digest("another")
	older, newer := here-1, here+1
	is := func(d token.Digest, key token.KeyID, s ledger.Secret) ledger.Secret {
		s.Digest, s.Key = d, key
		return s
	}
	over := ledger.Secret{EndedAt: now}
	for name, c := range map[string]struct {
		t       ledger.Token
		secrets []ledger.Secret
		want    int
		lacks   bool
	}{
		"the current one":                    {ledger.Token{}, []ledger.Secret{is(digest, here, ledger.Secret{})}, 0, false},
		"an old one":                         {ledger.Token{}, []ledger.Secret{is(other, here, ledger.Secret{}), is(digest, here, over)}, 1, false},
		"none of them":                       {ledger.Token{}, []ledger.Secret{is(other, here, ledger.Secret{})}, -1, false},
		"there are none":                     {ledger.Token{}, nil, -1, false},
		"one may be, by a key of others":     {ledger.Token{}, []ledger.Secret{is(other, newer, ledger.Secret{})}, -1, true},
		"it is one beside one of others":     {ledger.Token{}, []ledger.Secret{is(other, newer, ledger.Secret{}), is(digest, here, over)}, 1, false},
		"a key that is newer, of a dead one": {ledger.Token{RevokedAt: now}, []ledger.Secret{is(other, newer, over)}, -1, true},
		"an old key, and it works":           {ledger.Token{}, []ledger.Secret{is(other, older, ledger.Secret{})}, -1, true},
		"an old key, and it is over":         {ledger.Token{}, []ledger.Secret{is(digest, here, over), is(other, older, over)}, 0, false},
		"an old key of a revoked token":      {ledger.Token{RevokedAt: now}, []ledger.Secret{is(other, older, ledger.Secret{})}, -1, false},
		"an old key of an expired one":       {ledger.Token{ExpiresAt: now}, []ledger.Secret{is(other, older, ledger.Secret{})}, -1, false},
		"an old key of a disabled one":       {ledger.Token{DisabledAt: now}, []ledger.Secret{is(other, older, ledger.Secret{})}, -1, true},
	} {
		lacks = nil
		got, err := Matching(a, c.t, "right", c.secrets, now)
		if got != c.want || errors.Is(err, api.CodeUnavailable) != c.lacks || (len(lacks) > 0) != c.lacks || ledger.LacksKey(err) != c.lacks {
			t.Errorf("%s: %d, %v, the operator is told of %v", name, got, err, lacks)
		}
	}
	if !Dropped(&token.Keyring{}, 1) {
		t.Error("a keyring without keys is waited for")
	}
}

// withoutFirst is a keyring whose first key was taken out of use.
func withoutFirst(t *testing.T, now time.Time) *token.Keyring {
	t.Helper()
	first, err := token.GenerateKeyring(rand.Reader, now)
	if err != nil {
		t.Fatal(err)
	}
	both, err := first.Rotate(rand.Reader, now)
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Current int               `json:"current"`
		Keys    []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(both.Marshal(), &file); err != nil {
		t.Fatal(err)
	}
	file.Keys = file.Keys[1:]
	text, err := json.Marshal(file)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := token.ParseKeyring(text)
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

// TestASealedCopyIsOfOneSecretOfOneToken: bound to the workspace, the token and the
// number, so that no copy is opened as another's.
func TestASealedCopyIsOfOneSecretOfOneToken(t *testing.T) {
	t.Parallel()
	keys, err := token.GenerateKeyring(rand.Reader, whenRemoved())
	if err != nil {
		t.Fatal(err)
	}
	a := New(Options{Keys: keys, Now: whenRemoved, Rand: rand.Reader})
	row := ledger.Token{Workspace: 1, Locator: token.Locator([]byte("abcDEF012345"))}
	secret, err := token.Mint(rand.Reader, token.DefaultPrefix, token.Workspace, row.Locator)
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := Seal(a, SealedSecrets, []byte(secret.Reveal()), SealedFor(row, 3))
	if err != nil {
		t.Fatal(err)
	}
	if again, _ := Seal(a, SealedSecrets, []byte(secret.Reveal()), SealedFor(row, 3)); cmp.Equal(sealed, again) {
		t.Error("two copies of one secret read alike")
	}
	open := func(t ledger.Token, number int) string {
		plain, err := Unseal(a, SealedSecrets, sealed, SealedFor(t, number))
		if err != nil {
			return ""
		}
		return string(plain)
	}
	elsewhere, other := row, row
	elsewhere.Workspace, other.Locator = 2, token.Locator([]byte("abcDEF012346"))
	if open(row, 3) != secret.Reveal() {
		t.Error("it is not opened as what it is")
	}
	for name, got := range map[string]string{"another secret's": open(row, 2), "another workspace's": open(elsewhere, 3), "another token's": open(other, 3)} {
		if got != "" {
			t.Errorf("it is opened as %s", name)
		}
	}
	if _, err := Unseal(a, "another purpose", sealed, SealedFor(row, 3)); err == nil {
		t.Error("it is opened for another purpose")
	}
	if _, err := Unseal(a, SealedSecrets, sealed[:3], nil); err == nil {
		t.Error("what is cut is opened")
	}
	sealed[3]++
	if _, err := Unseal(a, SealedSecrets, sealed, SealedFor(row, 3)); !ledger.LacksKey(err) {
		t.Errorf("by a key that is not here it is opened: %v", err)
	}
}
