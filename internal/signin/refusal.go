package signin

import (
	"context"
	"errors"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
)

// Why sign-ins are refused, as the audit says it.
const (
	reasonRefused     = "refused"
	reasonTokenTyped  = "token_typed"
	reasonPasswordOff = "passwords_off"
	reasonTooMany     = "too_many_tries"
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

// refusalError is the cause of the error that a person sees who is refused.
type refusalError struct{ reason string }

func (e refusalError) Error() string { return "signin: refused: " + e.reason }

// turnedAway audits a refused sign-in, bounded, and answers err. About is whose
// account it was, if that is known. That it cannot be written changes nothing
// about the refusal.
func (s *Service) turnedAway(ctx context.Context, method string, why string, about authority.User, err error, from Client) error {
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
	note := s.authority.TurnedAway(ctx, from.caller(), from.network(), about, authority.SignInRefusal{Method: method, Reason: why})
	if note != nil {
		s.log.Warn("a refused sign-in could not be audited", "error", note)
	}
	return err
}
