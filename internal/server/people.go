package server

import (
	"context"
	"net/url"

	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/console"
	"github.com/tokenry/tokenry/internal/signin"
	"github.com/tokenry/tokenry/token"
)

// people lets the pages ask the sign-in: doors do not know each other, so what
// one answers is put in the other's words here.
type people struct{ s *signin.Service }

func client(c console.Client) signin.Client { return signin.Client{Addr: c.Addr, Agent: c.Agent} }

func session(s signin.Session) console.Session {
	return console.Session{
		ID: s.ID, User: s.User, UserPublicID: s.UserPublicID, Email: s.Email, Name: s.Name, InstanceAdmin: s.InstanceAdmin,
		CreatedAt: s.CreatedAt, LastSeenAt: s.LastSeenAt, ExpiresAt: s.ExpiresAt, Address: s.Address, Agent: s.Agent, Method: s.Method, Portal: s.Portal,
	}
}

func back(s console.Session) signin.Session {
	return signin.Session{
		ID: s.ID, User: s.User, UserPublicID: s.UserPublicID, Email: s.Email, Name: s.Name, InstanceAdmin: s.InstanceAdmin,
		CreatedAt: s.CreatedAt, LastSeenAt: s.LastSeenAt, ExpiresAt: s.ExpiresAt, Address: s.Address, Agent: s.Agent, Method: s.Method, Portal: s.Portal,
	}
}

func result(r signin.Result, err error) (console.Result, error) {
	return console.Result{Cookie: r.Cookie, Session: session(r.Session), SecondFactor: r.SecondFactor}, err
}

// Password is [console.Sessions.Password].
func (p people) Password(ctx context.Context, email, password string, by console.Client) (console.Result, error) {
	return result(p.s.Password(ctx, email, password, client(by)))
}

// SecondFactor is [console.Sessions.SecondFactor].
func (p people) SecondFactor(ctx context.Context, ticket, code string, by console.Client) (console.Result, error) {
	return result(p.s.SecondFactor(ctx, ticket, code, client(by)))
}

// Authenticate is [console.Sessions.Authenticate].
func (p people) Authenticate(ctx context.Context, cookie string, by console.Client) (console.Session, error) {
	s, err := p.s.Authenticate(ctx, cookie, client(by))
	return session(s), err
}

// SignOut is [console.Sessions.SignOut].
func (p people) SignOut(ctx context.Context, cookie string) error { return p.s.SignOut(ctx, cookie) }

// Sessions is [console.Sessions.Sessions].
func (p people) Sessions(ctx context.Context, user int64) ([]console.Session, error) {
	all, err := p.s.Sessions(ctx, user)
	out := make([]console.Session, len(all))
	for i, s := range all {
		out[i] = session(s)
	}
	return out, err
}

// EndSession is [console.Sessions.EndSession].
func (p people) EndSession(ctx context.Context, s console.Session, id string) error {
	return p.s.EndSession(ctx, back(s), id)
}

// EndOthers is [console.Sessions.EndOthers].
func (p people) EndOthers(ctx context.Context, s console.Session) error {
	return p.s.EndOthers(ctx, back(s))
}

// ChangePassword is [console.Sessions.ChangePassword].
func (p people) ChangePassword(ctx context.Context, s console.Session, old, password string) error {
	return p.s.ChangePassword(ctx, back(s), old, password)
}

// Setup is [console.Sessions.Setup].
func (p people) Setup(ctx context.Context, code, email, password, workspace string, by console.Client) (console.Result, error) {
	return result(p.s.Setup(ctx, code, email, password, workspace, client(by)))
}

// RequestReset is [console.Sessions.RequestReset].
func (p people) RequestReset(ctx context.Context, email string, by console.Client) error {
	return p.s.RequestReset(ctx, email, client(by))
}

// FinishReset is [console.Sessions.FinishReset].
func (p people) FinishReset(ctx context.Context, code, password string, by console.Client) (console.Result, error) {
	return result(p.s.FinishReset(ctx, code, password, client(by)))
}

// Invite is [console.Sessions.Invite].
func (p people) Invite(ctx context.Context, c authority.Caller, workspace, member string) (bool, token.Secret, error) {
	i, err := p.s.Invite(ctx, c, workspace, member)
	return i.Sent, i.Link, err
}

// Addressee is [console.Sessions.Addressee].
func (p people) Addressee(ctx context.Context, kind, code string) (string, error) {
	return p.s.Addressee(ctx, kind, code)
}

// AcceptInvitation is [console.Sessions.AcceptInvitation].
func (p people) AcceptInvitation(ctx context.Context, code, password string, by console.Client) (console.Result, error) {
	return result(p.s.AcceptInvitation(ctx, code, password, client(by)))
}

// Methods is [console.Sessions.Methods].
func (p people) Methods() (password, sso bool) { return p.s.Methods() }

// OIDCProviders is [console.Sessions.OIDCProviders].
func (p people) OIDCProviders() []console.Provider {
	var out []console.Provider
	for _, o := range p.s.OIDCProviders() {
		out = append(out, console.Provider{ID: o.ID, Name: o.Name})
	}
	return out
}

// OIDCStart is [console.Sessions.OIDCStart].
func (p people) OIDCStart(ctx context.Context, provider, next string) (address, state string, err error) {
	return p.s.OIDCStart(ctx, provider, next)
}

// OIDCFinish is [console.Sessions.OIDCFinish].
func (p people) OIDCFinish(ctx context.Context, provider, state string, query url.Values, by console.Client) (console.Result, string, error) {
	r, next, err := p.s.OIDCFinish(ctx, provider, state, query, client(by))
	out, err := result(r, err)
	return out, next, err
}

// OpenPortal is [console.Sessions.OpenPortal].
func (p people) OpenPortal(ctx context.Context, code string, by console.Client) (console.Result, error) {
	return result(p.s.OpenPortal(ctx, code, client(by)))
}

// DeviceLook is [console.Sessions.DeviceLook].
func (p people) DeviceLook(ctx context.Context, s console.Session, code string) (console.DeviceRequest, error) {
	d, err := p.s.DeviceLook(ctx, back(s), code)
	return console.DeviceRequest(d), err
}

// DeviceApprove is [console.Sessions.DeviceApprove].
func (p people) DeviceApprove(ctx context.Context, s console.Session, code, workspace string) error {
	return p.s.DeviceApprove(ctx, back(s), code, workspace)
}

// DeviceDeny is [console.Sessions.DeviceDeny].
func (p people) DeviceDeny(ctx context.Context, s console.Session, code string) error {
	return p.s.DeviceDeny(ctx, back(s), code)
}
