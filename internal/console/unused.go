package console

import (
	"errors"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/form"
)

// unused shows what nobody uses, and what another policy would mean, where the address asks.
func (v *visit) unused() error {
	v.Section = "settings"
	after, bad := form.UnusedAfter(v.Q("after"))
	if !v.May("tokens:read") {
		after = 0
	}
	u, err := v.Office.UnusedTokens(v.Ctx(), v.Caller, v.At.Slug, after)
	if err != nil {
		return err
	}
	return v.Page("Tokens that nobody uses", unusedPage(v, u, bad))
}

// doConfirmUnused says yes to what the page showed.
func (v *visit) doConfirmUnused() error {
	_, err := v.Office.ConfirmUnused(v.Ctx(), v.Caller, v.At.Slug, form.ConfirmUnused(v.Typed()))
	if errors.Is(err, api.CodeChangedMeanwhile) {
		return v.Done(v.WS("unused"), "more-waits")
	}
	if err != nil {
		return err
	}
	return v.Done(v.WS("unused"), "unused-confirmed")
}
