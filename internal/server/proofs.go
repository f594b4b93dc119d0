package server

import (
	"context"

	"github.com/tokenry/tokenry/internal/console"
	"github.com/tokenry/tokenry/internal/signin"
	"github.com/tokenry/tokenry/token"
)

// Account is [console.Proofs.Account].
func (p people) Account(ctx context.Context, user int64) (console.Account, error) {
	a, err := p.s.Account(ctx, user)
	out := console.Account{Password: a.Password, App: a.Factors.TOTP, AppSince: a.Factors.Since, RecoveryCodes: a.Factors.RecoveryCodes}
	for _, k := range a.Passkeys {
		out.Passkeys = append(out.Passkeys, console.Passkey(k))
	}
	for _, i := range a.Identities {
		out.Identities = append(out.Identities, console.Identity(i))
	}
	return out, err
}

// Fresh is [console.Proofs.Fresh].
func (p people) Fresh(ctx context.Context, s console.Session) (bool, error) {
	return p.s.Fresh(ctx, back(s))
}

// Confirm is [console.Proofs.Confirm].
func (p people) Confirm(ctx context.Context, s console.Session, password string, by console.Client) error {
	return p.s.Confirm(ctx, back(s), password, client(by))
}

// ConfirmCode is [console.Proofs.ConfirmCode].
func (p people) ConfirmCode(ctx context.Context, s console.Session, code string, by console.Client) error {
	return p.s.ConfirmCode(ctx, back(s), code, client(by))
}

// OIDCLink is [console.Proofs.OIDCLink].
func (p people) OIDCLink(ctx context.Context, s console.Session, provider, next string) (address, state string, err error) {
	return p.s.OIDCLink(ctx, back(s), provider, next)
}

// OIDCConfirm is [console.Proofs.OIDCConfirm].
func (p people) OIDCConfirm(ctx context.Context, s console.Session, provider, next string) (address, state string, err error) {
	return p.s.OIDCConfirm(ctx, back(s), provider, next)
}

// Unlink is [console.Proofs.Unlink].
func (p people) Unlink(ctx context.Context, s console.Session, issuer, subject string) error {
	return p.s.Unlink(ctx, back(s), issuer, subject)
}

// EnrollTOTP is [console.Proofs.EnrollTOTP].
func (p people) EnrollTOTP(ctx context.Context, s console.Session) (console.Enrollment, error) {
	e, err := p.s.EnrollTOTP(ctx, back(s))
	return console.Enrollment(e), err
}

// ConfirmTOTP is [console.Proofs.ConfirmTOTP].
func (p people) ConfirmTOTP(ctx context.Context, s console.Session, code string) ([]token.Secret, error) {
	return p.s.ConfirmTOTP(ctx, back(s), code)
}

// DisableTOTP is [console.Proofs.DisableTOTP].
func (p people) DisableTOTP(ctx context.Context, s console.Session, password string) error {
	return p.s.DisableTOTP(ctx, back(s), password)
}

// RecoveryCodes is [console.Proofs.RecoveryCodes].
func (p people) RecoveryCodes(ctx context.Context, s console.Session) ([]token.Secret, error) {
	return p.s.RecoveryCodes(ctx, back(s))
}

// Passkeys is [console.Proofs.Passkeys].
func (p people) Passkeys() bool { return p.s.Passkeys() }

func offered(c signin.Ceremony, err error) (console.Ceremony, error) { return console.Ceremony(c), err }

// PasskeyOffer is [console.Proofs.PasskeyOffer].
func (p people) PasskeyOffer() (console.Ceremony, error) { return offered(p.s.PasskeyOffer()) }

// PasskeySignIn is [console.Proofs.PasskeySignIn].
func (p people) PasskeySignIn(ctx context.Context, state, answer string, by console.Client) (console.Result, error) {
	return result(p.s.PasskeySignIn(ctx, state, answer, client(by)))
}

// PasskeyConfirmOffer is [console.Proofs.PasskeyConfirmOffer].
func (p people) PasskeyConfirmOffer() (console.Ceremony, error) {
	return offered(p.s.PasskeyConfirmOffer())
}

// PasskeyConfirm is [console.Proofs.PasskeyConfirm].
func (p people) PasskeyConfirm(ctx context.Context, s console.Session, state, answer string, by console.Client) error {
	return p.s.PasskeyConfirm(ctx, back(s), state, answer, client(by))
}

// PasskeyNew is [console.Proofs.PasskeyNew].
func (p people) PasskeyNew(ctx context.Context, s console.Session) (console.Ceremony, error) {
	return offered(p.s.PasskeyNew(ctx, back(s)))
}

// PasskeyAdd is [console.Proofs.PasskeyAdd].
func (p people) PasskeyAdd(ctx context.Context, s console.Session, state, answer, name string) error {
	return p.s.PasskeyAdd(ctx, back(s), state, answer, name)
}

// PasskeyRemove is [console.Proofs.PasskeyRemove].
func (p people) PasskeyRemove(ctx context.Context, s console.Session, id string) error {
	return p.s.PasskeyRemove(ctx, back(s), id)
}
