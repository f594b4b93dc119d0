package api

import "time"

// PortalLink opens a member's own tokens in the console, once and until
// ExpiresAt. Whoever has it is that member there, so it is a secret.
type PortalLink struct {
	URL       string    `json:"url"`
	ExpiresAt time.Time `json:"expires_at"`
}

// Invitation is how the invitation of a member went.
type Invitation struct {
	// Sent says that a mail was handed to the mail server.
	Sent bool `json:"sent"`
	// URL is the one-time link itself, which is a secret: for an instance
	// administrator of a server without mail, to hand over. Else null.
	URL *string `json:"url"`
}
