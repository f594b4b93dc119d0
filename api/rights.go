package api

import "time"

// PutScope creates or replaces a product scope of the catalogue.
type PutScope struct {
	Description string `json:"description,omitempty" maxLength:"1000"`
	// Implies names product scopes that come with this one.
	Implies []string `json:"implies,omitempty" maxItems:"100"`
	// Roles get this scope besides what their own patterns give.
	Roles []string `json:"roles,omitempty"`
	// Locked, on the instance only: workspaces cannot override it.
	Locked bool `json:"locked,omitempty"`
}

// Scope is an entry of the scope catalogue.
type Scope struct {
	Name        string   `json:"name"`
	Description string   `json:"description"`
	Implies     []string `json:"implies"`
	Roles       []string `json:"roles"`
	// BuiltIn scopes are fixed.
	BuiltIn bool `json:"built_in"`
	// Inherited comes from the instance.
	Inherited bool  `json:"inherited"`
	Locked    bool  `json:"locked"`
	Revision  int64 `json:"revision"`
}

// PutRole creates or replaces a role.
type PutRole struct {
	// DisplayName renames a built-in role where people read it.
	DisplayName string     `json:"display_name,omitempty" maxLength:"64"`
	Description string     `json:"description,omitempty" maxLength:"1000"`
	Scopes      []string   `json:"scopes,omitempty" maxItems:"1000"`
	RateLimit   *RateLimit `json:"rate_limit,omitempty"`
	Locked      bool       `json:"locked,omitempty"`
}

// Role is a named list of scopes.
type Role struct {
	Name        string     `json:"name"`
	DisplayName string     `json:"display_name"`
	Description string     `json:"description"`
	Scopes      []string   `json:"scopes"`
	RateLimit   *RateLimit `json:"rate_limit"`
	BuiltIn     bool       `json:"built_in"`
	Inherited   bool       `json:"inherited"`
	Locked      bool       `json:"locked"`
	// Revision is 0 of a built-in role that nobody changed.
	Revision int64 `json:"revision"`
}

// CreateResource puts an entity of the product on board.
type CreateResource struct {
	Name        string `json:"name" minLength:"1" maxLength:"128"`
	Description string `json:"description,omitempty" maxLength:"1000"`
}

// Resource is an entity of the product that rights can be restricted to.
type Resource struct {
	Name        string    `json:"name"`
	Description string    `json:"description"`
	CreatedBy   string    `json:"created_by"`
	CreatedAt   time.Time `json:"created_at"`
	Revision    int64     `json:"revision"`
}
