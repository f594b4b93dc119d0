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
	// Sent says that a mail was handed to the mail server; false is a server without one.
	Sent bool `json:"sent"`
	// CanSignIn says that the person can sign in as they are. Who cannot needs a link,
	// mailed or handed over by an Owner or an administrator of the instance.
	CanSignIn bool `json:"can_sign_in"`
}
