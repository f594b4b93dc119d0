package scim

import (
	"strings"
	"time"

	"github.com/tokenry/tokenry/api"
)

// wanted is what a request asks of a user; nil is what it does not name.
type wanted struct {
	userName, externalID *string
	display, formatted   *string
	given, family        *string
	active               *bool
	// whole says that it is a PUT, which says how everything is, and nothing on purpose.
	whole bool
}

// readUser reads the body of a POST or PUT. What is not kept is read over.
func readUser(body []byte) (w wanted, err error) {
	o, err := readObject(body)
	if err != nil {
		return w, err
	}
	for _, name := range o.names() {
		v := o[name]
		if v == nil {
			continue // as if it were not there (RFC 7643, 2.5)
		}
		if err := w.take(name, v, false); err != nil {
			return w, err
		}
	}
	return w, nil
}

// take takes an attribute of an object. In a PATCH (strict) one that there is not is
// refused: the word could be active, with a letter too few.
func (w *wanted) take(name string, v any, strict bool) error {
	if strings.EqualFold(name, "name") {
		parts, err := objectOf(v)
		if err != nil {
			return err
		}
		for part, v := range parts {
			if v == nil {
				continue
			}
			if err := w.put(place{attr: "name", sub: part}, v); err != nil {
				return err
			}
		}
		return nil
	}
	at, err := readPath(name, userAttributes())
	if err != nil {
		if strict {
			return err
		}
		return nil // an extension by some other name
	}
	return w.put(at, v)
}

// put takes one value.
func (w *wanted) put(at place, v any) (err error) {
	into := map[string]**string{
		"username": &w.userName, "externalid": &w.externalID, "displayname": &w.display,
		"name.formatted": &w.formatted, "name.givenname": &w.given, "name.familyname": &w.family,
	}[strings.TrimSuffix(at.attr+"."+at.sub, ".")]
	switch {
	case into != nil:
		s, err := text(v)
		*into = &s
		return err
	case at.attr == "active":
		is, ok := boolean(only(v))
		if !ok {
			return fault(invalidValue, "active is true or false")
		}
		w.active = &is
	}
	return nil
}

// readUserPatch reads a PATCH of a user, whose operations come one after the other.
func readUserPatch(body []byte) (w wanted, err error) {
	ops, err := readPatch(body)
	if err != nil {
		return w, err
	}
	for _, op := range ops {
		if op.path == "" {
			err = w.takeAll(op.value)
		} else {
			err = w.operate(op)
		}
		if err != nil {
			return w, err
		}
	}
	return w, nil
}

// takeAll takes the value of an operation without a path: an object, whose names may be
// paths themselves.
func (w *wanted) takeAll(v any) error {
	o, err := objectOf(v)
	if err != nil {
		return err
	}
	for _, name := range o.names() {
		v := o[name]
		if v == nil {
			return fault(invalidValue, "an attribute is removed by an operation that says so")
		}
		if err := w.take(name, v, true); err != nil {
			return err
		}
	}
	return nil
}

func (w *wanted) operate(op operation) error {
	at, err := readPath(op.path, userAttributes())
	switch {
	case err != nil:
		return err
	case op.op == "remove":
		return w.remove(at)
	case at.attr == "name" && at.sub == "":
		return w.take("name", op.value, true)
	}
	return w.put(at, op.value)
}

// remove takes a value away.
func (w *wanted) remove(at place) error {
	empty := ""
	switch strings.TrimSuffix(at.attr+"."+at.sub, ".") {
	case "username", "active", "id", "schemas", "meta":
		return fault(mutability, "this attribute cannot be removed")
	case "externalid":
		w.externalID = &empty
	case "displayname", "name", "name.formatted":
		w.display, w.formatted, w.given, w.family = &empty, nil, nil, nil
	case "name.givenname":
		w.given = &empty
	case "name.familyname":
		w.family = &empty
	}
	return nil
}

// name is what a member is called who was called so before. A name is one text: the given
// name is a view of what stands before its last space, the family name of what follows.
func (w *wanted) name(was string) string {
	switch {
	case w.display != nil && *w.display != "":
		return *w.display
	case w.formatted != nil && *w.formatted != "":
		return *w.formatted
	case w.given == nil && w.family == nil:
		if w.display != nil || w.formatted != nil {
			return ""
		}
		return was
	}
	given, family := parts(was)
	if w.given != nil {
		given = *w.given
	}
	if w.family != nil {
		family = *w.family
	}
	return strings.TrimSpace(given + " " + family)
}

// parts are the views of a name; one without a space has no family name.
func parts(name string) (given, family string) {
	i := strings.LastIndexByte(name, ' ')
	if i < 0 {
		return name, ""
	}
	return name[:i], name[i+1:]
}

// edit is what has to be written for it; changed says whether that is anything.
func (w *wanted) edit(was api.Member) (in api.EditMember, changed bool) {
	if name := w.name(was.Name); name != was.Name {
		in.Name, changed = api.Some(name), true
	}
	switch have := was.ExternalID; {
	case w.externalID == nil, have == nil && *w.externalID == "", have != nil && *have == *w.externalID:
	case *w.externalID == "":
		in.ExternalID, changed = api.Opt[string]{Set: true, Null: true}, true
	default:
		in.ExternalID, changed = api.Some(*w.externalID), true
	}
	return in, changed
}

// user is a member as a resource.
func (f frame) user(m api.Member, groups []document) document {
	given, family := parts(m.Name)
	name := document{}
	for part, v := range map[string]string{"formatted": m.Name, "givenName": given, "familyName": family} {
		if v != "" {
			name[part] = v
		}
	}
	d := document{
		"schemas": []any{schemaUser}, "id": m.ID, "userName": m.Address, "active": m.Active, "groups": groups,
		"meta": f.meta("User", "/Users/"+m.ID, tagOf(decimal(m.Revision)), m.CreatedAt),
	}
	if m.Email != nil {
		d["userName"], d["emails"] = *m.Email, []document{{"value": *m.Email, "type": "work", "primary": true}}
	}
	if m.ExternalID != nil {
		d["externalId"] = *m.ExternalID
	}
	if m.Name != "" {
		d["displayName"], d["name"] = m.Name, name
	}
	return d
}

func (f frame) meta(kind, path, version string, created time.Time) document {
	d := document{"resourceType": kind, "location": f.base + path, "version": version}
	if !created.IsZero() {
		d["created"] = created.UTC().Format(time.RFC3339Nano)
	}
	return d
}
