package console

import (
	"errors"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/grant"
	"github.com/tokenry/tokenry/internal/phrase"
)

// draft is the page on which a token is made or edited.
type draft struct {
	picker
	// owner is me, service or workspace.
	owner    string
	accounts []api.ServiceAccount
	roles    []api.Role
	known    []api.Resource
	// edit is the token being edited; nil for a new one.
	edit *api.Token
	// id names this drawn form, so that it makes one token however often it is sent.
	id string
}

// owners are whom the visitor may make a token for.
func (v *visit) owners() []string {
	var out []string
	if v.at.MayHold() {
		out = append(out, "me")
	}
	if v.may("tokens:create") {
		out = append(out, "service", "workspace")
	}
	return out
}

func (v *visit) newToken() error {
	v.section = "access-tokens"
	owners := v.owners()
	if len(owners) == 0 {
		return api.Errorf(api.CodeForbidden, "the policy of this workspace and your role let you create no tokens here")
	}
	f, err := v.prefill()
	if err != nil {
		return err
	}
	owner := f.get("owner")
	if len(owners) == 1 {
		owner = owners[0]
	}
	if !slices.Contains(owners, owner) {
		return v.page("Create a token", ownersPage(v, owners))
	}
	d, err := v.draft(f, owner)
	if err != nil {
		return err
	}
	d.id = v.newFormID()
	return v.page("Create a token", createPage(v, d))
}

// prefill reads what a link or an existing token suggests. It fills fields, no
// more: a person still has to send the form.
func (v *visit) prefill() (form, error) {
	q := v.r.URL.Query()
	f := form{values: url.Values{}, fresh: true}
	if id := q.Get("like"); id != "" {
		t, err := v.tokenOf(id)
		if err != nil {
			return f, err
		}
		f.values = fieldsOf(t)
		f.values.Set("label", phrase.Cut(t.Label, 90)+" (2)")
		f.values.Del("expires_on")
		f.values.Set("expires", "default")
	}
	for _, name := range []string{"owner", "label", "description", "account"} {
		if q.Has(name) {
			f.values.Set(name, q.Get(name))
		}
	}
	if scopes := splitScopes(q["scopes"]); len(scopes) > 0 {
		f.values.Set("what", "scopes")
		f.values["scope"] = scopes
	}
	if role := q.Get("role"); role != "" {
		f.values.Set("what", "role")
		f.values.Set("role", role)
	}
	if d, err := api.ParseDuration(q.Get("expires_in")); err == nil {
		f.values.Set("expires", d.String())
	}
	return f, nil
}

func splitScopes(in []string) []string {
	var out []string
	for _, s := range strings.FieldsFunc(strings.Join(in, ","), func(r rune) bool { return r == ',' || r == ' ' }) {
		if grant.ValidPattern(s) && len(out) < 200 {
			out = append(out, s)
		}
	}
	return out
}

// draft reads what the page offers.
func (v *visit) draft(f form, owner string) (draft, error) {
	d := draft{picker: picker{form: f}, owner: owner}
	var err error
	if owner == "service" {
		if d.accounts, err = v.allAccounts(); err != nil {
			return d, err
		}
	}
	at := authority.Where{Workspace: v.at.Slug}
	scopes, err := v.auth.ListScopes(v.ctx(), v.caller, at)
	if err != nil && !errors.Is(err, api.CodeInsufficientScope) {
		return d, err
	}
	d.groups = grouped(slices.DeleteFunc(scopes, func(s api.Scope) bool { return !v.at.Has(s.Name) }))
	roles, err := v.auth.ListRoles(v.ctx(), v.caller, at)
	if err != nil && !errors.Is(err, api.CodeInsufficientScope) {
		return d, err
	}
	d.roles = slices.DeleteFunc(roles, func(r api.Role) bool { return !v.at.Gives(r.Name) })
	d.known, _, err = v.auth.ListResources(v.ctx(), v.caller, v.at.Slug, authority.Page{Limit: 100})
	if errors.Is(err, api.CodeInsufficientScope) {
		err = nil
	}
	return d, err
}

func (v *visit) allAccounts() ([]api.ServiceAccount, error) {
	rows, _, err := v.auth.ListServiceAccounts(v.ctx(), v.caller, v.at.Slug, authority.Page{Limit: 200})
	if errors.Is(err, api.CodeInsufficientScope) {
		return nil, nil
	}
	return slices.DeleteFunc(rows, func(a api.ServiceAccount) bool { return !a.Active }), err
}

// keep is the choice that leaves rights as they are.
const keep = "keep"

// what is the chosen kind of rights: inherit, role, scopes or keep.
func (d draft) what() string {
	if w := d.get("what"); w != "" {
		return w
	}
	if d.edit != nil {
		return keep
	}
	if d.owner == "me" {
		return "inherit"
	}
	return "scopes"
}

