package form

import (
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/phrase"
)

// Origin is what a form that edits an object was drawn from: the revision of the
// object, and its fields as they were. What nobody touched is not sent, so that it
// stays as others made it meanwhile; and what is saved is refused when the object is
// not the one that the form was drawn from. Then the form comes back with the object
// as it is now and what was typed laid over it, and says who changed what.
type Origin struct {
	Revision int64
	drawn    url.Values
	// Stale says that others changed the object since; Meanwhile is what they did,
	// newest first, as far as the reader may know that.
	Stale     bool
	Meanwhile []api.AuditEvent
}

// Of is the fresh form of an object at a revision.
func Of(revision int64, fields url.Values) Form {
	return Form{Values: fields, Fresh: true, Origin: Origin{Revision: revision, drawn: fields}}
}

// Edited reads a posted form that edits an object. One that does not say what it
// was drawn from was drawn from no revision that there is.
func Edited(posted url.Values) Form {
	f := Typed(maps.Clone(posted))
	revision, err := strconv.ParseInt(f.Get("revision"), 10, 64)
	if err != nil {
		revision = -1
	}
	drawn, err := url.ParseQuery(f.Values.Get("drawn"))
	if err != nil {
		drawn = nil
	}
	f.Origin = Origin{Revision: revision, drawn: drawn}
	f.Values.Del("revision")
	f.Values.Del("drawn")
	f.foldRows()
	f.fold("scope", "more_scopes", append(f.Values["scope"], f.List("more_scopes")...))
	f.fold("resources", "resource", []string{phrase.Lines(append(f.List("resources"), f.Values["resource"]...))})
	return f
}

// fold writes one field for two that are read together, as the object is drawn.
func (f Form) fold(name, other string, values []string) {
	if f.Values.Has(other) {
		f.Values[name] = values
		f.Values.Del(other)
	}
}

// Origins are the hidden fields, name and value, in which a form carries what it was
// drawn from.
func (f Form) Origins() [][2]string {
	return [][2]string{{"revision", strconv.FormatInt(f.Revision, 10)}, {"drawn", f.drawn.Encode()}}
}

// Changed says whether any of the fields is not as it was drawn.
func (f Form) Changed(names ...string) bool {
	return slices.ContainsFunc(names, func(name string) bool { return !slices.Equal(plain(f.Values[name]), plain(f.drawn[name])) })
}

// Edit takes a text field that was changed.
func (f Form) Edit(name string) api.Opt[string] {
	if !f.Changed(name) {
		return api.Opt[string]{}
	}
	return api.Some(f.Get(name))
}

// EditList is Edit for a field of several values.
func (f Form) EditList(name string) api.Opt[[]string] {
	if !f.Changed(name) {
		return api.Opt[[]string]{}
	}
	return api.Some(f.List(name))
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
		{"what", "role", "st"}, {"reach", "resources"}, {"which", "event"}, {"expires", "expires_on"}, {"requests", "window"},
		{"rate_limit_requests", "rate_limit_window"}, {"workspace_rate_limit_requests", "workspace_rate_limit_window"},
	}
}

// Over lays what was changed in a form over the object as it is now. Of the boxes of
// a set, each is a field of its own.
func (f Form) Over(now Form, sets ...string) Form {
	out := f
	out.Revision, out.drawn, out.Stale, out.Values = now.Revision, now.drawn, true, url.Values{}
	maps.Copy(out.Values, now.Values)
	for _, names := range f.fields() {
		if !f.Changed(names...) {
			continue
		}
		for _, name := range names {
			if out.Values[name] = f.Values[name]; slices.Contains(sets, name) {
				out.Values[name] = merged(f.drawn[name], f.Values[name], now.Values[name])
			}
		}
	}
	return out
}

// fields are the fields of a form, each with those that belong to it.
func (f Form) fields() [][]string {
	groups := together()
	for _, name := range slices.Concat(slices.Collect(maps.Keys(f.Values)), slices.Collect(maps.Keys(f.drawn))) {
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
