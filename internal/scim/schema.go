package scim

import (
	"slices"
	"strings"
)

// The addresses of what SCIM names.
const (
	schemaUser     = "urn:ietf:params:scim:schemas:core:2.0:User"
	schemaGroup    = "urn:ietf:params:scim:schemas:core:2.0:Group"
	schemaSchema   = "urn:ietf:params:scim:schemas:core:2.0:Schema"
	schemaType     = "urn:ietf:params:scim:schemas:core:2.0:ResourceType"
	schemaProvider = "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"
	schemaList     = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
	schemaError    = "urn:ietf:params:scim:api:messages:2.0:Error"
)

// The kinds of attributes that there are.
const (
	stringKind    = "string"
	boolKind      = "boolean"
	timeKind      = "dateTime"
	referenceKind = "reference"
	complexKind   = "complex"
)

// attribute is what a resource has: one table, by which filters and paths are read and
// which /Schemas shows.
type attribute struct {
	name, kind, about string
	multi, exact      bool
	// required, writable and unique are as /Schemas tells them.
	required, writable, unique bool
	types                      []string // what a reference leads to
	subs                       []attribute
}

// named finds an attribute, whatever the case: so does SCIM.
func named(all []attribute, name string) (attribute, bool) {
	i := slices.IndexFunc(all, func(a attribute) bool { return strings.EqualFold(a.name, name) })
	if i < 0 {
		return attribute{}, false
	}
	return all[i], true
}

// shared are the attributes that every resource has, and no schema lists.
func shared() []attribute {
	return []attribute{
		{name: "schemas", kind: referenceKind, multi: true, exact: true},
		{name: "id", kind: stringKind, exact: true},
		{name: "externalId", kind: stringKind, exact: true, writable: true},
		{name: "meta", kind: complexKind, subs: []attribute{
			{name: "resourceType", kind: stringKind, exact: true}, {name: "created", kind: timeKind},
			{name: "location", kind: referenceKind, exact: true}, {name: "version", kind: stringKind, exact: true},
		}},
	}
}

func userSchema() []attribute {
	return []attribute{
		{name: "userName", kind: stringKind, about: "The e-mail address of the person. It does not change.", required: true, writable: true, unique: true},
		{name: "displayName", kind: stringKind, about: "The name of the person: one text, of which name shows parts.", writable: true},
		{name: "name", kind: complexKind, about: "The same name, as a whole and up to and after its last space.", writable: true, subs: []attribute{
			{name: "formatted", kind: stringKind, about: "The whole name.", writable: true},
			{name: "givenName", kind: stringKind, about: "The name before its last space.", writable: true},
			{name: "familyName", kind: stringKind, about: "The name after its last space.", writable: true},
		}},
		{name: "active", kind: boolKind, about: "Whether tokens and sessions of the person work here.", writable: true},
		{name: "emails", kind: complexKind, multi: true, about: "The address of userName.", subs: []attribute{
			{name: "value", kind: stringKind, about: "The address."},
			{name: "type", kind: stringKind, about: "work."},
			{name: "primary", kind: boolKind, about: "true."},
		}},
		{name: "groups", kind: complexKind, multi: true, about: "The groups that the person is in.", subs: []attribute{
			{name: "value", kind: stringKind, exact: true, about: "The id of the group."},
			{name: "$ref", kind: referenceKind, exact: true, about: "Its address.", types: []string{"Group"}},
			{name: "display", kind: stringKind, about: "Its name."},
			{name: "type", kind: stringKind, about: "direct."},
		}},
	}
}

func groupSchema() []attribute {
	return []attribute{
		{name: "displayName", kind: stringKind, about: "The name of the role that the group gives, for the entire portfolio.", required: true, writable: true, unique: true},
		{name: "members", kind: complexKind, multi: true, about: "Who has the role so.", writable: true, subs: []attribute{
			{name: "value", kind: stringKind, exact: true, about: "The id of the user.", required: true, writable: true},
			{name: "$ref", kind: referenceKind, exact: true, about: "Their address.", types: []string{"User"}},
			{name: "display", kind: stringKind, about: "Their userName."},
			{name: "type", kind: stringKind, about: "User."},
		}},
	}
}

// userAttributes and groupAttributes are what filters and paths may name.
func userAttributes() []attribute  { return append(shared(), userSchema()...) }
func groupAttributes() []attribute { return append(shared(), groupSchema()...) }

// unkept are the attributes of RFC 7643, 4.1, that Tokenry does not keep.
func unkept(name string) bool {
	return slices.Contains([]string{
		"nickname", "profileurl", "title", "usertype", "preferredlanguage", "locale", "timezone", "password", "phonenumbers",
		"ims", "photos", "addresses", "entitlements", "roles", "x509certificates",
	}, strings.ToLower(name))
}
