package siem

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// webhook posts one JSON object a line, signed as Standard Webhooks says. The operator
// names the address, so it may be a private one.
type webhook struct {
	client        *http.Client
	address       string
	key           []byte // nil signs nothing
	authorization string
}

func clientOf(c *tls.Config) *http.Client {
	return &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport:     &http.Transport{TLSClientConfig: c, ForceAttemptHTTP2: true, IdleConnTimeout: time.Minute, MaxResponseHeaderBytes: 32 << 10},
	}
}

func (w *webhook) send(ctx context.Context, b batch) error {
	var body bytes.Buffer
	enc := json.NewEncoder(&body)
	for _, r := range b.records {
		if err := enc.Encode(r); err != nil {
			return failed(err)
		}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.address, bytes.NewReader(body.Bytes()))
	if err != nil {
		return failed(err)
	}
	at := strconv.FormatInt(b.at.Unix(), 10)
	req.Header = http.Header{"Content-Type": {"application/x-ndjson"}, "User-Agent": {"Tokenry-Audit/1"}, "Webhook-Id": {b.id}, "Webhook-Timestamp": {at}}
	if w.key != nil {
		req.Header.Set("Webhook-Signature", "v1,"+sign(w.key, b.id, at, body.Bytes()))
	}
	if w.authorization != "" {
		req.Header.Set("Authorization", w.authorization)
	}
	resp, err := w.client.Do(req)
	if err != nil {
		return failed(withoutAddress(err))
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 64<<10)) // so that the connection is used again
	switch {
	case resp.StatusCode/100 == 2:
		return nil
	case resp.StatusCode == http.StatusRequestEntityTooLarge:
		return &SendError{Code: CodeTooLarge, Detail: "answered 413"}
	}
	return &SendError{Code: CodeRefused, Detail: "answered " + strconv.Itoa(resp.StatusCode)}
}

func sign(key []byte, id, at string, body []byte) string {
	m := hmac.New(sha256.New, key)
	m.Write([]byte(id + "." + at + "."))
	m.Write(body)
	return base64.StdEncoding.EncodeToString(m.Sum(nil))
}

// withoutAddress is what a client's error is about.
func withoutAddress(err error) error {
	if u, ok := errors.AsType[*url.Error](err); ok {
		return u.Err
	}
	return err
}
