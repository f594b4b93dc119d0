package scim

import (
	"errors"

	"github.com/tokenry/tokenry/api"
)

// kind is a scimType: the word for an error that a program acts on (RFC 7644, 3.12).
type kind string

// The kinds that Tokenry answers.
const (
	invalidFilter kind = "invalidFilter"
	invalidPath   kind = "invalidPath"
	invalidSyntax kind = "invalidSyntax"
	invalidValue  kind = "invalidValue"
	mutability    kind = "mutability"
	noTarget      kind = "noTarget"
	tooMany       kind = "tooMany"
	uniqueness    kind = "uniqueness"
)

// cause brings a kind along in an error of api, so that the gate and the log see one like
// all others.
type cause struct{ kind kind }

func (c cause) Error() string { return string(c.kind) }

// fault refuses a request. What it says repeats nothing of what was sent.
func fault(k kind, problem string) error {
	code := api.CodeInvalidRequest
	if k == uniqueness {
		code = api.CodeAlreadyExists
	}
	return api.Errorf(code, "%s", problem).Wrap(cause{k})
}

// Error is an error as SCIM writes it.
type Error struct {
	Schemas []string `json:"schemas"`
	Status  string   `json:"status"`
	Type    string   `json:"scimType,omitempty"`
	Detail  string   `json:"detail"`
}

// ErrorOf is what a directory is told of an error that was answered with a status.
func ErrorOf(e *api.Error, status int) Error {
	out := Error{Schemas: []string{schemaError}, Status: decimal(status), Type: kindOf(e, status), Detail: e.Message}
	if e.Field != "" {
		out.Detail = e.Field + ": " + e.Message
	}
	return out
}

func kindOf(e *api.Error, status int) string {
	var c cause
	switch {
	case errors.As(e, &c):
		return string(c.kind)
	case e.Code == api.CodeAlreadyExists:
		return string(uniqueness)
	case e.Code == api.CodeInvalidJSON:
		return string(invalidSyntax)
	case e.Code == api.CodeBuiltIn, e.Code == api.CodeLocked:
		return string(mutability)
	case status == 400:
		return string(invalidValue)
	}
	return ""
}
