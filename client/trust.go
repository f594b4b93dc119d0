package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"net/url"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/token"
)

// TrustCalls are about whose ID tokens the service accounts of a workspace trust.
type TrustCalls struct{ *line }

// CreateTrustRule lets a service account trust ID tokens of somebody else's system.
//
// Needs service-accounts:write and tokens:create. The client repeats it with an
// [IdempotencyKey] alone. Refusals of its own: grant_exceeds_own, outside_policy.
func (c TrustCalls) CreateTrustRule(ctx context.Context, ws string, in api.CreateTrustRule, opts ...CallOption) (api.TrustRule, error) {
	return within[api.TrustRule](ctx, c.line, ws, with(http.MethodPost, in, opts...), "trust-rules")
}

// ListTrustRules answers one page of the rules, of one service account unless that is
// empty.
//
// Needs service-accounts:read. The client repeats it. Refusals of its own: invalid_cursor.
func (c TrustCalls) ListTrustRules(ctx context.Context, ws, account string, p api.Page) (api.List[api.TrustRule], error) {
	return page[api.TrustRule](ctx, c.line, ws, values{}.text("service_account", account).page(p), "trust-rules")
}

// TrustRules walks through the rules.
//
// Needs service-accounts:read. The client repeats it.
func (c TrustCalls) TrustRules(ctx context.Context, ws, account string) iter.Seq2[api.TrustRule, error] {
	return each(func(p api.Page) (api.List[api.TrustRule], error) { return c.ListTrustRules(ctx, ws, account, p) })
}

// GetTrustRule answers one rule.
//
// Needs service-accounts:read. The client repeats it.
func (c TrustCalls) GetTrustRule(ctx context.Context, ws, id string) (api.TrustRule, error) {
	return within[api.TrustRule](ctx, c.line, ws, with(http.MethodGet, nil), "trust-rules", id)
}

// EditTrustRule merges a patch into a rule. Whatever but the label is changed, tokens that
// it gave end.
//
// Needs service-accounts:write and tokens:create. The client repeats it with an
// [IdempotencyKey] alone.
func (c TrustCalls) EditTrustRule(ctx context.Context, ws, id string, in api.EditTrustRule, opts ...CallOption) (api.TrustRule, error) {
	return within[api.TrustRule](ctx, c.line, ws, with(http.MethodPatch, in, opts...), "trust-rules", id)
}

// DeleteTrustRule deletes a rule; tokens that it gave end.
//
// Needs service-accounts:write. The client repeats it.
func (c TrustCalls) DeleteTrustRule(ctx context.Context, ws, id string) (api.TrustRule, error) {
	return within[api.TrustRule](ctx, c.line, ws, with(http.MethodDelete, nil), "trust-rules", id)
}

// ExplainTrust says which rules take an ID token, and why the others do not.
//
// Needs service-accounts:read. The client does not repeat it.
func (c TrustCalls) ExplainTrust(ctx context.Context, ws string, in api.ExplainTrust) (api.TrustExplanation, error) {
	return within[api.TrustExplanation](ctx, c.line, ws, with(http.MethodPost, in), "trust-rules", "explain")
}

// Exchange gets an ephemeral token of a service account, named by its address like
// deploy@acme.service, for an ID token that one of its rules of trust takes. The options say
// how the server is reached. It is sent once: an ID token is exchanged once.
func Exchange(ctx context.Context, baseURL, account string, idToken token.Secret, opts ...Option) (out api.GrantedToken, err error) {
	c, err := dial(baseURL, token.Secret{}, opts)
	if err != nil {
		return out, err
	}
	defer c.CloseIdleConnections()
	form := url.Values{
		"grant_type": {api.ExchangeGrantType}, "client_id": {account}, "subject_token": {idToken.Reveal()}, "subject_token_type": {api.TypeIDToken},
	}
	status, b, err := c.postForm(ctx, "/oauth2/token", form, c.agent)
	if err != nil {
		return out, fmt.Errorf("client: the server cannot be reached: %w", err)
	}
	if status == http.StatusOK {
		if err := json.Unmarshal(b, &out); err != nil || out.AccessToken == "" {
			return out, errors.New("client: the answer is not that of a Tokenry server")
		}
		return out, nil
	}
	var refused api.OAuthError
	if json.Unmarshal(b, &refused) != nil || refused.Code == "" {
		return out, fmt.Errorf("client: the server answered with status %d; is it a Tokenry server?", status)
	}
	return out, api.Errorf(refused.Code, "%s", refused.Description)
}
