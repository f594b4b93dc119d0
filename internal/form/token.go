package form

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/grant"
	"github.com/tokenry/tokenry/internal/phrase"
)

// Keep is the choice that leaves rights as they are.
const Keep = "keep"

// Draft is a token as the form on which it is made or edited has it.
type Draft struct {
	Picker
	// Owner is me, service or workspace.
	Owner string
	// Token is the one that is edited; nil for a new one.
	Token *api.Token
	// Policy is what holds where the token is; nil where the reader may not know.
	Policy *api.Policy
	// Reach are the resources that "all" stands for.
	Reach []string
}

// TokenFields writes a token that is there into the fields of its form.
func TokenFields(t api.Token) url.Values {
	f := url.Values{"label": {t.Label}, "description": {t.Description}, "what": {"inherit"}, "reach": {"all"}, "expires": {"keep"}}
	f.Set("owner", map[string]string{"personal": "me", "service": "service", "workspace": "workspace"}[t.Kind])
	if t.Kind == "service" {
		f.Set("account", t.Owner.Name)
	}
	switch {
	case Several(t):
		f.Set("what", Keep)
		f.Set("reach", Keep)
	case t.Role != nil:
		f.Set("what", "role")
		f.Set("role", *t.Role)
	case t.Scopes != nil && (len(t.Scopes) > 0 || len(t.Resources) == 0):
		f.Set("what", "scopes")
		f["scope"] = t.Scopes
	}
	switch {
	case t.Resources != nil && len(t.Resources) == 0 && f.Get("what") != "inherit":
		f.Set("reach", "none")
	case t.Resources != nil && !slices.Contains(t.Resources, "*"):
		f.Set("reach", "some")
		f.Set("resources", strings.Join(t.Resources, "\n"))
	}
	if t.AllowedIPs != nil {
		f.Set("allowed_ips", strings.Join(t.AllowedIPs, "\n"))
	}
	f.Set("window", "1m")
	if l := t.RateLimit; l != nil {
		f.Set("requests", strconv.Itoa(l.Requests))
		f.Set("window", l.Window.String())
	}
	if t.Recoverable {
		f.Set("recoverable", "yes")
	}
	if t.NotBefore != nil {
		f.Set("not_before", t.NotBefore.UTC().Format(clockLayout))
	}
	f.Set("metadata", metadataLines(t.Metadata))
	return f
}

// OfToken is the form that edits a token; its owner is no part of it.
func OfToken(t api.Token) Form {
	f := TokenFields(t)
	f.Del("account")
	return Of(t.Revision, f)
}

// Several says that a token has grants that no form of one statement shows.
func Several(t api.Token) bool { return len(t.Grants) > 1 }

// Suggested is the fresh form that a link suggests, by what it says (q) and by a
// token to make another like; nil for none. It fills fields, no more: a person still
// has to send the form.
func Suggested(q url.Values, like *api.Token) Form {
	f := New(url.Values{})
	if like != nil {
		f.Values = TokenFields(*like)
		f.Values.Set("label", phrase.Cut(like.Label, 90)+" (2)")
		for _, name := range []string{"expires_on", "expires", "not_before", "metadata"} {
			f.Values.Del(name)
		}
	}
	for _, name := range []string{"owner", "label", "description", "account"} {
		if q.Has(name) {
			f.Values.Set(name, q.Get(name))
		}
	}
	if scopes := splitScopes(q["scopes"]); len(scopes) > 0 {
		f.Values.Set("what", "scopes")
		f.Values["scope"] = scopes
	}
	if all := (Form{Values: q}).List("resources"); len(all) > 0 {
		f.Values["resources"] = []string{phrase.Lines(all)}
		f.Values.Set("reach", map[bool]string{true: "all", false: "some"}[slices.Contains(all, "*")])
	}
	if role := q.Get("role"); role != "" {
		f.Values.Set("what", "role")
		f.Values.Set("role", role)
	}
	if d, err := api.ParseDuration(q.Get("expires_in")); err == nil {
		f.Values.Set("expires", d.String())
	}
	return f
}

// suggestedScopes are so many as a link may suggest.
const suggestedScopes = 200

func splitScopes(in []string) []string {
	var out []string
	for _, s := range strings.FieldsFunc(strings.Join(in, ","), func(r rune) bool { return r == ',' || r == ' ' }) {
		if grant.ValidPattern(s) && len(out) < suggestedScopes {
			out = append(out, s)
		}
	}
	return out
}

// What is the chosen kind of rights: inherit, role, scopes or [Keep].
func (d Draft) What() string {
	if w := d.Get("what"); w != "" {
		return w
	}
	if d.Token != nil {
		return Keep
	}
	return "scopes"
}

// recommended is how long a token lives that nobody chose a life for in the form.
const recommended = 90 * api.Day

// Life is the expiry that stands in the form: what was chosen, or what is recommended, 90
// days, or the policy's if that is shorter. A program that leaves it out gets the policy's.
func (d Draft) Life() string {
	if e := d.Get("expires"); e != "" || d.Token != nil {
		return e
	}
	out := recommended
	if p := d.Policy; p != nil {
		for _, most := range []api.Duration{p.DefaultLifetime, p.MaxLifetime} {
			if most > 0 && most < out {
				out = most
			}
		}
	}
	return out.String()
}

