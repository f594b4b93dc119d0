package form_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/form"
)

// sent is what a browser sends of a form that was drawn, with some fields changed.
func sent(f form.Form, changed url.Values) url.Values {
	out := maps.Clone(f.Values)
	for _, o := range f.Origins() {
		out.Set(o[0], o[1])
	}
	maps.Copy(out, changed)
	return out
}

// says is a request as it would go over the wire.
func says(t *testing.T, request any) string {
	t.Helper()
	b, err := json.Marshal(request)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestAnObjectThatIsSentBackUntouchedChangesNothing, of whichever kind it is: a form
// that saves what it merely drew would take back what others made of it meanwhile.
func TestAnObjectThatIsSentBackUntouchedChangesNothing(t *testing.T) {
	t.Parallel()
	role, name := "Viewer", "ada"
	for _, c := range []struct {
		of   string
		form form.Form
		read func(form.Form) any
	}{
		{"member", form.OfMember(api.Member{Name: name, Role: &role, Resources: []string{"shop", "shop-*"}, Revision: 7}), func(f form.Form) any {
			return api.EditMember{Name: f.Edit("name"), Rights: f.EditRights([]string{"*"})}
		}},
		{"service account", form.OfAccount(api.ServiceAccount{Description: "a\r\nb", Contacts: []string{"b@x", "a@x"}, Role: &role, Resources: []string{"*"}}), func(f form.Form) any {
			return api.EditServiceAccount{Description: f.Edit("description"), Contacts: f.EditList("contacts"), Rights: f.EditRights([]string{"*"})}
		}},
		{"webhook for all events", form.OfWebhook(api.Webhook{URL: "https://a.example", Events: []string{"*"}}), func(f form.Form) any { return f.EditWebhook() }},
		{"webhook for some events", form.OfWebhook(api.Webhook{URL: "https://a.example", Events: []string{"token.*", "member.added"}}), func(f form.Form) any { return f.EditWebhook() }},
		{"policy", form.OfPolicy(somePolicy(), nil), func(f form.Form) any {
			p, err := form.PolicyPatch(f, nil)
			return map[bool]any{true: p, false: err}[err == nil]
		}},
	} {
		t.Run(c.of, func(t *testing.T) {
			t.Parallel()
			if got := says(t, c.read(form.Edited(sent(c.form, nil)))); got != "{}" {
				t.Errorf("it says %s", got)
			}
		})
	}
}

// TestAFormCarriesTheRevisionItWasDrawnFrom, and one that carries none was drawn from
// no revision that there is: saving it is refused, and never taken for the newest.
func TestAFormCarriesTheRevisionItWasDrawnFrom(t *testing.T) {
	t.Parallel()
	drawn := form.Of(41, url.Values{"name": {"Ada"}})
	if got := form.Edited(sent(drawn, nil)).Revision; got != 41 {
		t.Errorf("revision %d", got)
	}
	for _, forged := range []url.Values{{}, {"revision": {""}}, {"revision": {"newest"}}, {"revision": {"9223372036854775808"}}} {
		if got := form.Edited(forged).Revision; got != -1 {
			t.Errorf("%v is of revision %d", forged, got)
		}
	}
	if f := form.Edited(url.Values{"name": {"Eve"}, "drawn": {"%zz"}}); !f.Changed("name") {
		t.Error("what was drawn cannot be read, so what was typed is new")
	}
}

// TestWhatABrowserMakesOfAFieldIsNoChange: other line ends, blanks, an order of boxes.
func TestWhatABrowserMakesOfAFieldIsNoChange(t *testing.T) {
	t.Parallel()
	drawn := form.Of(1, url.Values{"text": {"one\ntwo"}, "box": {"a", "b"}, "empty": nil})
	same := form.Edited(sent(drawn, url.Values{"text": {" one\r\ntwo "}, "box": {"b", "a", "a"}, "empty": {""}}))
	if same.Changed("text", "box", "empty") {
		t.Error("it is told to be changed")
	}
	if !form.Edited(sent(drawn, url.Values{"box": {"a"}})).Changed("box") {
		t.Error("a box that was unticked is a change")
	}
}

// TestAFormThatCameTooLateKeepsWhatWasTypedOverWhatOthersMade: nothing of either is
// lost but what both of them said.
func TestAFormThatCameTooLateKeepsWhatWasTypedOverWhatOthersMade(t *testing.T) {
	t.Parallel()
	then := form.Of(1, url.Values{"label": {"a"}, "description": {"b"}, "scope": {"read", "write"}, "requests": {"10"}, "window": {"1s"}})
	now := form.Of(2, url.Values{"label": {"a"}, "description": {"theirs"}, "scope": {"read", "write", "list"}, "requests": {"20"}, "window": {"1m"}})
	mine := form.Edited(sent(then, url.Values{"label": {"mine"}, "scope": {"read", "delete"}, "requests": {"30"}}))

	got := mine.Over(now, "scope")
	want := url.Values{
		"label":       {"mine"},
		"description": {"theirs"},
		// Of a set, each box is a field of its own: write was unticked here, list ticked there.
		"scope": {"read", "list", "delete"},
		// Who says how many has said in which time, as it stood beside it.
		"requests": {"30"}, "window": {"1s"},
	}
	for name := range want {
		if diff := cmp.Diff(want[name], got.Values[name]); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	if !got.Stale || got.Revision != 2 {
		t.Errorf("stale %t, of revision %d", got.Stale, got.Revision)
	}
	if got.Changed("description") || !got.Changed("label") {
		t.Error("sent again, it says what was typed and nothing that others made")
	}
	if now.Values.Get("label") != "a" {
		t.Error("the form of now was written over")
	}
}

// TestAnErrorStandsBesideItsField, under whichever name the API knows that.
func TestAnErrorStandsBesideItsField(t *testing.T) {
	t.Parallel()
	f := form.New(nil).Refused(api.FieldError("grants.0.role", "there is no such role"))
	if got := f.Bad("role", "grants"); got != "There is no such role." {
		t.Errorf("at role: %q", got)
	}
	if got := f.Bad("name"); got != "" {
		t.Errorf("at name: %q", got)
	}
	if got := f.Told(); got != "Grants 0 role: there is no such role." {
		t.Errorf("told: %q", got)
	}
	if got := form.New(nil).Refused(errors.New("disk full")).Told(); got != "Internal error." {
		t.Errorf("what is none of ours is told as %q", got)
	}
	if got := form.New(nil).Bad("name"); got != "" {
		t.Errorf("of a form that was not refused: %q", got)
	}
}

// TestAReasonSaysWhenToTryAgain, never too early.
func TestAReasonSaysWhenToTryAgain(t *testing.T) {
	t.Parallel()
	for wait, want := range map[time.Duration]string{
		0:                       "Too many tries.",
		time.Millisecond:        "Too many tries. Try again in 1 second.",
		1500 * time.Millisecond: "Too many tries. Try again in 2 seconds.",
		90 * time.Second:        "Too many tries. Try again in 2 minutes.",
		3 * time.Minute:         "Too many tries. Try again in 3 minutes.",
	} {
		e := api.Errorf(api.CodeRateLimited, "too many tries")
		e.RetryAfter = wait
		if got := form.New(nil).Refused(e).Reason(); got != want {
			t.Errorf("%s: %q", wait, got)
		}
	}
}

// TestAListIsReadHoweverItIsParted.
func TestAListIsReadHoweverItIsParted(t *testing.T) {
	t.Parallel()
	f := form.Typed(url.Values{"ips": {"192.0.2.1, 192.0.2.2\r\n\n192.0.2.3  192.0.2.4"}})
	if got := len(f.List("ips")); got != 4 {
		t.Errorf("it has %d", got)
	}
	if f.Optional("name").Set {
		t.Error("an empty field is left out")
	}
}

// TestALimitIsANumberInATime, and says which of the two is wrong.
func TestALimitIsANumberInATime(t *testing.T) {
	t.Parallel()
	read := func(requests, window string) (api.RateLimit, error) {
		return form.Typed(url.Values{"n": {requests}, "w": {window}}).Limit("n", "w", "rate_limit")
	}
	if l, err := read(" 10 ", "1m"); err != nil || l != (api.RateLimit{Requests: 10, Window: api.Duration(time.Minute)}) {
		t.Errorf("%v, %v", l, err)
	}
	for _, c := range [][2]string{{"", "1m"}, {"ten", "1m"}, {"1.5", "1m"}, {"10", ""}, {"10", "soon"}} {
		if _, err := read(c[0], c[1]); api.AsError(err).Field != "rate_limit" {
			t.Errorf("%v: %v", c, err)
		}
	}
}

// TestAChoiceOffersWhatIsSet, also where nobody would offer it today.
func TestAChoiceOffersWhatIsSet(t *testing.T) {
	t.Parallel()
	for _, now := range []string{"", "1m", "90m"} {
		all := form.Windows(now)
		if now != "" && !form.Offers(all, now) {
			t.Errorf("%q is not among %v", now, all)
		}
		if n := len(slices.Compact(slices.Sorted(slices.Values(values(all))))); n != len(all) {
			t.Errorf("one is offered twice: %v", all)
		}
	}
	if o := form.Same([]string{"shop"})[0]; o.Name() != o.Value() {
		t.Errorf("%v", o)
	}
}

func values(all []form.Option) (out []string) {
	for _, o := range all {
		out = append(out, o.Value())
	}
	return out
}

// TestScopesStandTogetherByNoun: the product's first, and all of a noun at once only
// where the product has several.
func TestScopesStandTogetherByNoun(t *testing.T) {
	t.Parallel()
	groups := form.Grouped([]api.Scope{{Name: "tokens:read", BuiltIn: true}, {Name: "tickets:read"}, {Name: "tickets:write"}, {Name: "export"}, {Name: "tokens:edit", BuiltIn: true}})
	var got []string
	for _, g := range groups {
		var names []string
		for _, s := range g.Scopes {
			names = append(names, s.Name)
		}
		got = append(got, fmt.Sprint(g.Noun, names))
	}
	want := []string{"export[export]", "tickets[tickets:* tickets:read tickets:write]", "tokens[tokens:read tokens:edit]"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	p := form.Picker{Form: form.Typed(url.Values{"scope": {"tickets:read", "old:scope"}, "more_scopes": {"a:b, c:d"}}), Groups: groups}
	if got := p.Loose(); got != "old:scope a:b c:d" {
		t.Errorf("what no box stands for is typed: %q", got)
	}
	if got := len(p.Chosen()); got != 4 {
		t.Errorf("%d are chosen", got)
	}
	if p.UsesBuiltIn() {
		t.Error("none of Tokenry's own is chosen")
	}
	p.Values.Add("scope", "tokens:read")
	if !p.UsesBuiltIn() {
		t.Error("one of Tokenry's own is chosen, so its group stands open")
	}
}
