package api

// IntrospectRequest asks about a token (RFC 7662). It is sent as a form; a
// parameter that is not known is ignored, one that is repeated is refused.
type IntrospectRequest struct {
	Token string `json:"token"`
	// TokenTypeHint is ignored: there is one type of token.
	TokenTypeHint string `json:"token_type_hint,omitempty"`
	// ClientIP is the address that presented the token. Without it a token with an
	// allow-list of addresses is inactive.
	ClientIP string `json:"client_ip,omitempty"`
	// Resource is what the request touches; "any" leaves the filtering to the
	// caller. Without it a token restricted to resources is inactive.
	Resource string `json:"resource,omitempty"`
	// Scope lists with blanks between what the request needs, and no patterns: a token
	// that lacks one of them is inactive. Empty asks for none.
	Scope string `json:"scope,omitempty"`
	// Workspace, if given, is the only one whose tokens are active.
	Workspace string `json:"workspace,omitempty"`
	// ClientID and ClientSecret are the caller's own token, where it is not sent in
	// the header Authorization: its id or locator, and the token.
	ClientID     string `json:"client_id,omitempty"`
	ClientSecret string `json:"client_secret,omitempty"`
}

// Introspection is the answer to an [IntrospectRequest]. Of a token that is not
// active it says nothing else. Times are whole seconds since 1970, rounded down.
type Introspection struct {
	Active bool `json:"active"`
	// Scope lists with blanks between, as few patterns, what the token may do on the
	// resource that was asked about: on all of them when none was, on some when it
	// was "any".
	Scope string `json:"scope,omitempty"`
	// ClientID is the token's id.
	ClientID string `json:"client_id,omitempty"`
	// Username is the address of the owner, for people.
	Username  string `json:"username,omitempty"`
	TokenType string `json:"token_type,omitempty"`
	// Exp is until when the answer may be kept: the end of the token or of its
	// secret, or what the policy introspection_max_cache allows, whichever is first.
	Exp int64 `json:"exp,omitempty"`
	Iat int64 `json:"iat,omitempty"`
	Nbf int64 `json:"nbf,omitempty"`
	// Sub is the owner's id, which never changes.
	Sub string `json:"sub,omitempty"`
	// Aud is the slug of the workspace whose resource servers the token is for.
	Aud string `json:"aud,omitempty"`
	Iss string `json:"iss,omitempty"`
	// Jti is the token's locator.
	Jti string `json:"jti,omitempty"`
	// TokenExp is the end of the token itself, whatever may be kept.
	TokenExp  int64  `json:"token_exp,omitempty"`
	Workspace string `json:"workspace,omitempty"`
	// WorkspaceExternalID and ExternalID are what the product calls the workspace
	// and the owner.
	WorkspaceExternalID string `json:"workspace_external_id,omitempty"`
	// PrincipalType is user, service_account or workspace.
	PrincipalType string `json:"principal_type,omitempty"`
	ExternalID    string `json:"external_id,omitempty"`
	// Resources are those on which all of Scope is granted together.
	Resources []string `json:"resources,omitzero"`
}

// RevokeRequest ends a token (RFC 7009). It is sent as a form. Whoever has the
// token needs nothing else; a caller that says who it is has to have the right.
type RevokeRequest struct {
	Token string `json:"token"`
	// TokenTypeHint is ignored: there is one type of token.
	TokenTypeHint string `json:"token_type_hint,omitempty"`
	// ClientID and ClientSecret are the caller's own token, where it is not sent in
	// the header Authorization: its id or locator, and the token.
	ClientID     string `json:"client_id,omitempty"`
	ClientSecret string `json:"client_secret,omitempty"`
}

// OAuthError is how the OAuth calls answer an error (RFC 6749, section 5.2).
type OAuthError struct {
	// Error is one of the words of the RFCs: invalid_request, invalid_client,
	// invalid_token, insufficient_scope, temporarily_unavailable, server_error; and
	// of a program that signs in authorization_pending, slow_down, access_denied,
	// expired_token, unsupported_grant_type and invalid_scope.
	Error       string `json:"error"`
	Description string `json:"error_description,omitempty"`
	// URI is the page about the code.
	URI string `json:"error_uri,omitempty"`
	// Code is the API's own word for it.
	Code      Code   `json:"code"`
	RequestID string `json:"request_id"`
}

// AuthorizationServer tells clients where to ask about tokens and how (RFC 8414).
type AuthorizationServer struct {
	Issuer string `json:"issuer"`
	// ResponseTypesSupported is required. It is none: no token is issued by a
	// redirection.
	ResponseTypesSupported                    []string `json:"response_types_supported"`
	ScopesSupported                           []string `json:"scopes_supported,omitempty"`
	IntrospectionEndpoint                     string   `json:"introspection_endpoint"`
	IntrospectionEndpointAuthMethodsSupported []string `json:"introspection_endpoint_auth_methods_supported,omitempty"`
	RevocationEndpoint                        string   `json:"revocation_endpoint"`
	TokenEndpoint                             string   `json:"token_endpoint,omitempty"`
	TokenEndpointAuthMethodsSupported         []string `json:"token_endpoint_auth_methods_supported,omitempty"`
	// TokenEndpointAuthSigningAlgValuesSupported are how an ID token may be signed.
	TokenEndpointAuthSigningAlgValuesSupported []string `json:"token_endpoint_auth_signing_alg_values_supported,omitempty"`
	// DeviceAuthorizationEndpoint is left out where nobody can sign in (RFC 8628, section 4).
	DeviceAuthorizationEndpoint            string   `json:"device_authorization_endpoint,omitempty"`
	GrantTypesSupported                    []string `json:"grant_types_supported,omitempty"`
	RevocationEndpointAuthMethodsSupported []string `json:"revocation_endpoint_auth_methods_supported,omitempty"`
	ServiceDocumentation                   string   `json:"service_documentation,omitempty"`
}

// ProtectedResource says of this API which tokens it takes and how (RFC 9728).
type ProtectedResource struct {
	Resource               string   `json:"resource"`
	AuthorizationServers   []string `json:"authorization_servers,omitempty"`
	ScopesSupported        []string `json:"scopes_supported,omitempty"`
	BearerMethodsSupported []string `json:"bearer_methods_supported,omitempty"`
	ResourceName           string   `json:"resource_name,omitempty"`
	ResourceDocumentation  string   `json:"resource_documentation,omitempty"`
}