// fields reads the form of a token.
func (v *visit) fields(d draft) (api.TokenFields, error) {
	f := d.form
	in := api.TokenFields{Label: api.Some(f.get("label")), Description: api.Some(f.get("description"))}
	var err error
	if in.Rights, err = v.tokenRights(d); err != nil {
		return in, err
	}
	in.AllowedIPs = api.Null[[]string]()
	if ips := f.list("allowed_ips"); len(ips) > 0 {
		in.AllowedIPs = api.Some(ips)
	}
	in.RateLimit = api.Null[api.RateLimit]()
	if f.get("requests") != "" {
		l, err := f.limit("requests", "window", "rate_limit")
		if err != nil {
			return in, err
		}
		in.RateLimit = api.Some(l)
	}
	if v.at.Policy != nil && v.at.Policy.Recoverable {
		in.Recoverable = api.Some(f.get("recoverable") != "")
	}
	return in, f.expiry(&in)
}

// tokenRights reads what the token may do, as one statement, or nothing where it
// keeps what it has.
func (v *visit) tokenRights(d draft) (api.Rights, error) {
	var r api.Rights
	res := d.resources(v.at.Reach())
	what := d.what()
	switch {
	case what == keep && d.changed("role", "scope", "reach", "resources"):
		return r, api.FieldError("what", "choose what it may do: that and the resources are changed together")
	case what != keep && d.get("reach") == keep:
		return r, api.FieldError("resources", "choose the resources: those of before belonged to single grants")
	}
	switch what {
	case keep:
	case "role":
		r.Grants = api.Some([]api.Statement{{Role: d.get("role"), Resources: res}})
	case "scopes":
		scopes := d.chosen()
		slices.Sort(scopes)
		r.Grants = api.Some([]api.Statement{{Scopes: append([]string{}, slices.Compact(scopes)...), Resources: res}})
	default:
		r.Grants = api.Null[[]api.Statement]()
		if d.get("reach") == "some" {
			r.Grants = api.Some([]api.Statement{{Resources: res}})
		}
	}
	return r, nil
}

// expiry reads the chosen lifetime.
func (f form) expiry(in *api.TokenFields) error {
	switch chosen := f.get("expires"); chosen {
	case "", "default", "keep":
	case "never":
		in.Never = api.Some(true)
	case "date":
		day, err := time.Parse("2006-01-02", f.get("expires_on"))
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

// limit reads a rate limit from two fields.
func (f form) limit(requests, window, name string) (api.RateLimit, error) {
	n, err := parseCount(f.get(requests))
	if err != nil {
		return api.RateLimit{}, api.FieldError(name, "requests is a whole number")
	}
	w, err := api.ParseDuration(f.get(window))
	if err != nil {
		return api.RateLimit{}, api.FieldError(name, "the window is like 1s, 1m, 1h or 1d")
	}
	return api.RateLimit{Requests: n, Window: w}, nil
}

func (v *visit) doNewToken() error {
	v.section = "access-tokens"
	f := v.typed()
	if v.session.Portal != "" {
		f.values.Set("owner", "me") // a portal link is for one's own tokens, whatever the form says
	}
	d, err := v.draft(f, f.get("owner"))
	if err != nil {
		return err
	}
	d.id = f.get("form")
	issued, err := v.create(d)
	if err != nil {
		if sentBefore(err) {
			return v.done(v.ws("access-tokens"), "sent")
		}
		if d.form, err = f.refused(err); err != nil {
			return err
		}
		return v.again("Create a token", createPage(v, d))
	}
	return v.secretPage("Token created", issued, "created")
}

func (v *visit) create(d draft) (authority.Issued, error) {
	in := api.CreateToken{}
	switch d.owner {
	case "service":
		in.Kind, in.Owner = "service", d.get("account")
		if in.Owner == "" {
			return authority.Issued{}, api.FieldError("account", "choose the service account that the token shall act as")
		}
	case "workspace":
		in.Kind = "workspace"
	default:
		in.Kind = "personal"
	}
	var err error
	if in.TokenFields, err = v.fields(d); err != nil {
		return authority.Issued{}, err
	}
	if d.what() == "scopes" && len(d.chosen()) == 0 {
		return authority.Issued{}, api.FieldError("scopes", "choose at least one scope: without any the token may do nothing")
	}
	return v.auth.CreateToken(v.ctx(), v.once(d.form), v.at.Slug, in)
}

// summary answers the sentence about what the token in the form would do.
func (v *visit) summary() error {
	f := v.typed()
	return v.fragment(summaryText(v, draft{picker: picker{form: f}, owner: f.get("owner")}))
}
