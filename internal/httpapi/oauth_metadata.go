package httpapi

import (
	"net/url"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/grant"
	"github.com/tokenry/tokenry/internal/reference"
)

// oauthMetadata is what this server publishes about itself.
type oauthMetadata struct {
	server   api.AuthorizationServer
	resource api.ProtectedResource
	// path is that of the base address, behind which both are found too.
	path string
	// challenge points at resource from a 401 (RFC 9728, section 5.1).
	challenge string
}

// newOAuthMetadata describes the server at base, which is also the issuer and the
// resource, byte for byte.
// Devices says that programs can sign in.
func newOAuthMetadata(base string, devices bool) (oauthMetadata, error) {
	u, err := url.Parse(base)
	if err != nil {
		return oauthMetadata{}, err
	}
	scopes := append(grant.BuiltIn(), grant.InstanceScopes()...)
	m := oauthMetadata{path: u.EscapedPath()}
	m.server = api.AuthorizationServer{
		Issuer: base, ResponseTypesSupported: []string{"none"}, ScopesSupported: scopes,
		IntrospectionEndpoint:                     base + pathIntrospect,
		IntrospectionEndpointAuthMethodsSupported: []string{"client_secret_basic", "client_secret_post", "Bearer"},
		RevocationEndpoint:                        base + pathRevoke,
		RevocationEndpointAuthMethodsSupported:    []string{"none", "client_secret_basic", "client_secret_post"},
		ServiceDocumentation:                      base + "/docs",
	}
	m.server.TokenEndpoint, m.server.TokenEndpointAuthMethodsSupported = base+pathToken, []string{"none", "private_key_jwt"}
	m.server.TokenEndpointAuthSigningAlgValuesSupported = signingAlgorithms()
	m.server.GrantTypesSupported = []string{api.ExchangeGrantType, api.CredentialsGrantType}
	if devices {
		m.server.DeviceAuthorizationEndpoint, m.server.GrantTypesSupported = base+pathDevice, append(m.server.GrantTypesSupported, api.DeviceGrantType)
	}
	m.resource = api.ProtectedResource{
		Resource: base, AuthorizationServers: []string{base}, ScopesSupported: scopes,
		BearerMethodsSupported: []string{"header"}, ResourceName: reference.Title, ResourceDocumentation: base + "/docs",
	}
	u.Path, u.RawPath = "", ""
	m.challenge = parameter("resource_metadata", u.String()+pathProtectedResource+m.path)
	return m, nil
}

// signingAlgorithms are those that an ID token may be signed with: keys that are public.
func signingAlgorithms() []string {
	return []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"}
}
