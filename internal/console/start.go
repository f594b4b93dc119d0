package console

import (
	"net/url"
	"slices"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/door"
	"github.com/tokenry/tokenry/internal/form"
	"github.com/tokenry/tokenry/internal/office"
)

// firstSteps is what has been done of what a new deployment needs.
type firstSteps struct {
	office.FirstSteps
	providers []door.ProviderState
}

// found says whether single sign-on is set up and its provider answered when it was asked.
func (s firstSteps) found() bool {
	return len(s.providers) > 0 && !slices.ContainsFunc(s.providers, func(p door.ProviderState) bool { return p.FoundAt.IsZero() || p.Trouble != "" })
}

// done counts what is ticked, of six.
func (s firstSteps) done(v *visit) (n int) {
	for _, ticked := range []bool{v.Mail != nil, s.found(), s.Copied, s.Scoped, s.Issued, v.Secure()} {
		if ticked {
			n++
		}
	}
	return n
}

// at is an address in the workspace of the steps, or one of the instance without any.
func (s firstSteps) at(path, otherwise string) string {
	if s.Workspace == "" {
		return otherwise
	}
	return "/workspace/" + url.PathEscape(s.Workspace) + "/" + path
}

// start is the page of the first steps.
func (v *visit) start() error {
	v.Section = "start"
	found, err := office.StepsOf(v.Ctx(), v.Office, v.Caller)
	if err != nil {
		return err
	}
	return v.Page("First steps", startPage(v, firstSteps{found, v.Providers.States()}))
}

// doCopiedKeyring notes that there is a copy.
func (v *visit) doCopiedKeyring() error {
	if err := v.Office.CopiedKeyring(v.Ctx(), v.Caller); err != nil {
		return err
	}
	return v.Done("/instance/start", "saved")
}

// doCheckProvider asks an identity provider now, and shows how it was found.
func (v *visit) doCheckProvider() error {
	v.Section = "system"
	if _, err := v.Providers.Check(v.Ctx(), v.R.PathValue("provider")); err != nil {
		return err
	}
	return v.Page("System", systemPage(v, form.Form{}, ""))
}

// doTryProvider leads to an identity provider; what comes back is told and changes nothing.
func (v *visit) doTryProvider() error {
	address, state, err := v.Providers.Try(v.Ctx(), v.Session, v.R.PathValue("provider"), "/instance/system")
	if err != nil && api.AsError(err).Code == api.CodeUnavailable {
		v.Section = "system"
		return v.Again("System", systemPage(v, form.Form{}, "")) // its state tells why
	}
	if err != nil {
		return err
	}
	return v.toProvider(address, state)
}