// Create reads the form as what makes a token.
func (d Draft) Create() (in api.CreateToken, err error) {
	switch d.Owner {
	case "service":
		in.Kind, in.Owner = "service", d.Get("account")
		if in.Owner == "" {
			return in, api.FieldError("account", "choose the service account that the token shall act as")
		}
	case "workspace":
		in.Kind = "workspace"
	default:
		in.Kind = "personal"
	}
	if in.TokenFields, err = d.fields(); err != nil {
		return in, err
	}
	return in, d.powerless()
}

// powerless is why the token of the form could do nothing; nil where it could do something,
// as far as the form alone tells.
func (d Draft) powerless() error {
	switch {
	case d.What() == "scopes" && len(d.Chosen()) == 0:
		return api.FieldError("scopes", "choose at least one scope: without any the token may do nothing")
	case d.What() == "role" && d.Get("role") == "":
		return api.FieldError("role", "choose the role: without one the token may do nothing")
	case d.Get("reach") == "some" && len(d.Resources(nil)) == 0:
		return api.FieldError("resources", "name at least one resource, or choose another answer")
	}
	return nil
}

// Change reads the form as a change of its token, without what nobody touched: what
// others made of that stands, grants that the form could not show are kept, and
// nothing is judged anew without need.
func (d Draft) Change() (api.EditToken, error) {
	in, err := d.fields()
	leave(d, &in.Label, "label")
	leave(d, &in.Description, "description")
	leave(d, &in.AllowedIPs, "allowed_ips")
	leave(d, &in.RateLimit, "requests", "window")
	leave(d, &in.Recoverable, "recoverable")
	leave(d, &in.NotBefore, "not_before")
	leave(d, &in.Metadata, "metadata")
	if !d.Changed("what", "role", "scope", "reach", "resources") {
		in.Rights = api.Rights{}
	} else if err == nil {
		err = d.powerless()
	}
	return api.EditToken{TokenFields: in}, err
}

func leave[T any](d Draft, field *api.Opt[T], names ...string) {
	if !d.Changed(names...) {
		*field = api.Opt[T]{}
	}
}

// fields reads the form of a token.
func (d Draft) fields() (api.TokenFields, error) {
	in := api.TokenFields{Label: api.Some(d.Get("label")), Description: api.Some(d.Get("description"))}
	var err error
	if in.Rights, err = d.rights(); err != nil {
		return in, err
	}
	in.AllowedIPs = api.Null[[]string]()
	if ips := d.List("allowed_ips"); len(ips) > 0 {
		in.AllowedIPs = api.Some(ips)
	}
	in.RateLimit = api.Null[api.RateLimit]()
	if d.Get("requests") != "" {
		l, err := d.Limit("requests", "window", "rate_limit")
		if err != nil {
			return in, err
		}
		in.RateLimit = api.Some(l)
	}
	if d.Policy != nil && d.Policy.Recoverable {
		in.Recoverable = api.Some(d.Get("recoverable") != "")
	}
	if in.NotBefore, err = d.notBefore(); err != nil {
		return in, err
	}
	if in.Metadata, err = d.metadata(); err != nil {
		return in, err
	}
	return in, d.expiry(&in)
}

// rights reads what the token may do, as one statement, or nothing where it keeps
// what it has.
func (d Draft) rights() (api.Rights, error) {
	var r api.Rights
	res := d.resources()
	what := d.What()
	switch {
	case what == Keep && d.Changed("role", "scope", "reach", "resources"):
		return r, api.FieldError("what", "choose what it may do: that changes together with the resources")
	case what != Keep && d.Get("reach") == Keep:
		return r, api.FieldError("resources", "choose the resources: the previous ones belonged to single grants")
	}
	switch what {
	case Keep:
	case "role":
		r.Grants = api.Some([]api.Statement{{Role: d.Get("role"), Resources: res}})
	case "scopes":
		scopes := d.Chosen()
		slices.Sort(scopes)
		r.Grants = api.Some([]api.Statement{{Scopes: append([]string{}, slices.Compact(scopes)...), Resources: res}})
	default:
		r.Grants = api.Null[[]api.Statement]()
		if d.Get("reach") == "some" {
			r.Grants = api.Some([]api.Statement{{Resources: res}})
		}
	}
	return r, nil
}

// resources are those that were chosen. Scopes without any mean what they mean to the API
// and the commands: what needs a resource is granted on none.
func (d Draft) resources() []string {
	switch d.Get("reach") {
	case "all":
		return d.Reach
	case "some":
		return d.Resources(nil)
	}
	return []string{}
}

// expiry reads the chosen lifetime. A day is lived to its end, in UTC.
func (f Form) expiry(in *api.TokenFields) error {
	switch chosen := f.Get("expires"); chosen {
	case "", "default", "keep":
	case "never":
		in.Never = api.Some(true)
	case "date":
		day, err := time.Parse("2006-01-02", f.Get("expires_on"))
		if err != nil {
			return api.FieldError("expires_on", "choose a date")
		}
		in.ExpiresAt = api.Some(day.UTC().Add(24*time.Hour - time.Second))
	default:
		d, err := api.ParseDuration(chosen)
		if err != nil {
			return api.FieldError("expires", "choose one of these")
		}
		in.ExpiresIn = api.Some(d)
	}
	return nil
}
