package command

import (
	"errors"
	"fmt"

	"github.com/tokenry/tokenry/internal/config"
	"github.com/tokenry/tokenry/internal/terminal"
)

// UsageError is a command that was not understood.
type UsageError struct{ err error }

// Error is that of what was not understood.
func (e *UsageError) Error() string { return e.err.Error() }

// Unwrap returns what was not understood.
func (e *UsageError) Unwrap() error { return e.err }

// Misused makes an error one of a command that was not understood.
func Misused(err error) error {
	if _, ok := errors.AsType[*UsageError](err); ok {
		return err
	}
	return &UsageError{err}
}

// Usagef is an error of a command that was not understood.
func Usagef(format string, args ...any) error { return Misused(fmt.Errorf(format, args...)) }

// ExitCode is what a process ends with after an error.
func ExitCode(err error) int {
	if err == nil {
		return 0
	}
	_, misused := errors.AsType[*UsageError](err)
	_, misread := errors.AsType[*terminal.MisuseError](err)
	_, misset := errors.AsType[*config.Error](err)
	_, troubled := errors.AsType[*TroubleError](err)
	if misused || misread || misset || troubled {
		return 2
	}
	return 1
}

// TroubleError is the end of a command that did not see everything, which is no
// answer: the exit code is 2.
type TroubleError struct{ Err error }

// Error is that of what was not seen.
func (e *TroubleError) Error() string { return e.Err.Error() }

// Unwrap returns what was not seen.
func (e *TroubleError) Unwrap() error { return e.Err }

// ShownError is an end that what was printed tells already, so that [App.Report] is
// silent about it.
type ShownError struct {
	Err error
	// JSONOnly says that people are told nevertheless.
	JSONOnly bool
}

// Error is what was shown.
func (e *ShownError) Error() string { return e.Err.Error() }

// Unwrap returns what was shown.
func (e *ShownError) Unwrap() error { return e.Err }
