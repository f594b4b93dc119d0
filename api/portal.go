package api

import "time"

// PortalLink opens a member's own tokens in the console, once and until
// ExpiresAt. Whoever has it is that member there, so it is a secret.
type PortalLink struct {
	URL       string    `json:"url"`
	ExpiresAt time.Time `json:"expires_at"`
}
