package api

import (
	"encoding/json"
	"time"
)

// AuditEvent is one row of the audit.
type AuditEvent struct {
	Sequence  int64     `json:"sequence"`
	At        time.Time `json:"at"`
	Revision  int64     `json:"revision"`
	Workspace string    `json:"workspace"`
	Action    string    `json:"action"`
	// Actor is the address of who did it; ActorToken the locator of the token used.
	Actor      string  `json:"actor"`
	ActorToken *string `json:"actor_token"`
	// OnBehalf is the address of the member whose rights decided.
	OnBehalf  *string `json:"on_behalf"`
	IP        *string `json:"ip"`
	UserAgent *string `json:"user_agent"`
	RequestID string  `json:"request_id"`
	Target    string  `json:"target"`
	Token     *string `json:"token"`
	// Before and After are what it was about, as its own call shows it, without the members
	// that are null.
	Before json.RawMessage `json:"before"`
	After  json.RawMessage `json:"after"`
	// Erased says that what the event told was erased, because it was about a
	// person who asked for it; what is left of it stands here.
	Erased bool `json:"erased,omitempty"`
	// Hash is the chain's hash at this row, in hex.
	Hash string `json:"hash"`
}

// AuditFilter narrows the audit. Zero fields do not filter.
type AuditFilter struct {
	Token, Actor string
	// With is the ID or locator of the token that it was done with.
	With string
	// Action is one, like token.revoked, or with a trailing * all that begin so.
	Action   string
	From, To time.Time
}
