package httpapi

import (
	"encoding/base64"
	"net/url"
	"strings"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/token"
)

// clientMethod is how a caller of OAuth says who it is.
type clientMethod int

const (
	clientNone clientMethod = iota
	clientBearer
	clientBasic // client_secret_basic
	clientPost  // client_secret_post
	clientAssertion
)

// clientSecret finds the caller's own token, in the header or in the form and in
// one of them alone (RFC 6749, section 2.3).
func (c *call) clientSecret(f form) (string, error) {
	lines, posted := c.r.Header["Authorization"], f.text("client_secret")
	switch {
	case len(lines) > 0 && posted != "":
		return "", badCredentials("say in one way who the caller is: in the header Authorization, or by client_secret")
	case len(lines) == 0 && posted == "":
		return "", nil
	case posted != "":
		c.clientBy = clientPost
		return posted, named(f.text("client_id"), posted)
	}
	if scheme, rest, _ := strings.Cut(lines[0], " "); len(lines) == 1 && strings.EqualFold(scheme, "Basic") {
		c.clientBy = clientBasic
		return basic(strings.TrimLeft(rest, " "), f.text("client_id"))
	}
	secret, err := bearer(c.r.Header)
	if err == nil {
		c.clientBy = clientBearer
	}
	return secret, err
}

// basic reads the credentials of HTTP Basic, both parts of which are encoded like
// a form's (RFC 6749, section 2.3.1). A client id that stands in the form too has
// to mean the same token.
func basic(credentials, inForm string) (string, error) {
	raw, err := base64.StdEncoding.DecodeString(credentials)
	id, secret, found := strings.Cut(string(raw), ":")
	if err != nil || !found {
		return "", notOurs()
	}
	id, secret = unescaped(id), unescaped(secret)
	if inForm != "" && token.LocatorOf(inForm) != token.LocatorOf(id) {
		return "", badCredentials("client_id is another one than in the header Authorization")
	}
	return secret, named(id, secret)
}

// unescaped is a part of the credentials that was encoded like a form's. Half of the
// libraries send them as they are: what cannot be decoded was not encoded.
func unescaped(s string) string {
	if plain, err := url.QueryUnescape(s); err == nil {
		return plain
	}
	return s
}

// named refuses a secret under the name of another token. A token is named by its
// locator or by its id, of which the address is for reading.
func named(id, secret string) error {
	if p, err := token.Parse(secret); err != nil || token.LocatorOf(id) != p.Locator.String() {
		return notOurs()
	}
	return nil
}

func notOurs() *api.Error { return api.Errorf(api.CodeInvalidToken, "%s", notAccepted) }
