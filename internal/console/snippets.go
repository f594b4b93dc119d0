package console

import (
	"github.com/a-h/templ"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/form"
)

// tokenForm is a page about one token with a form on it.
type tokenForm func(v *visit, t api.Token, f form.Form, id string) templ.Component
