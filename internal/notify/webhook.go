package notify

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unicode"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/outbox"
)

const (
	// postTimeout bounds an attempt, from the look-up to the end of the answer.
	postTimeout = 15 * time.Second
	// maxAnswer is how much of an answer is read, keptAnswer how much of it is kept.
	maxAnswer  = 64 << 10
	keptAnswer = 200
	// maxRetryAfter bounds what a receiver may ask for.
	maxRetryAfter = 24 * time.Hour
)

// postAll posts a batch of one endpoint in its order. What is left when the endpoint
// did not answer at all is not tried once more now.
func (s *Service) postAll(ctx context.Context, posts []outbox.Post) {
	silent := false
	for _, p := range posts {
		var o outbox.Outcome
		if silent {
			o.Attempt = api.WebhookAttempt{At: s.o.Now().UTC(), Error: "not tried: the endpoint did not answer just before"}
		} else {
			o = s.attempt(ctx, p)
			silent = o.Attempt.Status == 0
		}
		if !o.Delivered && !o.Gone {
			o.RetryAt = s.retryAt(p.Attempt, o.RetryAt)
		}
		if err := s.o.Authority.SettlePost(ctx, p, o); err != nil {
			s.o.Logger.Error("a delivery could not be settled; it will be made again", "delivery", p.Message, "error", err)
		}
		s.o.Observe("webhook", outcome(o.Delivered, o.RetryAt))
	}
}

func outcome(ok bool, retry time.Time) string {
	switch {
	case ok:
		return "ok"
	case retry.IsZero():
		return "failed"
	}
	return "retry"
}

// attempt posts one delivery. RetryAt of what it answers is the receiver's wish.
func (s *Service) attempt(ctx context.Context, p outbox.Post) (o outbox.Outcome) {
	ctx, cancel := context.WithTimeout(ctx, postTimeout)
	defer cancel()
	ctx, end, due := s.begin(ctx, p)
	defer end()
	at := s.o.Now()
	o.Attempt.At = at.UTC()
	if !due {
		o.Attempt.Error = "not tried: the endpoint was changed meanwhile"
		return o
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.URL, bytes.NewReader(p.Body))
	if err != nil {
		o.Attempt.Error = "the address is not valid"
		return o
	}
	if err := s.o.Egress.Check(req.URL); err != nil { // the configuration may be stricter by now
		o.Attempt.Error = err.Error()
		return o
	}
	req.Header = http.Header{
		"Content-Type": {"application/json"}, "User-Agent": {"Tokenry-Webhooks/1"},
		"Webhook-Id": {p.Message}, "Webhook-Timestamp": {strconv.FormatInt(at.Unix(), 10)}, "Webhook-Signature": {p.Sign(at)},
	}
	resp, err := s.client.Do(req)
	if why, inside := reason(err); inside { // how long that took is nobody's business either
		o.Attempt.Error = why
		return o
	}
	defer func() { o.Attempt.TookMS = s.o.Now().Sub(at).Milliseconds() }()
	if err != nil {
		o.Attempt.Error, _ = reason(err)
		return o
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(io.LimitReader(resp.Body, maxAnswer)) // whatever came of it is told
	o.Attempt.Status, o.Attempt.Response = resp.StatusCode, printable(body)
	o.Delivered = resp.StatusCode/100 == 2
	o.Gone = resp.StatusCode == http.StatusGone
	o.RetryAt = retryAfter(resp.Header.Get("Retry-After"), s.o.Now())
	return o
}

// retryAfter reads Retry-After, seconds or a date; zero when there is none.
func retryAfter(value string, now time.Time) time.Time {
	if n, err := strconv.ParseUint(value, 10, 31); err == nil {
		return now.Add(min(time.Duration(n)*time.Second, maxRetryAfter))
	}
	at, err := http.ParseTime(value)
	if err != nil || at.Before(now) {
		return time.Time{}
	}
	if latest := now.Add(maxRetryAfter); at.After(latest) {
		return latest
	}
	return at
}

// printable is the beginning of an answer as it is kept: text without control
// characters.
func printable(body []byte) string {
	s := strings.ToValidUTF8(string(body[:min(len(body), keptAnswer)]), "")
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, s)
}

// reason says why there was no answer, in words of ours: what a dialler says may name
// addresses and paths that are nobody's business. Of what is not public it says the
// same whether it is there or not, or tenants could ask which names the network of
// the operator has.
func reason(err error) (why string, inside bool) {
	var refused *refusedError
	var dns *net.DNSError
	var certificate *tls.CertificateVerificationError
	var network net.Error
	switch {
	case err == nil:
		return "", false
	case errors.As(err, &refused):
		return refused.Error(), true
	case errors.As(err, &dns):
		return notPublic, true
	case errors.As(err, &certificate):
		return "the certificate is not trusted", false
	case errors.As(err, &network) && network.Timeout(), errors.Is(err, context.DeadlineExceeded):
		return fmt.Sprintf("no answer within %v", postTimeout), false
	case errors.Is(err, syscall.ECONNREFUSED):
		return "the connection was refused", false
	}
	return "the connection failed", false
}
