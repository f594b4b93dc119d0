package grant

import "fmt"

const maxEntries = 1000 // in one list of a statement

// Statement is one line of a grant as people write it: the scopes of a role, or scopes, on resources.
//
// A list left out (nil) and an empty list are different. Resources alone, without role and with Scopes nil, means everything the owner has, on
// these resources, and once the last of them is gone it means nothing. Scopes empty but not nil means no scopes, as is left when the last listed
// scope was deleted. The JSON form keeps the two apart.
//
// Resources left out or empty means none: only scopes that need no resource are held then.
type Statement struct {
	Role      string   `json:"role,omitempty"`
	Scopes    []string `json:"scopes,omitzero"`
	Resources []string `json:"resources,omitzero"`
}

// FieldError says what is wrong with one field of a statement. It never contains the value, so it can be logged and shown.
type FieldError struct {
	Field   string // "role", "scopes" or "resources"
	Problem string // a phrase for people, e.g. "entry 3 is listed twice"
}

// Error is the field and the problem, without the value.
func (e *FieldError) Error() string { return e.Field + ": " + e.Problem }

// Validate reports the first thing wrong with the statement as a *[FieldError]: both role and scopes, none of the three, a malformed pattern, a
// duplicate, or a list of more than 1,000 entries. Whether a role exists is the book's matter.
func (s Statement) Validate() error {
	if err := s.checkShape(); err != nil {
		return err
	}
	if err := checkList("scopes", s.Scopes, ValidPattern, "a scope such as noun:verb, noun:*, product:* or *"); err != nil {
		return err
	}
	return checkList("resources", s.Resources, ValidResourcePattern, "a resource name, a beginning of one followed by *, or *")
}

// checkShape is the part of Validate without which a statement has no meaning; such a statement compiles to nothing.
func (s Statement) checkShape() error {
	switch {
	case s.Role != "" && s.Scopes != nil:
		return &FieldError{"scopes", "give either a role or scopes, not both"}
	case s.Role == "" && s.Scopes == nil && len(s.Resources) == 0:
		return &FieldError{"scopes", "give a role, scopes or resources"}
	}
	return nil
}

// checkList counts entries from 1, as people do.
func checkList(field string, list []string, valid func(string) bool, shape string) error {
	if len(list) > maxEntries {
		return &FieldError{field, fmt.Sprintf("at most %d entries", maxEntries)}
	}
	seen := make(map[string]struct{}, len(list))
	for i, s := range list {
		if !valid(s) {
			return &FieldError{field, fmt.Sprintf("entry %d is not %s", i+1, shape)}
		}
		if _, dup := seen[s]; dup {
			return &FieldError{field, fmt.Sprintf("entry %d is listed twice", i+1)}
		}
		seen[s] = struct{}{}
	}
	return nil
}
