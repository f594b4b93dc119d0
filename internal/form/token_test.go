package form_test

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/form"
)

// shapes are tokens of every shape that the form tells apart.
func shapes() map[string]api.Token {
	role := "Viewer"
	return map[string]api.Token{
		"inherits":       {Kind: "personal", Label: "a"},
		"inherits some":  {Kind: "personal", Label: "a", Resources: []string{"shop"}},
		"a role":         {Kind: "service", Label: "a", Role: &role, Resources: []string{"*"}, Owner: api.Principal{Name: "ci"}},
		"scopes":         {Kind: "workspace", Label: "a", Scopes: []string{"b:read", "a:read"}, Resources: []string{"shop", "shop-*"}},
		"no scope":       {Kind: "workspace", Label: "a", Scopes: []string{}},
		"several grants": {Kind: "personal", Label: "a", Grants: []api.Statement{{Role: "Viewer", Resources: []string{"shop"}}, {Role: "Owner", Resources: []string{"dev"}}}},
		"limits": {Kind: "personal", Label: "a", Description: "two\nlines", AllowedIPs: []string{"192.0.2.0/24", "2001:db8::/32"},
			RateLimit: &api.RateLimit{Requests: 10, Window: api.Duration(time.Minute)}, Recoverable: true},
		"begins later": {Kind: "personal", Label: "a", NotBefore: new(time.Date(2027, 3, 1, 8, 30, 15, 0, time.UTC)),
			Metadata: api.Metadata{"n": json.Number("17"), "text": "17", "blank": " x ", "lines": "a\nb", "yes": true, "plain": "a=b"}},
	}
}

// edited is the draft of a token whose form was sent with some fields changed.
func edited(k api.Token, changed url.Values) form.Draft {
	return form.Draft{Picker: form.Picker{Form: form.Edited(sent(form.OfToken(k), changed))}, Token: &k, Owner: form.TokenFields(k).Get("owner"),
		Policy: &api.Policy{Recoverable: true}, Reach: []string{"*"}}
}

// made is the draft of a new token.
func made(owner string, fields url.Values) form.Draft {
	return form.Draft{Picker: form.Picker{Form: form.Typed(fields)}, Owner: owner, Reach: []string{"*"}}
}

// TestATokenThatIsSentBackUntouchedChangesNothing, whatever shape it has.
func TestATokenThatIsSentBackUntouchedChangesNothing(t *testing.T) {
	t.Parallel()
	for name, k := range shapes() {
		in, err := edited(k, nil).Change()
		if got := says(t, in); err != nil || got != "{}" {
			t.Errorf("%s: %s, %v", name, got, err)
		}
	}
}

// TestAChangeOfATokenSaysWhatWasTouched, and no more than that.
func TestAChangeOfATokenSaysWhatWasTouched(t *testing.T) {
	t.Parallel()
	k := shapes()["limits"]
	for _, c := range []struct {
		typed url.Values
		want  string
	}{
		{url.Values{"label": {"b"}}, `{"label":"b"}`},
		{url.Values{"allowed_ips": {""}}, `{"allowed_ips":null}`},
		{url.Values{"requests": {""}}, `{"rate_limit":null}`},
		{url.Values{"window": {"1h"}}, `{"rate_limit":{"requests":10,"window":"1h"}}`},
		{url.Values{"recoverable": nil}, `{"recoverable":false}`},
		{url.Values{"expires": {"never"}}, `{"never":true}`},
		{url.Values{"not_before": {"2027-03-01T08:30"}}, `{"not_before":"2027-03-01T08:30:00Z"}`},
		{url.Values{"metadata": {"a=b"}}, `{"metadata":{"a":"b"}}`},
		{url.Values{"what": {"scopes"}, "scope": {"a:read"}}, `{"grants":[{"scopes":["a:read"],"resources":["*"]}]}`},
		{url.Values{"reach": {"some"}, "resources": {"shop\ndev"}}, `{"grants":[{"resources":["shop","dev"]}]}`},
	} {
		in, err := edited(k, c.typed).Change()
		if got := says(t, in); err != nil || got != c.want {
			t.Errorf("%v: %s, %v; want %s", c.typed, got, err, c.want)
		}
	}
}

