package signin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/door"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/token"
)

// OIDCConfig is one identity provider.
type OIDCConfig struct {
	// ID names it in addresses, Name on the button.
	ID, Name string
	// Issuer is compared to the byte.
	Issuer, ClientID string
	ClientSecret     token.Secret
	// Scopes are asked for besides openid; nil is profile and email.
	Scopes []string
	// Domains are the domains of e-mails that may be linked to an account at a
	// first sign-in, or get one; "*" is every one, none is nobody.
	Domains []string
	// Workspace is where a person without an account becomes a member; empty
	// makes no accounts.
	Workspace string
	// DefaultRole is theirs when no rule gives another; empty refuses them.
	DefaultRole string
	// RoleClaim names the claim that Roles look at, such as "groups"; the first
	// rule whose value is in it gives its role.
	RoleClaim string
	Roles     []RoleRule
	// EverySignIn applies the rules at each sign-in to an active membership of
	// Workspace, not only at the first.
	EverySignIn bool
	// ConfirmByReturn takes the way there and back for a proof of who somebody is
	// where the provider does not say when they signed in there.
	ConfirmByReturn bool
}

// RoleRule gives a role to who has a value in the claim.
type RoleRule struct{ Value, Role string }

// provider is one of them, with what was read of it.
type provider struct {
	OIDCConfig
	http *http.Client
	now  func() time.Time

	log *slog.Logger

	mu sync.Mutex // guards what follows
	// found is what the provider says of itself; nil until it could be read.
	found *discovered
	// asked is when it was last asked, foundAt when it last answered, and trouble why it did
	// not when it was last asked.
	asked, foundAt time.Time
	trouble        error
}

type discovered struct {
	endpoint oauth2.Endpoint
	verifier *oidc.IDTokenVerifier
}

func newProvider(c OIDCConfig, h *http.Client, now func() time.Time, log *slog.Logger) *provider {
	if c.Scopes == nil {
		c.Scopes = []string{"profile", "email"}
	}
	return &provider{OIDCConfig: c, http: h, now: now, log: log}
}

// ProviderTime bounds all that is asked of an identity provider in one request.
const ProviderTime = 20 * time.Second

const (
	// stateFor is how long a person may take at the provider.
	stateFor = 10 * time.Minute
	// discoverEvery bounds how often one that does not answer is asked.
	discoverEvery = 10 * time.Second
)

// algorithms are those whose keys are public: a token under HS256 or none is
// nothing, whatever a provider says it signs with.
func algorithms() []string {
	return []string{oidc.RS256, oidc.RS384, oidc.RS512, oidc.ES256, oidc.ES384, oidc.ES512, oidc.PS256, oidc.PS384, oidc.PS512, oidc.EdDSA}
}

// discover reads what the provider says of itself, once. The issuer it names
// must be the configured one.
func (p *provider) discover(ctx context.Context) (*discovered, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.found != nil {
		return p.found, nil
	}
	if err := p.ask(ctx); err != nil {
		return nil, noProvider(err)
	}
	return p.found, nil
}

// ask reads it anew, at most every [discoverEvery]; the lock is held. What was found before
// stays where it cannot be read now.
func (p *provider) ask(ctx context.Context) error {
	if now := p.now(); !p.asked.IsZero() && now.Sub(p.asked) < discoverEvery {
		if p.trouble != nil {
			return fmt.Errorf("signin: it did not answer a moment ago: %w", p.trouble)
		}
		return nil
	}
	found, err := p.read(ctx)
	p.asked, p.trouble = p.now(), err
	if err != nil {
		p.log.Warn("the identity provider cannot be reached, or its discovery document is not right", "provider", p.ID, "issuer", p.Issuer, "error", err)
		return err
	}
	p.found, p.foundAt = found, p.asked
	return nil
}

// read asks the provider.
func (p *provider) read(ctx context.Context) (*discovered, error) {
	op, err := oidc.NewProvider(oidc.ClientContext(ctx, p.http), p.Issuer)
	if err != nil {
		return nil, err
	}
	var says struct {
		Keys    string   `json:"jwks_uri"`
		Methods []string `json:"token_endpoint_auth_methods_supported"`
	}
	if err := op.Claims(&says); err != nil {
		return nil, err
	}
	keys := &keySet{address: says.Keys, http: p.http, now: p.now}
	endpoint := op.Endpoint()
	// Trying both would spend the code where the first is not taken.
	endpoint.AuthStyle = oauth2.AuthStyleInHeader
	if p.ClientSecret.IsZero() || says.Methods != nil && !slices.Contains(says.Methods, "client_secret_basic") {
		endpoint.AuthStyle = oauth2.AuthStyleInParams
	}
	return &discovered{endpoint: endpoint, verifier: oidc.NewVerifier(p.Issuer, keys, &oidc.Config{
		ClientID: p.ClientID, SupportedSigningAlgs: algorithms(), Now: p.now,
	})}, nil
}

func noProvider(cause error) error {
	return api.Errorf(api.CodeUnavailable, "the identity provider cannot be reached now").Wrap(cause)
}

