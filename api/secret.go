package api

import (
	"fmt"
	"log/slog"
)

// What holds a secret prints without it: fmt and slog are where one goes by
// accident. As JSON it is whole, because that is the wire.

const redacted = "[redacted]"

// hide keeps of a secret only that there is one.
func hide(secret *string) {
	if *secret != "" {
		*secret = redacted
	}
}

func format[T any](f fmt.State, verb rune, plain T) {
	_, _ = fmt.Fprintf(f, fmt.FormatString(f, verb), plain)
}

// A plain type has the fields of its namesake and none of its methods.
type (
	plainIssued        Issued
	plainBulkResult    BulkResult
	plainWebhookSecret WebhookSecret
	plainGrantedToken  GrantedToken
	plainVerifyRequest VerifyRequest
	plainBootstrapped  Bootstrapped
	plainPortalLink    PortalLink
	plainDevice        DeviceAuthorization
	plainTokenRequest  TokenRequest
	plainExplainTrust  ExplainTrust
)

func (i Issued) plain() plainIssued               { hide(&i.Secret); return plainIssued(i) }
func (r BulkResult) plain() plainBulkResult       { hide(&r.Secret); return plainBulkResult(r) }
func (s WebhookSecret) plain() plainWebhookSecret { hide(&s.Secret); return plainWebhookSecret(s) }
func (t GrantedToken) plain() plainGrantedToken   { hide(&t.AccessToken); return plainGrantedToken(t) }
func (r VerifyRequest) plain() plainVerifyRequest { hide(&r.Token); return plainVerifyRequest(r) }
func (b Bootstrapped) plain() plainBootstrapped {
	hide(&b.Secret)
	hide(&b.PasswordLink)
	return plainBootstrapped(b)
}
func (l PortalLink) plain() plainPortalLink      { hide(&l.URL); return plainPortalLink(l) }
func (d DeviceAuthorization) plain() plainDevice { hide(&d.DeviceCode); return plainDevice(d) }

func (r TokenRequest) plain() plainTokenRequest {
	hide(&r.DeviceCode)
	hide(&r.SubjectToken)
	hide(&r.ClientAssertion)
	return plainTokenRequest(r)
}
func (e ExplainTrust) plain() plainExplainTrust { hide(&e.Token); return plainExplainTrust(e) }

// Format prints all but what is presented.
func (r TokenRequest) Format(f fmt.State, verb rune) { format(f, verb, r.plain()) }

// LogValue tells slog all but what is presented.
func (r TokenRequest) LogValue() slog.Value { return slog.AnyValue(r.plain()) }

// Format prints all but the token.
func (e ExplainTrust) Format(f fmt.State, verb rune) { format(f, verb, e.plain()) }

// LogValue tells slog all but the token.
func (e ExplainTrust) LogValue() slog.Value { return slog.AnyValue(e.plain()) }

// Format prints all but the secret.
func (i Issued) Format(f fmt.State, verb rune) { format(f, verb, i.plain()) }

// LogValue tells slog all but the secret.
func (i Issued) LogValue() slog.Value { return slog.AnyValue(i.plain()) }

// Format prints all but the secret.
func (r BulkResult) Format(f fmt.State, verb rune) { format(f, verb, r.plain()) }

// LogValue tells slog all but the secret.
func (r BulkResult) LogValue() slog.Value { return slog.AnyValue(r.plain()) }

// Format prints all but the secret.
func (s WebhookSecret) Format(f fmt.State, verb rune) { format(f, verb, s.plain()) }

// LogValue tells slog all but the secret.
func (s WebhookSecret) LogValue() slog.Value { return slog.AnyValue(s.plain()) }

// Format prints all but the token.
func (t GrantedToken) Format(f fmt.State, verb rune) { format(f, verb, t.plain()) }

// LogValue tells slog all but the token.
func (t GrantedToken) LogValue() slog.Value { return slog.AnyValue(t.plain()) }

// Format prints all but the token.
func (r VerifyRequest) Format(f fmt.State, verb rune) { format(f, verb, r.plain()) }

// LogValue tells slog all but the token.
func (r VerifyRequest) LogValue() slog.Value { return slog.AnyValue(r.plain()) }

// Format prints all but the secret.
func (b Bootstrapped) Format(f fmt.State, verb rune) { format(f, verb, b.plain()) }

// LogValue tells slog all but the secret.
func (b Bootstrapped) LogValue() slog.Value { return slog.AnyValue(b.plain()) }

// Format prints all but the link.
func (l PortalLink) Format(f fmt.State, verb rune) { format(f, verb, l.plain()) }

// LogValue tells slog all but the link.
func (l PortalLink) LogValue() slog.Value { return slog.AnyValue(l.plain()) }

// Format prints all but the device code.
func (d DeviceAuthorization) Format(f fmt.State, verb rune) { format(f, verb, d.plain()) }

// LogValue tells slog all but the device code.
func (d DeviceAuthorization) LogValue() slog.Value { return slog.AnyValue(d.plain()) }