// TestGrantsThatNoFormShowsAreChangedWholeOrNotAtAll: half of a change would give the
// rights of one grant on the resources of another.
func TestGrantsThatNoFormShowsAreChangedWholeOrNotAtAll(t *testing.T) {
	t.Parallel()
	k := shapes()["several grants"]
	for _, c := range []struct {
		typed url.Values
		field string
	}{
		{url.Values{"scope": {"a:read"}}, "what"},
		{url.Values{"reach": {"all"}}, "what"},
		{url.Values{"what": {"role"}, "role": {"Owner"}}, "resources"},
		{url.Values{"what": {"role"}, "role": {"Viewer"}, "reach": {"all"}}, ""},
	} {
		if _, err := edited(k, c.typed).Change(); (err != nil) != (c.field != "") || err != nil && api.AsError(err).Field != c.field {
			t.Errorf("%v: %v", c.typed, err)
		}
	}
}

// TestANewTokenIsOfWhomItWasChosen, and says what is missing.
func TestANewTokenIsOfWhomItWasChosen(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		owner string
		typed url.Values
		want  string
		field string
	}{
		{"me", url.Values{"label": {"a"}, "what": {"inherit"}}, `{"kind":"personal","label":"a","description":"","allowed_ips":null,"rate_limit":null,"grants":null}`, ""},
		{"service", url.Values{"label": {"a"}, "what": {"role"}, "role": {"Viewer"}}, "", "account"},
		{"service", url.Values{"account": {"ci"}, "label": {"a"}}, "", "scopes"},
		{"workspace", url.Values{"label": {"a"}, "what": {"scopes"}}, "", "scopes"},
		{"workspace", url.Values{"label": {"a"}, "scope": {"b:x", "a:x", "b:x"}, "more_scopes": {"c:x"}}, "", ""},
		{"me", url.Values{"label": {"a"}}, "", "scopes"},
		{"me", url.Values{"label": {"a"}, "what": {"role"}}, "", "role"},
		{"me", url.Values{"label": {"a"}, "what": {"inherit"}, "reach": {"some"}}, "", "resources"},
		{"me", url.Values{"label": {"a"}, "scope": {"a:x"}, "not_before": {"tomorrow"}}, "", "not_before"},
		{"me", url.Values{"label": {"a"}, "scope": {"a:x"}, "metadata": {"no sign"}}, "", "metadata"},
		{"me", url.Values{"label": {"a"}, "scope": {"a:x"}, "metadata": {"a=1\na=2"}}, "", "metadata"},
		{"me", url.Values{"label": {"a"}, "scope": {"a:x"}, "not_before": {"2027-03-01T08:30"}, "metadata": {"build=17\nteam = blue\nlive=true\nid=\"17\""}},
			`{"kind":"personal","label":"a","description":"","allowed_ips":null,"rate_limit":null,"not_before":"2027-03-01T08:30:00Z","metadata":{"build":17,"team":"blue","live":true,"id":"17"},"grants":[{"scopes":["a:x"],"resources":[]}]}`, ""},
		{"me", url.Values{"label": {"a"}, "expires": {"date"}, "expires_on": {"31.12.2026"}}, "", "expires_on"},
		{"me", url.Values{"label": {"a"}, "expires": {"soon"}}, "", "expires"},
		{"me", url.Values{"label": {"a"}, "requests": {"many"}}, "", "rate_limit"},
	} {
		in, err := made(c.owner, c.typed).Create()
		if (err != nil) != (c.field != "") || err != nil && api.AsError(err).Field != c.field {
			t.Errorf("%s %v: %v", c.owner, c.typed, err)
		}
		if c.want != "" {
			if diff := cmp.Diff(unmarshalled(t, c.want), unmarshalled(t, says(t, in))); diff != "" {
				t.Errorf("%s %v: %s", c.owner, c.typed, diff)
			}
		}
	}
	in, _ := made("workspace", url.Values{"scope": {"b:x", "a:x", "b:x"}, "more_scopes": {"c:x"}}).Create()
	if got := in.Grants.Value[0].Scopes; !slices.Equal(got, []string{"a:x", "b:x", "c:x"}) {
		t.Errorf("ticked and typed are one set: %v", got)
	}
}

// TestAFormRecommendsALife: ninety days, or the policy's where that is shorter.
func TestAFormRecommendsALife(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		policy *api.Policy
		want   string
	}{
		{nil, "90d"},
		{&api.Policy{}, "90d"},
		{&api.Policy{DefaultLifetime: 365 * api.Day, MaxLifetime: 365 * api.Day}, "90d"},
		{&api.Policy{DefaultLifetime: 30 * api.Day, MaxLifetime: 365 * api.Day}, "30d"},
		{&api.Policy{MaxLifetime: 10 * api.Day}, "10d"},
	} {
		d := made("me", url.Values{})
		if d.Policy = c.policy; d.Life() != c.want || !form.Offers(d.Expiries(), c.want) {
			t.Errorf("%+v recommends %s of %v", c.policy, d.Life(), d.Expiries())
		}
	}
	d := made("me", url.Values{"expires": {"7d"}})
	if d.Life() != "7d" {
		t.Errorf("what was chosen became %s", d.Life())
	}
}

