package console

import (
	"errors"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/form"
	"github.com/tokenry/tokenry/internal/phrase"
	"github.com/tokenry/tokenry/internal/reception"
)

// couldIt is whether a token may use a scope, as the authority explains it.
type couldIt struct {
	scope string
	// wrong says what is wrong with the question; else answer stands.
	wrong  string
	answer api.Explanation
}

// ask answers what the page asks of a token. A question that makes no sense is answered
// beside it; what fails otherwise fails the page.
func (v *visit) ask(t api.Token, scope, resource string) (*couldIt, error) {
	a := &couldIt{scope: phrase.Cut(scope, 64)}
	var err error
	a.answer, err = v.Office.Can(v.Ctx(), v.Caller, v.At.Slug, t.Locator, a.scope, phrase.Cut(resource, 128))
	if errors.Is(err, api.CodeInvalidField) {
		f, err := reception.Refused(form.Form{}, err)
		a.wrong = f.Told()
		return a, err
	}
	return a, err
}
