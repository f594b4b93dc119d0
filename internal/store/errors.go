package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"syscall"

	"github.com/tokenry/tokenry/internal/column"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/postgres"
)

// ErrReadOnly is what a [Store] opened with ReadOnly answers to a change.
var ErrReadOnly = errors.New("store: opened to be read only")

// ErrNotAdmitted is a [ledger.ErrStoreUnavailable] that no waiting ends: a wrong name or
// password, a database that does not exist, or a server whose certificate is not trusted.
var ErrNotAdmitted = fmt.Errorf("%w: the address does not lead into it", ledger.ErrStoreUnavailable)

// PanicError is the verdict on a mutation that panicked. Where, is in the log.
type PanicError struct{ Value any }

// Error shows what was panicked with, which is a text of the program.
func (e *PanicError) Error() string { return fmt.Sprintf("store: a mutation panicked: %v", e.Value) }

// failure is what the database answered, without what was asked. It keeps no
// error of a driver, because those may show bound values to who looks inside.
type failure struct {
	kind error // a sentinel, or nil
	text string
}

// Error is for the log.
func (f *failure) Error() string {
	if f.kind == nil {
		return "store: " + f.text
	}
	return f.kind.Error() + ": " + f.text
}

// Unwrap answers the sentinel and never the driver's error.
func (f *failure) Unwrap() error { return f.kind }

func failf(kind error, format string, args ...any) error {
	return &failure{kind: kind, text: fmt.Sprintf(format, args...)}
}

var (
	errSpent      = errors.New("store: a transaction was used after its end")
	errUnstorable = errors.New("store: a text is not valid UTF-8 or holds a NUL")
	errClosed     = fmt.Errorf("%w: it is closed", ledger.ErrStoreUnavailable)
)

// translate says what an error of the driver means. query is the literal that
// failed, or empty.
func (e *engine) translate(err error, query string) error {
	var known *failure
	var address *postgres.AddressError
	var mismatch *column.MismatchError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &known):
		return known
	case errors.As(err, &address):
		return address
	case errors.As(err, &mismatch):
		return failf(nil, "%v", mismatch)
	case errors.Is(err, ledger.ErrStoreUnavailable), errors.Is(err, errSpent), errors.Is(err, errUnstorable):
		return err
	case errors.Is(err, context.Canceled):
		return fmt.Errorf("%w: %w", ledger.ErrStoreUnavailable, context.Canceled)
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("%w: %w", ledger.ErrStoreUnavailable, context.DeadlineExceeded)
	}
	if text, kind := e.classify(err); text != "" {
		return failf(kind, "%s%s", text, in(query))
	}
	if text := broken(err); text != "" {
		return failf(ledger.ErrStoreUnavailable, "%s", text)
	}
	return failf(nil, "unexpected %T%s", err, in(query))
}

// in names a statement by its beginning.
func in(query string) string {
	const enough = 60
	if query == "" {
		return ""
	}
	words := strings.Join(strings.Fields(query), " ")
	return " in " + words[:min(len(words), enough)]
}

// broken says what is wrong with a connection, or nothing.
func broken(err error) string {
	var network net.Error
	var path *os.PathError
	var number syscall.Errno
	switch {
	case errors.Is(err, driver.ErrBadConn), errors.Is(err, sql.ErrConnDone), errors.Is(err, sql.ErrTxDone):
		return "the connection is gone"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "the connection broke off"
	case errors.Is(err, net.ErrClosed):
		return "the connection was closed at this end"
	case errors.As(err, &network), errors.As(err, &path), errors.As(err, &number):
		return err.Error()
	}
	return ""
}
