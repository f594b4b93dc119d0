package httpapi

import (
	"errors"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/door"
	"github.com/tokenry/tokenry/internal/federation"
	"github.com/tokenry/tokenry/internal/verify"
)

// refusedExchanges bounds how often one party may present ID tokens that are not accepted:
// each costs a signature, and may cost a question to an issuer.
type refusedExchanges struct {
	each *verify.Limiter[netip.Prefix]
}

func newRefusedExchanges() refusedExchanges {
	const parties = 10_000
	return refusedExchanges{verify.NewLimiter[netip.Prefix](api.RateLimit{Requests: 60, Window: api.Duration(time.Minute)}, parties)}
}

// room refuses to look at an ID token when too many were refused.
func (r refusedExchanges) room(from netip.Addr, now time.Time) error {
	rate, _ := r.each.Take(door.Neighbourhood(from), 0, now)
	if rate.Remaining > 0 {
		return nil
	}
	e := api.Errorf(api.CodeRateLimited, "too many ID tokens that were not accepted came from there")
	e.RetryAfter = max(rate.RetryAfter, time.Second)
	return e
}

// note counts a refusal.
func (r refusedExchanges) note(from netip.Addr, now time.Time) {
	r.each.Take(door.Neighbourhood(from), 1, now)
}

// grant answers a token by the grant that the form names.
func (c *call) grant() (answer, error) {
	f, err := c.programForm()
	if err != nil {
		return answer{}, err
	}
	switch f.text("grant_type") {
	case "":
		return answer{}, api.Errorf(api.CodeInvalidRequest, "grant_type: is required")
	case api.DeviceGrantType:
		return c.pollDevice(f)
	case api.ExchangeGrantType:
		return c.exchange(f, "subject_token", f.text("subject_token_type"), api.TypeIDToken, api.TypeJWT)
	case api.CredentialsGrantType:
		c.clientBy = clientAssertion
		return c.exchange(f, "client_assertion", f.text("client_assertion_type"), api.AssertionType)
	}
	return answer{}, api.Errorf(api.CodeUnsupportedGrantType, "the discovery document of this server lists its grant types")
}

// exchange gives a token for the ID token in a field of the form.
func (c *call) exchange(f form, field, typ string, types ...string) (answer, error) {
	p := federation.Presented{IDToken: f.text(field), Account: f.text("client_id"), Scopes: strings.Fields(f.text("scope"))}
	if p.Account == "" && f.text("audience") != c.s.base {
		p.Account = f.text("audience")
	}
	switch requested, audience := f.text("requested_token_type"), f.text("audience"); {
	case p.IDToken == "":
		return answer{}, api.Errorf(api.CodeInvalidRequest, "%s: is required", field)
	case !slices.Contains(types, typ):
		return answer{}, api.Errorf(api.CodeInvalidRequest, "%s_type: must be %s", field, strings.Join(types, " or "))
	case p.Account == "":
		return answer{}, api.Errorf(api.CodeInvalidRequest, "client_id: is required: the service account's address, like deploy@acme.service")
	case f.text("actor_token") != "":
		return answer{}, api.Errorf(api.CodeInvalidRequest, "actor_token: nobody acts for others here")
	case requested != "" && requested != api.TypeAccessToken:
		return answer{}, api.Errorf(api.CodeInvalidRequest, "requested_token_type: the only one is %s", api.TypeAccessToken)
	case audience != "" && audience != p.Account && audience != c.s.base, f.text("resource") != "" && f.text("resource") != c.s.base:
		return answer{}, api.Errorf(api.CodeInvalidTarget, "leave audience and resource out, or name the service account or this server")
	}
	return c.exchanged(p)
}

func (c *call) exchanged(p federation.Presented) (answer, error) {
	now := c.s.now()
	if err := c.s.exchanges.room(c.caller.Addr, now); err != nil {
		return answer{}, err
	}
	if err := c.keyed(); err != nil {
		return answer{}, err
	}
	out, err := c.s.authority.ExchangeToken(c.ctx, c.caller, p)
	if err != nil {
		if errors.Is(err, api.CodeIDTokenRefused) {
			c.s.refused("id_token", string(api.CodeIDTokenRefused))
			c.s.exchanges.note(c.caller.Addr, now)
		}
		return answer{}, err
	}
	return answer{body: c.given(out), changed: true, revision: out.Revision}, nil
}

// given is an ephemeral token as RFC 8693, section 2.2.1, answers it.
func (c *call) given(out authority.Issued) api.GrantedToken {
	var scopes []string
	for _, s := range out.Token.Effective {
		scopes = append(scopes, s.Scopes...)
	}
	slices.Sort(scopes)
	left := max(int64(out.Token.ExpiresAt.Sub(c.s.authority.Now())/time.Second), 1)
	return api.GrantedToken{
		AccessToken: out.Secret.Reveal(), TokenType: "Bearer", IssuedTokenType: api.TypeAccessToken, ExpiresIn: &left,
		Scope: strings.Join(slices.Compact(scopes), " "), Workspace: out.Token.Workspace, Locator: out.Token.Locator,
	}
}
