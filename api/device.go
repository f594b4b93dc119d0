package api

// DeviceClientID is the client that signs in through the browser; there are no
// others. DeviceGrantType is the grant of its polls (RFC 8628, section 3.4).
const (
	DeviceClientID  = "tokenry-cli"
	DeviceGrantType = "urn:ietf:params:oauth:grant-type:device_code"
)

// DeviceAuthorizationRequest asks for a sign-in of a program (RFC 8628, section
// 3.1). It is sent as a form.
type DeviceAuthorizationRequest struct {
	// ClientID is [DeviceClientID].
	ClientID string `json:"client_id"`
	// DeviceName is what the person is shown: what the machine is called.
	DeviceName string `json:"device_name,omitempty"`
}

// DeviceTokenRequest asks how a sign-in stands (RFC 8628, section 3.4). It is sent
// as a form.
type DeviceTokenRequest struct {
	// GrantType is [DeviceGrantType].
	GrantType string `json:"grant_type"`
	// ClientID is [DeviceClientID].
	ClientID   string `json:"client_id"`
	DeviceCode string `json:"device_code"`
}

// DeviceAuthorization begins a sign-in of a command line (RFC 8628, section 3.2):
// the person opens VerificationURI and types UserCode there.
type DeviceAuthorization struct {
	// DeviceCode is for polling, and a secret.
	DeviceCode      string `json:"device_code"`
	UserCode        string `json:"user_code"`
	VerificationURI string `json:"verification_uri"`
	// ExpiresIn and Interval, the least time between two polls, are in seconds.
	ExpiresIn int64 `json:"expires_in"`
	Interval  int64 `json:"interval"`
}

// DeviceToken is what a poll answers once it was approved (RFC 6749, section 5.1).
type DeviceToken struct {
	AccessToken string `json:"access_token"`
	TokenType   string `json:"token_type"`
	// ExpiresIn is in seconds; left out for a token without end.
	ExpiresIn *int64 `json:"expires_in,omitempty"`
	// Scope is what the token may do, with blanks between: what its person may in
	// the workspace at this moment. Patterns may be among them.
	Scope string `json:"scope"`
	// Workspace is the slug of the one it is for, Locator its public part.
	Workspace string `json:"workspace"`
	Locator   string `json:"locator"`
}
