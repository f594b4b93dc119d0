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
	// Scope are scopes or patterns, apart by blanks, to which the token is limited; left
	// out, it may do what its person may.
	Scope string `json:"scope,omitempty"`
	// ExpiresIn is how long the token lives at the most; the workspace's policy may let it
	// live shorter. Left out, as long as that says.
	ExpiresIn Duration `json:"expires_in,omitempty"`
	// Workspace is the slug of the one that it is to be for; left out, the person chooses.
	Workspace string `json:"workspace,omitempty"`
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