func (s *Service) provider(id string) (*provider, error) {
	i := slices.IndexFunc(s.providers, func(p *provider) bool { return p.ID == id })
	if i < 0 || s.policy.Methods == "password" {
		return nil, api.Errorf(api.CodeNotFound, "there is no such identity provider")
	}
	return s.providers[i], nil
}

// OIDCProviders lists the identity providers, in their order.
func (s *Service) OIDCProviders() []door.Provider {
	var out []door.Provider
	if s.policy.Methods == "password" {
		return out
	}
	for _, p := range s.providers {
		out = append(out, door.Provider{ID: p.ID, Name: p.Name})
	}
	return out
}

// flow is a visit to a provider, kept by the browser in a cookie that only this
// server can read or write.
type flow struct {
	Provider string `json:"p"`
	State    string `json:"s"`
	Nonce    string `json:"n"`
	Verifier string `json:"v"`
	ReturnTo string `json:"r"`
	// User and Session are who links an identity, or confirms who they are,
	// while signed in; 0 and empty for a sign-in.
	User    int64  `json:"u,omitempty"`
	Session string `json:"i,omitempty"`
	// Confirm says that the person must sign in at the provider anew.
	Confirm bool `json:"c,omitempty"`
	// Try says that nothing comes of it but what would have been.
	Try     bool  `json:"t,omitempty"`
	Began   int64 `json:"b"`
	Expires int64 `json:"e"`
}

// OIDCStart begins a sign-in at a provider: the browser is given the cookie,
// and sent to the address. ReturnTo is where it goes afterwards, on this server.
func (s *Service) OIDCStart(ctx context.Context, provider, returnTo string) (address, stateCookie string, err error) {
	return s.start(ctx, flow{Provider: provider, ReturnTo: returnTo})
}

// OIDCLink is [Service.OIDCStart] for somebody who is signed in and wants to
// sign in through this provider too.
func (s *Service) OIDCLink(ctx context.Context, session door.Session, provider, returnTo string) (address, stateCookie string, err error) {
	if err := s.delicate(ctx, session); err != nil {
		return "", "", err
	}
	return s.start(ctx, flow{Provider: provider, ReturnTo: returnTo, User: session.User, Session: session.ID})
}

func (s *Service) start(ctx context.Context, f flow) (string, string, error) {
	p, err := s.provider(f.Provider)
	if err != nil {
		return "", "", err
	}
	d, err := p.discover(ctx)
	if err != nil {
		return "", "", err
	}
	for _, field := range []*string{&f.State, &f.Nonce, &f.Verifier} {
		if *field, err = s.secrets.random(); err != nil {
			return "", "", err
		}
	}
	f.ReturnTo, f.Began, f.Expires = local(f.ReturnTo), s.now().Unix(), s.now().Add(stateFor).Unix()
	cookie, err := s.secrets.sealJSON("oidc", p.ID, f)
	if err != nil {
		return "", "", err
	}
	options := []oauth2.AuthCodeOption{oidc.Nonce(f.Nonce), oauth2.S256ChallengeOption(f.Verifier)}
	if f.Confirm { // OpenID Connect Core section 3.1.2.1: max_age makes auth_time a must
		options = append(options, oauth2.SetAuthURLParam("prompt", "login"), oauth2.SetAuthURLParam("max_age", "0"))
	}
	return s.oauth(p, d).AuthCodeURL(f.State, options...), cookie, nil
}

func (s *Service) oauth(p *provider, d *discovered) *oauth2.Config {
	return &oauth2.Config{
		ClientID: p.ClientID, ClientSecret: p.ClientSecret.Reveal(), Endpoint: d.endpoint,
		RedirectURL: s.callback(p), Scopes: append([]string{oidc.ScopeOpenID}, p.Scopes...),
	}
}

// callback is the address that a provider sends browsers back to.
func (s *Service) callback(p *provider) string {
	return s.base + "/signin/oidc/" + url.PathEscape(p.ID) + "/callback"
}

// local keeps an address that is a path of this server; any other becomes /.
func local(address string) string {
	if !strings.HasPrefix(address, "/") || strings.HasPrefix(address, "//") || strings.ContainsAny(address, "\\\r\n\t\x00") {
		return "/"
	}
	if u, err := url.Parse(address); err != nil || u.Host != "" || u.Scheme != "" {
		return "/"
	}
	return address
}

// resume reads the cookie of a visit back. Everything wrong with it is one
// refusal.
func (s *Service) resume(ctx context.Context, p *provider, cookie string) (f flow, err error) {
	err = s.secrets.openJSON(ctx, "oidc", p.ID, cookie, &f)
	if err == nil && (f.Provider != p.ID || s.now().Unix() >= f.Expires) {
		err = errSealed
	}
	if err == nil || ledger.LacksKey(err) {
		return f, err
	}
	return f, lostFlow(err)
}

func lostFlow(cause error) error {
	return api.Errorf(api.CodeInvalidRequest, "this sign-in was begun elsewhere, or too long ago; begin again").Wrap(cause)
}

