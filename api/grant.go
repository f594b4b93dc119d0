package api

// The grants of the token endpoint besides [DeviceGrantType], and the types of what is
// exchanged (RFC 8693, section 3; RFC 7523, section 2.2).
const (
	ExchangeGrantType    = "urn:ietf:params:oauth:grant-type:token-exchange"
	CredentialsGrantType = "client_credentials"
	AssertionType        = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
	TypeIDToken          = "urn:ietf:params:oauth:token-type:id_token"
	TypeJWT              = "urn:ietf:params:oauth:token-type:jwt"
	TypeAccessToken      = "urn:ietf:params:oauth:token-type:access_token"
)

// TokenRequest asks for a token. It is sent as a form; what it needs follows from its
// grant.
type TokenRequest struct {
	// GrantType is [DeviceGrantType], [ExchangeGrantType] or [CredentialsGrantType].
	GrantType string `json:"grant_type"`
	// ClientID is [DeviceClientID] of a program that signs in, else the address of the
	// service account, like deploy@acme.service.
	ClientID string `json:"client_id,omitempty"`
	// DeviceCode is of a program that signs in (RFC 8628, section 3.4).
	DeviceCode string `json:"device_code,omitempty"`
	// SubjectToken is an ID token that is exchanged (RFC 8693, section 2.1), and
	// SubjectTokenType [TypeIDToken] or [TypeJWT].
	SubjectToken     string `json:"subject_token,omitempty"`
	SubjectTokenType string `json:"subject_token_type,omitempty"`
	// RequestedTokenType, if given, is [TypeAccessToken].
	RequestedTokenType string `json:"requested_token_type,omitempty"`
	// Audience, if given, is the service account's address or this server's.
	Audience string `json:"audience,omitempty"`
	// ClientAssertion is an ID token by which a service account says who it is (RFC 7523,
	// section 2.2), and ClientAssertionType [AssertionType].
	ClientAssertion     string `json:"client_assertion,omitempty"`
	ClientAssertionType string `json:"client_assertion_type,omitempty"`
	// Scope lists with blanks between what the token may do at most.
	Scope string `json:"scope,omitempty"`
}

// GrantedToken is a token as the token endpoint answers it (RFC 6749, section 5.1).
type GrantedToken struct {
	AccessToken string `json:"access_token"`
	TokenType   string `json:"token_type"`
	// IssuedTokenType is [TypeAccessToken] after an exchange.
	IssuedTokenType string `json:"issued_token_type,omitempty"`
	// ExpiresIn is in seconds; left out for a token without end.
	ExpiresIn *int64 `json:"expires_in,omitempty"`
	// Scope is what the token may do, with blanks between: what its owner may in the
	// workspace at this moment, and it was given. Patterns may be among them.
	Scope string `json:"scope"`
	// Workspace is the slug of the one it is for, Locator its public part.
	Workspace string `json:"workspace"`
	Locator   string `json:"locator"`
}
