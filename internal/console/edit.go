package console

import (
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/phrase"
)

// A form that edits an object carries what it was drawn from: the revision of the
// object, and its fields as they were. What nobody touched is not sent, so that it
// stays as others made it meanwhile; and what is saved is refused when the object is
// not the one that the form was drawn from. Then the form comes back with the object
// as it is now and what was typed laid over it, and says who changed what.

// origin is what a form was drawn from.
type origin struct {
	revision int64
	drawn    url.Values
	// stale says that others changed the object since; meanwhile is what they did,
	// newest first, as far as the visitor may read that.
	stale     bool
	meanwhile []api.AuditEvent
}

// formOf is the fresh form of an object at a revision.
func formOf(revision int64, fields url.Values) form {
	return form{values: fields, fresh: true, origin: origin{revision: revision, drawn: fields}}
}

// edited reads a posted form that edits an object. One that does not say what it
// was drawn from was drawn from no revision that there is.
func (v *visit) edited() form {
	f := v.typed()
	f.values = maps.Clone(f.values)
	revision, err := strconv.ParseInt(f.get("revision"), 10, 64)
	if err != nil {
		revision = -1
	}
	drawn, err := url.ParseQuery(f.values.Get("drawn"))
	if err != nil {
		drawn = nil
	}
	f.origin = origin{revision: revision, drawn: drawn}
	f.values.Del("revision")
	f.values.Del("drawn")
	f.fold("scope", "more_scopes", append(f.values["scope"], f.list("more_scopes")...))
	f.fold("resources", "resource", []string{phrase.Lines(append(f.list("resources"), f.values["resource"]...))})
	return f
}

// fold writes one field for two that are read together, as the object is drawn.
func (f form) fold(name, other string, values []string) {
	if f.values.Has(other) {
		f.values[name] = values
		f.values.Del(other)
	}
}

// from is the caller whose change is of the object as the form was drawn from it.
func (v *visit) from(f form) authority.Caller {
	c := v.caller
	c.Expected = authority.At(f.revision)
	return c
}

// making is the caller whose change makes an object, and replaces none unseen.
func (v *visit) making() authority.Caller {
	c := v.caller
	c.Expected = authority.Expected{Absent: true}
	return c
}

// origins are the hidden fields in which a form carries what it was drawn from.
func (f form) origins() [][2]string {
	return [][2]string{{"revision", strconv.FormatInt(f.revision, 10)}, {"drawn", f.drawn.Encode()}}
}

// changed says whether any of the fields is not as it was drawn.
func (f form) changed(names ...string) bool {
	return slices.ContainsFunc(names, func(name string) bool { return !slices.Equal(plain(f.values[name]), plain(f.drawn[name])) })
}

// edit takes a text field that was changed.
func (f form) edit(name string) api.Opt[string] {
	if !f.changed(name) {
		return api.Opt[string]{}
	}
	return api.Some(f.get(name))
}

// editList is edit for a field of several values.
func (f form) editList(name string) api.Opt[[]string] {
	if !f.changed(name) {
		return api.Opt[[]string]{}
	}
	return api.Some(f.list(name))
}

// plain is what a field says, however a browser sends it: empty is as much as not
// there, and boxes have no order.
func plain(values []string) []string {
	var out []string
	for _, s := range values {
		if s = strings.TrimSpace(strings.ReplaceAll(s, "\r\n", "\n")); s != "" {
			out = append(out, s)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// together are fields that mean nothing alone: who changes one has said them all.
func together() [][]string {
	return [][]string{
		{"what", "role"}, {"reach", "resources"}, {"which", "event"}, {"expires", "expires_on"}, {"requests", "window"},
		{"rate_limit_requests", "rate_limit_window"}, {"workspace_rate_limit_requests", "workspace_rate_limit_window"},
	}
}

// over lays what was changed in a form over the object as it is now. Of the boxes of
// a set, each is a field of its own.
func (f form) over(now form, sets ...string) form {
	out := f
	out.revision, out.drawn, out.stale, out.values = now.revision, now.drawn, true, maps.Clone(now.values)
	for _, names := range f.fields() {
		if !f.changed(names...) {
			continue
		}
		for _, name := range names {
			if out.values[name] = f.values[name]; slices.Contains(sets, name) {
				out.values[name] = merged(f.drawn[name], f.values[name], now.values[name])
			}
		}
	}
	return out
}

// fields are the fields of a form, each with those that belong to it.
func (f form) fields() [][]string {
	groups := together()
	for _, name := range slices.Concat(slices.Collect(maps.Keys(f.values)), slices.Collect(maps.Keys(f.drawn))) {
		if !slices.ContainsFunc(groups, func(g []string) bool { return slices.Contains(g, name) }) {
			groups = append(groups, []string{name})
		}
	}
	return groups
}

// merged are the boxes of now, with those that were ticked and without those that
// were unticked.
func merged(drawn, typed, now []string) []string {
	out := slices.DeleteFunc(slices.Clone(now), func(s string) bool { return slices.Contains(drawn, s) && !slices.Contains(typed, s) })
	for _, s := range typed {
		if !slices.Contains(drawn, s) && !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

// renewed is a refused form, laid over the object as it is now when that is why. The
// object is named as the audit names it. Its sets are fields of several boxes.
func (v *visit) renewed(f, now form, at authority.Where, target string, sets ...string) form {
	if f.err == nil || f.err.Code != api.CodeChangedMeanwhile {
		return f
	}
	out := f.over(now, sets...)
	out.meanwhile, _ = v.auth.ChangesSince(v.ctx(), v.caller, at, target, max(f.revision, 0)) // who may not read the audit is told no more than that
	return out
}

// overtaken answers a button that gives power back to something newer than its page
// showed: who changed it meanwhile, and where to see how it is now.
func (v *visit) overtaken(err error, f form, at authority.Where, target, back string) error {
	if !errors.Is(err, api.CodeChangedMeanwhile) {
		return err
	}
	f.meanwhile, _ = v.auth.ChangesSince(v.ctx(), v.caller, at, target, max(f.revision, 0)) // as in renewed
	v.show(http.StatusPreconditionFailed, "Changed meanwhile", overtakenPage(f, back))
	return nil
}

// shownChanges are so many as a form tells of.
const shownChanges = 5
