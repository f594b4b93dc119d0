package scim

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"github.com/tokenry/tokenry/internal/grant"
	"github.com/tokenry/tokenry/internal/ledger"
)

// owner is the role that no group is.
const owner = "Owner"

// groupID is what a role is called as a group. A role's name never changes.
func groupID(role string) string { return "role_" + base64.RawURLEncoding.EncodeToString([]byte(role)) }

// roleOf is the role of a group's id, if it can be one.
func roleOf(id string) string {
	name, err := base64.RawURLEncoding.DecodeString(strings.TrimPrefix(id, "role_"))
	if err != nil || groupID(string(name)) != id || string(name) == owner {
		return ""
	}
	return string(name)
}

// groupName is what a role is called where people read it.
func groupName(r ledger.Role) string {
	if r.DisplayName != "" {
		return r.DisplayName
	}
	return r.Name
}

// gives says whether a statement is the group's: the role on the entire portfolio. One on
// some resources somebody gave by hand, and no directory takes it away. One of scopes has no
// role, as a group that is yet to be made has none.
func gives(s grant.Statement, role string) bool {
	return role != "" && s.Role == role && slices.Contains(s.Resources, "*")
}

// inGroup says whether statements have the group's among them.
func inGroup(sts []grant.Statement, role string) bool {
	return slices.ContainsFunc(sts, func(s grant.Statement) bool { return gives(s, role) })
}

// membership is one step of what a request asks of a group's members.
type membership struct {
	op  string
	ids []string
	// among says which are meant by a filter; nil for all, or for ids.
	among test
}

// wantedGroup is what a request asks of a group.
type wantedGroup struct {
	display *string
	steps   []membership
}

// readGroup reads the body of a POST or PUT. A PUT without members leaves them.
func readGroup(body []byte) (w wantedGroup, err error) {
	o, err := readObject(body)
	if err != nil {
		return w, err
	}
	return w, w.take(o, "replace")
}

func (w *wantedGroup) take(o object, op string) error {
	if v := o["displayname"]; v != nil {
		s, err := text(v)
		if err != nil {
			return err
		}
		w.display = &s
	}
	v := o["members"]
	if v == nil {
		return nil
	}
	ids, err := memberIDs(v)
	w.steps = append(w.steps, membership{op: op, ids: ids})
	return err
}

// readGroupPatch reads a PATCH of a group.
func readGroupPatch(body []byte) (w wantedGroup, err error) {
	ops, err := readPatch(body)
	for _, op := range ops {
		if err == nil {
			err = w.operate(op)
		}
	}
	return w, err
}

func (w *wantedGroup) operate(op operation) error {
	if op.path == "" {
		o, err := objectOf(op.value)
		if err != nil {
			return err
		}
		for _, name := range o.names() {
			if _, err := readPath(name, groupAttributes()); err != nil {
				return err
			}
		}
		return w.take(o, op.op)
	}
	at, err := readPath(op.path, groupAttributes())
	if err != nil {
		return err
	}
	switch {
	case at.attr == "members":
		return w.members(op, at)
	case op.op == "remove" && at.attr != "externalid" && at.attr != "":
		return fault(mutability, "this attribute cannot be removed")
	case at.attr == "displayname":
		return w.take(object{"displayname": op.value}, op.op)
	}
	return nil
}

// members reads an operation about members. Entra ID names whom to remove by the value,
// where the RFC has none; only without either are all meant.
func (w *wantedGroup) members(op operation, at place) error {
	step := membership{op: op.op, among: at.among}
	switch {
	case at.sub != "", at.among != nil && (op.op != "remove" || op.value != nil):
		return fault(invalidPath, "members are added, replaced and removed as a whole")
	case op.value != nil:
		ids, err := memberIDs(op.value)
		if err != nil {
			return err
		}
		step.ids = ids
	case at.among == nil:
		step.among = func(document) bool { return true }
	}
	w.steps = append(w.steps, step)
	return nil
}

// memberIDs reads who is meant: objects with a value, or the values alone.
func memberIDs(v any) ([]string, error) {
	list, ok := v.([]any)
	if !ok {
		list = []any{v}
	}
	ids := make([]string, len(list))
	for i, v := range list {
		if m, is := v.(map[string]any); is {
			o, err := objectOf(m)
			if err != nil {
				return nil, err
			}
			v = o["value"]
		}
		if ids[i], ok = v.(string); !ok || ids[i] == "" {
			return nil, fault(invalidValue, "a member is named by its id as value")
		}
	}
	return ids, nil
}

// apply is who is in the group after the steps, by who was before; of each a document says
// what a filter asks about.
func (w *wantedGroup) apply(have []string, doc func(id string) document) []string {
	now := slices.Clone(have)
	for _, step := range w.steps {
		meant := map[string]bool{}
		for _, id := range step.ids {
			meant[id] = true
		}
		switch step.op {
		case "remove":
			now = slices.DeleteFunc(now, func(id string) bool { return meant[id] || step.among != nil && step.among(doc(id)) })
		case "replace":
			now = nil
			fallthrough
		default:
			in := map[string]bool{}
			for _, id := range now {
				in[id] = true
			}
			for _, id := range step.ids {
				if !in[id] {
					in[id], now = true, append(now, id)
				}
			}
		}
	}
	return now
}

// group is a role as a resource, with its members; nil leaves them out.
func (f frame) group(r ledger.Role, members []ledger.Member) document {
	list := make([]document, len(members))
	for i, m := range members {
		list[i] = f.member(m)
	}
	return document{
		"schemas": []any{schemaGroup}, "id": groupID(r.Name), "displayName": groupName(r), "members": list,
		"meta": f.meta("Group", "/Groups/"+groupID(r.Name), groupTag(r, members), time.Time{}),
	}
}

// member is a user where a group lists it.
func (f frame) member(m ledger.Member) document {
	display := m.UserEmail
	if display == "" {
		display = m.UserPublicID
	}
	return document{"value": m.UserPublicID, "$ref": f.base + "/Users/" + m.UserPublicID, "display": display, "type": "User"}
}

// groupTag is the entity tag of a group: of who is in it, whoever put them there.
func groupTag(r ledger.Role, members []ledger.Member) string {
	h := sha256.New()
	h.Write([]byte(groupName(r)))
	for _, m := range members {
		h.Write([]byte("\n" + m.UserPublicID))
	}
	return tagOf(hex.EncodeToString(h.Sum(nil)[:12]))
}
