package httpapi_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/httpapi"
)

func at(base string) option { return func(o *httpapi.Options) { o.BaseURL = base } }

// RFC 8414, section 3: issuer byte for byte, what is required, no empty lists.
func TestTheServerPublishesItsMetadata(t *testing.T) {
	t.Parallel()
	for base, path := range map[string]string{baseURL: "", "https://example.com/Tokens%20of/us": "/Tokens%20of/us"} {
		w := newWorld(t, at(base))
		for _, target := range []string{"/.well-known/oauth-authorization-server", "/.well-known/oauth-authorization-server" + path} {
			r := w.send("GET", target, "").is(200)
			var v api.AuthorizationServer
			r.into(&v)
			if v.Issuer != base || v.IntrospectionEndpoint != base+introspect || v.RevocationEndpoint != base+revocation ||
				!slices.Equal(v.ResponseTypesSupported, []string{"none"}) || !slices.Contains(v.ScopesSupported, "tokens:verify") ||
				v.TokenEndpoint != base+grantPath || v.DeviceAuthorizationEndpoint != base+device || !slices.Equal(v.GrantTypesSupported, []string{api.ExchangeGrantType, "client_credentials", deviceGrant}) ||
				!slices.Contains(v.TokenEndpointAuthMethodsSupported, "private_key_jwt") || slices.Contains(v.TokenEndpointAuthSigningAlgValuesSupported, "HS256") ||
				!slices.Contains(v.IntrospectionEndpointAuthMethodsSupported, "client_secret_basic") {
				t.Errorf("%s: %s", target, r.body)
			}
			r.published()
		}
		w.send("GET", "/.well-known/oauth-authorization-server/elsewhere", "").is(404)
	}
}

// Software that knows OpenID alone looks for the same at its own place, which is behind
// the issuer's path (OpenID Connect Discovery, section 4).
func TestTheMetadataIsFoundWhereOpenIDLooks(t *testing.T) {
	t.Parallel()
	for _, base := range []string{baseURL, "https://example.com/tokens"} {
		w := newWorld(t, at(base))
		r := w.send("GET", "/.well-known/openid-configuration", "").is(200)
		r.published()
		if want := w.send("GET", "/.well-known/oauth-authorization-server", "").is(200); string(r.body) != string(want.body) {
			t.Errorf("%s\nwant\n%s", r.body, want.body)
		}
		w.send("GET", "/.well-known/openid-configuration/tokens", "").is(404)
	}
}

// published looks at what all metadata has in common.
func (r *reply) published() {
	r.w.Helper()
	if r.Header.Get("Content-Type") != "application/json" || r.Header.Get("Cache-Control") != "public, max-age=300" {
		r.w.Errorf("%s: %v", r.Request.URL.Path, r.Header)
	}
	var members map[string]json.RawMessage
	r.into(&members)
	for name, v := range members {
		if slices.Contains([]string{"[]", "null", `""`}, string(v)) {
			r.w.Errorf("%s: %s is empty", r.Request.URL.Path, name)
		}
	}
}

// RFC 9728, section 2 and 3: the resource is the address that clients use.
func TestTheResourcePublishesItsMetadata(t *testing.T) {
	t.Parallel()
	for base, path := range map[string]string{baseURL: "", "https://example.com/tokens": "/tokens"} {
		w := newWorld(t, at(base))
		for _, target := range []string{"/.well-known/oauth-protected-resource", "/.well-known/oauth-protected-resource" + path} {
			r := w.send("GET", target, "").is(200)
			var v api.ProtectedResource
			r.into(&v)
			if v.Resource != base || !slices.Equal(v.AuthorizationServers, []string{base}) || !slices.Equal(v.BearerMethodsSupported, []string{"header"}) {
				t.Errorf("%s: %s", target, r.body)
			}
			r.published()
		}
		challenge := w.send("GET", "/v1/whoami", "").is(401).Header.Get("Www-Authenticate")
		origin := strings.TrimSuffix(base, path)
		if want := `resource_metadata="` + origin + "/.well-known/oauth-protected-resource" + path + `"`; !strings.HasSuffix(challenge, want) {
			t.Errorf("WWW-Authenticate %q, want %s", challenge, want)
		}
	}
}

// RFC 9728, section 5.1, is about this API; what is behind a proxy is another resource.
func TestForwardAuthPointsAtNoMetadata(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if got := w.send("GET", fa, "").is(401).Header.Get("Www-Authenticate"); got != bareChallenge {
		t.Errorf("WWW-Authenticate %q", got)
	}
}
