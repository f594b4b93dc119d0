package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/tokenry/tokenry/api"
)

// DeviceLogin is a sign-in of a program that a person approves in the browser
// (RFC 8628): they open VerificationURI and type UserCode there.
type DeviceLogin struct {
	api.DeviceAuthorization
	base string
	http *http.Client
}

// ErrLoginDenied says that the person denied the sign-in, or that it may not be.
var ErrLoginDenied = errors.New("client: the sign-in was denied")

// ErrLoginExpired says that nobody approved the sign-in in time.
var ErrLoginExpired = errors.New("client: nobody approved the sign-in in time; begin again")

// BeginLogin asks the server at baseURL for a sign-in. Machine is what the person
// is shown, like the host's name.
func BeginLogin(ctx context.Context, baseURL, machine string) (*DeviceLogin, error) {
	base, err := parseBase(baseURL)
	if err != nil {
		return nil, err
	}
	d := &DeviceLogin{base: base, http: &http.Client{Transport: transport(), Timeout: 30 * time.Second, CheckRedirect: sameOrigin}}
	code, err := d.post(ctx, "/oauth2/device_authorization", url.Values{"device_name": {machine}}, &d.DeviceAuthorization)
	if err != nil || code != "" {
		return nil, errors.Join(err, refusedLogin(code))
	}
	return d, nil
}

// Wait answers the token once the person approved.
func (d *DeviceLogin) Wait(ctx context.Context) (out api.DeviceToken, err error) {
	every := time.Duration(max(d.Interval, 1)) * time.Second
	form := url.Values{"grant_type": {"urn:ietf:params:oauth:grant-type:device_code"}, "device_code": {d.DeviceCode}}
	for {
		code, err := d.post(ctx, "/oauth2/token", form, &out)
		switch {
		case err != nil:
			return out, err
		case code == "":
			return out, nil
		case code == "slow_down":
			every += 5 * time.Second // RFC 8628, section 3.5
		case code != "authorization_pending":
			return out, refusedLogin(code)
		}
		if err := sleep(ctx, every); err != nil {
			return out, err
		}
	}
}

func refusedLogin(code string) error {
	switch code {
	case "":
		return nil
	case "access_denied":
		return ErrLoginDenied
	case "expired_token":
		return ErrLoginExpired
	}
	return fmt.Errorf("client: the server refused the sign-in (%s)", code)
}

// post sends a form and reads the answer into out, or the code of an OAuth error.
func (d *DeviceLogin) post(ctx context.Context, path string, form url.Values, out any) (code string, err error) {
	form.Set("client_id", "tokenry-cli")
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, d.base+path, strings.NewReader(form.Encode()))
	if err != nil {
		return "", err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("User-Agent", "tokenry-cli "+userAgent())
	resp, err := d.http.Do(req)
	if err != nil {
		return "", fmt.Errorf("client: the server cannot be reached: %w", err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(io.LimitReader(resp.Body, maxProblem))
	if err != nil {
		return "", err
	}
	if resp.StatusCode == http.StatusOK {
		return "", json.Unmarshal(b, out)
	}
	var refusal struct {
		Error string `json:"error"`
	}
	if json.Unmarshal(b, &refusal) != nil || refusal.Error == "" || strings.Trim(refusal.Error, "abcdefghijklmnopqrstuvwxyz_") != "" {
		return "", fmt.Errorf("client: the server answered with status %d; is it a Tokenry server?", resp.StatusCode)
	}
	return refusal.Error, nil
}