// TestALastDayIsLivedToItsEnd: who chooses a day means that it still works then.
func TestALastDayIsLivedToItsEnd(t *testing.T) {
	t.Parallel()
	in, err := made("me", url.Values{"what": {"inherit"}, "expires": {"date"}, "expires_on": {"2027-03-01"}}).Create()
	if want := time.Date(2027, 3, 1, 23, 59, 59, 0, time.UTC); err != nil || !in.ExpiresAt.Value.Equal(want) {
		t.Errorf("%v, %v", in.ExpiresAt, err)
	}
}

// TestASecretIsKeptOnlyWhereThePolicyKeepsSecrets: the box of another time is not read.
func TestASecretIsKeptOnlyWhereThePolicyKeepsSecrets(t *testing.T) {
	t.Parallel()
	for _, kept := range []bool{true, false} {
		d := made("me", url.Values{"what": {"inherit"}, "recoverable": {"yes"}})
		d.Policy = &api.Policy{Recoverable: kept}
		if in, err := d.Create(); err != nil || in.Recoverable.Set != kept {
			t.Errorf("%t: %v, %v", kept, in.Recoverable, err)
		}
	}
}

// TestALinkSuggestsAndNoMore: what it says is checked as if it were typed, and it
// cannot fill a form without end.
func TestALinkSuggestsAndNoMore(t *testing.T) {
	t.Parallel()
	f := form.Suggested(url.Values{"label": {"Backup"}, "scopes": {"a:read,b:* <script>", "c:write"}, "expires_in": {"30d"}, "recoverable": {"yes"}, "form": {"x"}}, nil)
	want := url.Values{"label": {"Backup"}, "what": {"scopes"}, "scope": {"a:read", "b:*", "c:write"}, "expires": {"30d"}}
	if diff := cmp.Diff(want, f.Values); diff != "" {
		t.Error(diff)
	}
	if n := len(form.Suggested(url.Values{"scopes": {strings.Repeat("a:read,", 5000)}}, nil).Values["scope"]); n > 200 {
		t.Errorf("it suggests %d scopes", n)
	}
	if f := form.Suggested(url.Values{"expires_in": {"for ever"}}, nil); len(f.Values) != 0 {
		t.Errorf("%v", f.Values)
	}
}

// TestATokenLikeAnotherHasALifeOfItsOwn: rights and limits are taken over, the end is
// not, and its name tells the two apart.
func TestATokenLikeAnotherHasALifeOfItsOwn(t *testing.T) {
	t.Parallel()
	k := shapes()["scopes"]
	k.Label = strings.Repeat("ä", 100)
	f := form.Suggested(url.Values{}, &k)
	if got := f.Get("label"); len([]rune(got)) > 100 || !strings.HasSuffix(got, " (2)") {
		t.Errorf("its label is %q", got)
	}
	if f.Values.Has("expires") || f.Values.Has("expires_on") || !f.Fresh {
		t.Errorf("its life is that of the other: %v", f.Values)
	}
	if !slices.Equal(f.Values["scope"], k.Scopes) {
		t.Errorf("its scopes are %v", f.Values["scope"])
	}
}

// TestADraftIsSaidInWords, so that a person sees what they are about to make.
func TestADraftIsSaidInWords(t *testing.T) {
	t.Parallel()
	policy := &api.Policy{DefaultLifetime: 90 * api.Day, MaxLifetime: 365 * api.Day}
	for _, c := range []struct {
		owner string
		typed url.Values
		want  string
	}{
		{"me", url.Values{}, "Acts as you; may do nothing yet: choose scopes; Expires after 90 days."},
		{"me", url.Values{"what": {"inherit"}}, "Acts as you; may do everything you may, also what you gain or lose later; Expires after 90 days."},
		{"service", url.Values{"account": {"ci"}}, "Acts as the service account ci; may do nothing yet: choose scopes; Expires after 90 days."},
		{"service", url.Values{"what": {"inherit"}, "expires": {"7d"}}, "Acts as a service account; may do everything its owner may, also what that gains or loses later; Expires after 7 days."},
		{"workspace", url.Values{"what": {"role"}, "expires": {"never"}}, "Acts for the organisation; may do what the role you choose may; Never expires."},
		{"workspace", url.Values{"scope": {"a:read"}, "reach": {"some"}, "resources": {"shop"}, "expires": {"date"}}, "Acts for the organisation; may use a:read, on shop only; Expires on the date you choose."},
		{"me", url.Values{"what": {"keep"}, "expires": {"keep"}}, "Acts as you; may do what it may now; Its expiry stays."},
	} {
		d := made(c.owner, c.typed)
		d.Policy = policy
		who, what, until := d.Sentences()
		if got := who + "; " + what + "; " + until; got != c.want {
			t.Errorf("%s %v:\n%s", c.owner, c.typed, got)
		}
	}
}

