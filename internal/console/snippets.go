package console

import (
	"github.com/a-h/templ"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/form"
	"github.com/tokenry/tokenry/internal/phrase"
)

// tokenForm is a page about one token with a form on it.
type tokenForm func(v *visit, t api.Token, f form.Form, id string) templ.Component

// overlaps are how long an old secret can still work; the policy's first.
func (v *visit) overlaps() []form.Option {
	out := []form.Option{{"", "As the policy says"}}
	if v.at.Policy != nil {
		out[0][1] = "Usual: " + phrase.Lasting(v.at.Policy.Overlap)
	}
	return append(out, form.Option{"0", "No time"}, form.Option{"1h", "1 hour"}, form.Option{"1d", "1 day"}, form.Option{"7d", "7 days"})
}
