package api

import (
	"errors"
	"fmt"
	"net/http"
	"time"
)

// Error is the one error of Tokenry: a code to branch on, a message for people,
// and a cause for the log alone. The server makes it, problem+json (RFC 9457)
// carries it, the client gives it back.
type Error struct {
	// Code decides the HTTP status.
	Code Code
	// Conflict says that the code tells the state of what was to be changed, and
	// nothing of the caller: the status is 409, whatever else the code is.
	Conflict bool
	// Message says what is wrong here; it never repeats what was submitted.
	Message string
	// Field names the body field or parameter that is wrong; empty otherwise.
	Field string
	// Missing names scopes that the caller lacks; with insufficient_scope.
	Missing []string
	// Reasons name what a server lacks that is not ready.
	Reasons []string
	// RetryAfter says when to try again; 0 means unknown.
	RetryAfter time.Duration
	// RequestID is the request that failed, as the server's log knows it.
	RequestID string
	// cause is for errors.Is and the log; it is never sent.
	cause error
}

// Errorf makes an Error. The arguments must not come from a request unless
// they were checked to hold no secret.
func Errorf(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// Conflictf makes an Error about the state of what was to be changed.
func Conflictf(code Code, format string, args ...any) *Error {
	e := Errorf(code, format, args...)
	e.Conflict = true
	return e
}

// Status is the error's over HTTP.
func (e *Error) Status() int {
	if e.Conflict {
		return http.StatusConflict
	}
	return e.Code.Info().Status
}

// FieldError makes an invalid_field Error for one field.
func FieldError(field, problem string) *Error {
	return &Error{Code: CodeInvalidField, Field: field, Message: field + ": " + problem}
}

// Wrap returns the error with a cause for the log.
func (e *Error) Wrap(cause error) *Error {
	c := *e
	c.cause = cause
	return &c
}

// Error says the message and the code; the cause stays private.
func (e *Error) Error() string {
	if e.Message == "" {
		return string(e.Code)
	}
	return e.Message + " (" + string(e.Code) + ")"
}

// Unwrap returns the private cause.
func (e *Error) Unwrap() error { return e.cause }

// Is makes errors.Is(err, code) true for the error's own code.
func (e *Error) Is(target error) bool {
	c, ok := target.(Code)
	return ok && c == e.Code
}

// NotNow says whether err is that there is no answer now, whatever was asked: the
// server or its database is away or busy, or did not say whether it was done.
func NotNow(err error) bool {
	c := AsError(err).Code
	return c == CodeUnavailable || c == CodeBusy || c == CodeOutcomeUnknown
}

// AsError returns err as an Error; what is not one becomes internal, with err
// as its private cause.
func AsError(err error) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	return Errorf(CodeInternal, "internal error").Wrap(err)
}

// Problem is an Error on the wire (RFC 9457), media type application/problem+json.
type Problem struct {
	// Type is the address of a page about the code.
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail,omitempty"`
	Code   Code   `json:"code"`
	// Field names the field or parameter that is wrong.
	Field string `json:"field,omitempty"`
	// Missing names the scopes that the caller lacks.
	Missing []string `json:"missing,omitempty"`
	// Reasons name what a server lacks that is not ready.
	Reasons []string `json:"reasons,omitempty"`
	// RetryAfter is in whole seconds.
	RetryAfter int    `json:"retry_after,omitempty"`
	RequestID  string `json:"request_id,omitempty"`
}

// Problem returns the error as it is sent; page is the address of the error
// pages, like https://tokens.example.com/errors.
func (e *Error) Problem(page, requestID string) Problem {
	i := e.Code.Info()
	return Problem{
		Type: page + "/" + string(e.Code), Title: i.Title, Status: e.Status(), Detail: e.Message,
		Code: e.Code, Field: e.Field, Missing: e.Missing, Reasons: e.Reasons, RequestID: requestID,
		RetryAfter: int((e.RetryAfter + time.Second - 1) / time.Second),
	}
}

// Err returns the problem as the Error that it was.
func (p Problem) Err() *Error {
	return &Error{
		Code: p.Code, Message: p.Detail, Field: p.Field, Missing: p.Missing, Reasons: p.Reasons,
		RetryAfter: time.Duration(p.RetryAfter) * time.Second, RequestID: p.RequestID,
		Conflict: p.Status == http.StatusConflict && p.Code.Info().Status != http.StatusConflict,
	}
}
