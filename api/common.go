package api

import (
	"bytes"
	"encoding/json"
	"time"
)

// Metadata is what a client attaches to an object for itself: a flat JSON
// object whose values are strings, numbers or booleans. At most 50 keys of 64
// characters and 4 KiB in all. Tokenry never reads meaning into it, and gives
// numbers back to the digit.
type Metadata map[string]any

// UnmarshalJSON reads numbers as [json.Number]: as float64 an id beyond 2^53
// would come back as another one.
func (m *Metadata) UnmarshalJSON(b []byte) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	return d.Decode((*map[string]any)(m))
}

// Principal says who somebody is: the owner of a token, the caller of a verb.
type Principal struct {
	// Type is "user", "service_account" or "workspace".
	Type string `json:"type"`
	ID   string `json:"id"`
	// Address is for reading: an e-mail, name@slug.service or slug@workspace.
	Address string `json:"address"`
	Name    string `json:"name"`
	// ExternalID is what the product calls it; null when it gave none.
	ExternalID *string `json:"external_id"`
}

// RateLimit allows so many requests in a window of time.
type RateLimit struct {
	Requests int      `json:"requests" minimum:"1" maximum:"1000000000"`
	Window   Duration `json:"window"`
}

// Statement is one line of a grant: a role or a list of scopes, for a list of
// resources. Resources left out means none, ["*"] means the entire portfolio.
type Statement struct {
	Role      string   `json:"role,omitempty" minLength:"1"`
	Scopes    []string `json:"scopes,omitzero"`
	Resources []string `json:"resources,omitzero"`
}

// Rights is how a request writes a grant: a list of statements, or the
// shorthand for one statement at the top level. Grants and the shorthand
// exclude each other. In a patch, naming any of the four replaces the whole.
type Rights struct {
	Role      Opt[string]      `json:"role,omitzero"`
	Scopes    Opt[[]string]    `json:"scopes,omitzero"`
	Resources Opt[[]string]    `json:"resources,omitzero"`
	Grants    Opt[[]Statement] `json:"grants,omitzero" maxItems:"100"`
}

// List is one page of a listing. NextCursor is null on the last page.
type List[T any] struct {
	Items      []T     `json:"items"`
	NextCursor *string `json:"next_cursor"`
}

// Page asks for one page of a listing.
type Page struct {
	// Limit is how many items at the most: 1 to 200; 0 asks for 50.
	Limit int
	// Cursor is the next_cursor of the page before; empty for the first.
	Cursor string
	// Include names what lists leave out: "effective" is what each token, member or
	// service account may do now.
	Include string
}

// ListFilter narrows a listing of members, service accounts, resources,
// workspaces or users; the zero value does not.
type ListFilter struct {
	// Query keeps what has it in one of its names, in any case of the letters A to Z.
	Query string `json:"q,omitempty"`
	// Only keeps members of a kind: "invited", who have an e-mail and no way to sign in
	// yet, or "one_factor", whose password stands alone. Other lists take none.
	Only string `json:"only,omitempty"`
}

// Times that may never have been are pointers; nil is null on the wire.

// When returns nil for the zero time, else a pointer to t in UTC.
func When(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	u := t.UTC()
	return &u
}