// OIDCFinish takes what the provider sent the browser back with, and signs the
// person in, or links the identity. Query is that of the callback's address.
func (s *Service) OIDCFinish(ctx context.Context, provider, stateCookie string, query url.Values, from door.Client) (out door.Entry, returnTo string, err error) {
	p, err := s.provider(provider)
	if err != nil {
		return out, "", err
	}
	f, err := s.resume(ctx, p, stateCookie)
	if err != nil {
		return out, "", s.turnedAway(ctx, "oidc:"+p.ID, reasonState, "", ledger.User{}, err, from)
	}
	if f.Try {
		out.Tried, err = s.tried(ctx, p, f, query, from)
		return out, f.ReturnTo, err
	}
	code, err := p.answer(f, query)
	if err != nil {
		return out, "", s.turnedAway(ctx, "oidc:"+p.ID, reasonState, "", ledger.User{}, err, from)
	}
	claims, err := s.redeem(ctx, p, f, code)
	if err != nil {
		s.log.Warn("a sign-in through an identity provider was refused", "provider", p.ID, "error", errors.Unwrap(err))
		return out, "", s.turnedAway(ctx, "oidc:"+p.ID, reasonAnswer, "", ledger.User{}, err, from)
	}
	out, err = s.admit(ctx, p, f, claims, from)
	return out, f.ReturnTo, err
}

// answer reads the authorisation code, if the answer is to this visit and from
// this provider (RFC 9207).
func (p *provider) answer(f flow, query url.Values) (string, error) {
	for _, values := range query {
		if len(values) > 1 {
			return "", lostFlow(errors.New("signin: a parameter is repeated"))
		}
	}
	if !sameText(query.Get("state"), f.State) {
		return "", lostFlow(errors.New("signin: the state differs"))
	}
	if query.Has("iss") && query.Get("iss") != p.Issuer {
		return "", lostFlow(errors.New("signin: the answer is another issuer's"))
	}
	if query.Has("error") || query.Get("code") == "" {
		return "", api.Errorf(api.CodeForbidden, "%s did not sign you in", p.Name).Wrap(refusalError{reasonProvider})
	}
	return query.Get("code"), nil
}

// claims are what a provider says of a person.
type claims struct {
	subject, email, name string
	// verified says that the provider checked the e-mail.
	verified bool
	// values are those of the role claim; nonce names the visit.
	values []string
	nonce  string
	// signedIn is when the person signed in there; zero where it does not say.
	signedIn time.Time
	// keepRole leaves the role as it is.
	keepRole bool
}

// redeem exchanges the code for an ID token and reads it, once everything about
// it was checked.
func (s *Service) redeem(ctx context.Context, p *provider, f flow, code string) (claims, error) {
	ctx, cancel := context.WithTimeout(ctx, ProviderTime)
	defer cancel()
	d, err := p.discover(ctx)
	if err != nil {
		return claims{}, err
	}
	t, err := s.oauth(p, d).Exchange(oidc.ClientContext(ctx, p.http), code, oauth2.VerifierOption(f.Verifier))
	if err != nil {
		return claims{}, badAnswer(p, err)
	}
	raw, _ := t.Extra("id_token").(string)
	id, err := d.verifier.Verify(ctx, raw)
	if err != nil {
		return claims{}, badAnswer(p, err)
	}
	if !sameText(id.Nonce, f.Nonce) {
		return claims{}, badAnswer(p, errors.New("signin: the nonce differs"))
	}
	if id.AccessTokenHash != "" {
		if err := id.VerifyAccessToken(t.AccessToken); err != nil {
			return claims{}, badAnswer(p, err)
		}
	}
	c, err := p.claimsOf(id)
	if err != nil {
		return claims{}, badAnswer(p, err)
	}
	c.nonce = f.Nonce
	return c, s.freshAt(p, f, c)
}

func badAnswer(p *provider, cause error) error {
	return api.Errorf(api.CodeForbidden, "the answer of %s was not accepted; try again", p.Name).Wrap(cause)
}

// claimsOf takes the claims that count out of a token that was verified.
func (p *provider) claimsOf(id *oidc.IDToken) (claims, error) {
	var all map[string]json.RawMessage
	if err := id.Claims(&all); err != nil {
		return claims{}, err
	}
	c := claims{subject: id.Subject, email: normal(text(all["email"])), name: text(all["name"])}
	c.verified = string(all["email_verified"]) == "true" || text(all["email_verified"]) == "true"
	c.signedIn = instant(all["auth_time"])
	if party := text(all["azp"]); party != "" && party != p.ClientID || party == "" && len(id.Audience) > 1 {
		return c, errors.New("signin: the token was made for somebody else")
	}
	if c.subject == "" || len(c.subject) > 255 {
		return c, errors.New("signin: the subject is missing or too long")
	}
	if p.RoleClaim != "" {
		if one := text(all[p.RoleClaim]); one != "" {
			c.values = []string{one}
		} else {
			_ = json.Unmarshal(all[p.RoleClaim], &c.values) // what is no list names no role
		}
	}
	return c, nil
}

// text reads a JSON string; anything else is empty.
func text(raw json.RawMessage) (s string) {
	if json.Unmarshal(raw, &s) != nil {
		return ""
	}
	return s
}