// TestWhatIsMoreThanMostNeedIsWarnedOf, and what is usual is not: who is warned of
// everything reads nothing.
func TestWhatIsMoreThanMostNeedIsWarnedOf(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		typed    url.Values
		warnings int
	}{
		{url.Values{"what": {"role"}, "role": {"Owner"}}, 1},
		{url.Values{"what": {"role"}, "role": {"Viewer"}}, 0},
		{url.Values{"scope": {"*"}}, 1},
		{url.Values{"scope": {"admin"}}, 1},
		{url.Values{"scope": {"product:*"}}, 1},
		{url.Values{"scope": {"instance:read"}}, 1},
		{url.Values{"scope": {"tokens:impersonate"}}, 1},
		{url.Values{"scope": {"tickets:read"}}, 0},
		{url.Values{"scope": {"tickets:read"}, "expires": {"never"}, "reach": {"all"}}, 1},
		{url.Values{"scope": {"tickets:read"}, "reach": {"none"}}, 1},
		{url.Values{"scope": {"*"}, "expires": {"never"}, "reach": {"all"}}, 2},
		{url.Values{"scope": {"tickets:read"}, "expires": {"never"}, "reach": {"some"}}, 0},
		{url.Values{"what": {"inherit"}, "scope": {"*"}}, 0},
	} {
		if got := made("workspace", c.typed).Warnings(); len(got) != c.warnings {
			t.Errorf("%v: %q", c.typed, got)
		}
	}
}

// TestLifetimesAreOfferedAsThePolicyAllows, and nothing that it would refuse.
func TestLifetimesAreOfferedAsThePolicyAllows(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		policy *api.Policy
		hint   string
		offers []string
		not    []string
	}{
		{nil, "Recommended: 90 days, or less.", []string{"default", "365d", "never"}, nil},
		{&api.Policy{MaxLifetime: 30 * api.Day, DefaultLifetime: 7 * api.Day}, "Recommended: 7 days, or less. At most 30 days in this workspace.", []string{"default", "30d", "date"}, []string{"90d", "never"}},
		{&api.Policy{MaxLifetime: 30 * api.Day, AllowNever: true}, "Recommended: 30 days, or less. At most 30 days, or no expiry.", []string{"never"}, []string{"90d"}},
		{&api.Policy{AllowNever: true}, "Recommended: 90 days, or less. This workspace sets no longest lifetime.", []string{"365d", "never"}, nil},
		{&api.Policy{}, "Recommended: 90 days, or less. Tokens here must have an expiry.", []string{"365d"}, []string{"never"}},
	} {
		d := form.Draft{Policy: c.policy}
		if got := d.PolicyHint(); got != c.hint {
			t.Errorf("%q; want %q", got, c.hint)
		}
		for _, v := range c.offers {
			if !form.Offers(d.Expiries(), v) {
				t.Errorf("%q: %s is not offered", c.hint, v)
			}
		}
		for _, v := range c.not {
			if form.Offers(d.Expiries(), v) {
				t.Errorf("%q: %s is offered", c.hint, v)
			}
		}
	}
	d := made("me", url.Values{"expires": {"45d"}})
	if !form.Offers(d.Expiries(), "45d") {
		t.Error("what a link suggested is not among what can be chosen")
	}
	if k := (api.Token{}); !form.Offers(form.Draft{Token: &k}.Expiries(), "keep") {
		t.Error("who edits a token can keep its end")
	}
}

// TestAPolicyThatAsksForAddressesShowsTheirField.
func TestAPolicyThatAsksForAddressesShowsTheirField(t *testing.T) {
	t.Parallel()
	d := made("me", nil)
	if d.LimitsOpen() || d.AddressLabel() != "Allowed addresses (optional)" {
		t.Error("nothing is in it, and it is open")
	}
	d.Policy = &api.Policy{RequireIPAllowList: true}
	if !d.LimitsOpen() || d.AddressLabel() != "Allowed addresses (required here)" {
		t.Error("an address is required, and its field is not shown")
	}
	d = made("me", nil)
	d.Form = d.Refused(api.FieldError("allowed_ips", "is not an address"))
	if !d.LimitsOpen() {
		t.Error("what is wrong stands where nobody sees it")
	}
}
