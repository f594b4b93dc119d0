package siem

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io/fs"
	"net"
	"os"
	"syscall"
	"time"

	"github.com/tokenry/tokenry/internal/audit"
)

// sink is a receiver. What send returned nil for, the receiver has: before, all of it or a
// part may have arrived. Of what it could not send it answers a *[SendError].
type sink interface {
	send(ctx context.Context, b batch) error
}

// batch is what is sent at once, in its order.
type batch struct {
	// id is the same for the same rows.
	id string
	// at is when it is sent.
	at      time.Time
	records []audit.Record
}

// Code is why a receiver took nothing, for metrics.
type Code string

// The codes.
const (
	CodeUnreachable Code = "unreachable" // no connection, or it broke off
	CodeTimeout     Code = "timeout"     // no answer in time
	CodeTLS         Code = "tls"         // a certificate that is not trusted, here or there
	CodeUnconfirmed Code = "unconfirmed" // the connection ended in a way that confirms nothing
	CodeRefused     Code = "refused"     // a status other than 2xx
	CodeTooLarge    Code = "too_large"   // 413
	CodeDiskFull    Code = "disk_full"
	CodeUnwritable  Code = "unwritable" // a file that cannot be opened or written
	CodeDatabase    Code = "database"   // the audit cannot be read
)

// SendError is why a receiver confirmed nothing.
type SendError struct {
	Code Code
	// Detail is for people.
	Detail string
	cause  error
}

// Error names no address.
func (f *SendError) Error() string { return string(f.Code) + ": " + f.Detail }

// Unwrap is the cause, which is not shown: it may name an address with what is secret in it.
func (f *SendError) Unwrap() error { return f.cause }

// failed says in words of ours why a connection or a file failed.
func failed(err error) *SendError {
	var unknown x509.UnknownAuthorityError
	var certificate *tls.CertificateVerificationError
	var alert tls.AlertError
	var header tls.RecordHeaderError
	var network net.Error
	var dns *net.DNSError
	f := &SendError{Code: CodeUnreachable, Detail: "the connection failed", cause: err}
	switch {
	case errors.As(err, &certificate), errors.As(err, &unknown):
		f.Code, f.Detail = CodeTLS, "the receiver's certificate is not trusted"
	case errors.As(err, &alert):
		f.Code, f.Detail = CodeTLS, "the receiver ended the handshake: "+alert.Error()
	case errors.As(err, &header):
		f.Code, f.Detail = CodeTLS, "the receiver does not speak TLS"
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		f.Code, f.Detail = CodeDiskFull, "no space is left"
	case errors.Is(err, fs.ErrPermission), errors.Is(err, fs.ErrNotExist):
		f.Code, f.Detail = CodeUnwritable, "the file cannot be opened to be written"
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded), errors.As(err, &network) && network.Timeout():
		f.Code, f.Detail = CodeTimeout, "no answer in time"
	case errors.As(err, &dns):
		f.Detail = "the name is not found"
	case errors.Is(err, syscall.ECONNREFUSED):
		f.Detail = "the connection was refused"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		f.Detail = "the connection was reset"
	}
	return f
}
