package signin

import (
	"context"
	"errors"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/door"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/office"
)

// Why sign-ins are refused, as the audit says it.
const (
	reasonRefused     = "refused"
	reasonWrong       = "wrong"
	reasonTokenTyped  = "token_typed"
	reasonPasswordOff = "passwords_off"
	reasonTooMany     = "too_many_tries"
	reasonMailed      = "mailed_a_moment_ago"
	reasonFull        = "too_many_wait"
	reasonState       = "not_begun_here" // the state is wrong, too old, or was used
	reasonProvider    = "provider_refused"
	reasonAnswer      = "answer_not_accepted"
	reasonUnverified  = "email_not_verified"
	reasonDomain      = "domain_not_allowed"
	reasonNotLinked   = "not_linked"
	reasonNoAccount   = "no_account"
	reasonNoRole      = "no_role"
	reasonDeactivated = "account_deactivated"
)

// Refused what strangers need no account for.
const (
	whatDevice = "device"
	whatReset  = "password reset"
)

// refusalError is the cause of the error that a person sees who is refused.
type refusalError struct{ reason string }

func (e refusalError) Error() string { return "signin: refused: " + e.reason }

// turnedAway audits a refused sign-in, bounded, and answers err. Account is what was
// named, if anything was, and about whose that is, if it is known. That it cannot be
// written changes nothing about the refusal.
func (s *Service) turnedAway(ctx context.Context, method, why, account string, about ledger.User, err error, from door.Client) error {
	if e := api.AsError(err); e.Code != api.CodeForbidden && e.Code != api.CodeInvalidRequest && e.Code != api.CodeRateLimited {
		return err
	}
	var cause refusalError
	switch {
	case errors.As(err, &cause):
		why = cause.reason
	case errors.Is(err, api.CodeRateLimited):
		why = reasonTooMany
	}
	if note := s.noteRefused(ctx, method, why, account, about, from); note != nil {
		s.log.Warn("a refused sign-in could not be audited", "error", note)
	}
	return err
}

// noteRefused writes a refused sign-in down, one of a kind for a while. Kinds are
// told apart by what was named and never by whose it is: whether a row is written
// takes time, and must not tell whether there is such an account.
func (s *Service) noteRefused(ctx context.Context, method, why, account string, about ledger.User, from door.Client) error {
	s.refused(method, why)
	return s.authority.TurnedAway(ctx, callerAt(from), office.Stranger{
		Account: s.secrets.name("account", account), Network: door.Neighbourhood(from.Addr).String(),
	}, about, office.SignInRefusal{Method: method, Reason: why})
}
