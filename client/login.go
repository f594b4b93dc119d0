package client

import (
	"cmp"
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
	"github.com/tokenry/tokenry/token"
)

// DeviceLogin is a sign-in of a program that a person approves in the browser
// (RFC 8628): they open VerificationURI and type UserCode there.
type DeviceLogin struct {
	api.DeviceAuthorization
	by    *line // without a token
	sleep func(context.Context, time.Duration) error
}

// ErrLoginDenied says that the person denied the sign-in, or that it may not be.
var ErrLoginDenied = errors.New("client: the sign-in was denied")

// ErrLoginExpired says that nobody approved the sign-in in time.
var ErrLoginExpired = errors.New("client: nobody approved the sign-in in time; begin again")

// errLoginTrouble is what may be better at the next poll.
var errLoginTrouble = errors.New("client: the server cannot be reached")

// maxPollPause is the longest wait between two polls, whatever went wrong.
const maxPollPause = time.Minute

// BeginLogin asks the server at baseURL for a sign-in. Machine is what the person
// is shown, like the host's name. The options say how the server is reached.
func BeginLogin(ctx context.Context, baseURL, machine string, opts ...Option) (*DeviceLogin, error) {
	return BeginLoginFor(ctx, baseURL, api.DeviceAuthorizationRequest{DeviceName: machine}, opts...)
}

// BeginLoginFor is [BeginLogin] for a token with these scopes, of this workspace, or that
// lives so long at the most; what is left out is the person's, or the policy's, to say.
func BeginLoginFor(ctx context.Context, baseURL string, in api.DeviceAuthorizationRequest, opts ...Option) (*DeviceLogin, error) {
	c, err := dial(baseURL, token.Secret{}, opts)
	if err != nil {
		return nil, err
	}
	d := &DeviceLogin{by: c.line, sleep: sleep}
	refused, err := d.post(ctx, "/oauth2/device_authorization", loginForm(in), &d.DeviceAuthorization)
	if err == nil {
		err = refused.err()
	}
	if err == nil && (d.DeviceCode == "" || d.UserCode == "" || d.VerificationURI == "") {
		err = errors.New("client: the answer is not that of a Tokenry server")
	}
	if err != nil {
		return nil, err
	}
	return d, nil
}

// loginForm says what is wanted, as the form of RFC 8628 (section 3.1).
func loginForm(in api.DeviceAuthorizationRequest) url.Values {
	form := url.Values{"device_name": {in.DeviceName}}
	for name, value := range map[string]string{"scope": in.Scope, "workspace": in.Workspace} {
		if value != "" {
			form.Set(name, value)
		}
	}
	if in.ExpiresIn != 0 {
		form.Set("expires_in", in.ExpiresIn.String())
	}
	return form
}

// Wait answers the token once the person approved. A server that cannot be
// reached for a while is asked again, less often each time (RFC 8628, section
// 3.5), until the code's time is over.
func (d *DeviceLogin) Wait(ctx context.Context) (out api.GrantedToken, err error) {
	every := time.Duration(max(d.Interval, 1)) * time.Second
	left := time.Duration(d.ExpiresIn) * time.Second
	form := url.Values{"grant_type": {api.DeviceGrantType}, "device_code": {d.DeviceCode}}
	for {
		refused, err := d.post(ctx, "/oauth2/token", form, &out)
		switch {
		case errors.Is(err, errLoginTrouble) && ctx.Err() == nil:
			every = min(2*every, maxPollPause)
		case err != nil:
			return out, err
		case refused.Error == "" && out.AccessToken == "":
			return out, errors.New("client: the server made no token; begin again")
		case refused.Error == "":
			return out, nil
		case refused.Error == "slow_down":
			every = min(every+5*time.Second, maxPollPause)
		case refused.Error != "authorization_pending":
			return out, refused.err()
		}
		if left -= every; left < 0 {
			return out, cmp.Or(err, ErrLoginExpired)
		}
		if err := d.sleep(ctx, every); err != nil {
			return out, err
		}
	}
}

// loginRefusal is an error of OAuth (RFC 6749, section 5.2); zero is none.
type loginRefusal struct {
	Error       string `json:"error"`
	Description string `json:"error_description"`
}

func (r loginRefusal) err() error {
	switch r.Error {
	case "":
		return nil
	case "expired_token":
		return ErrLoginExpired
	case "access_denied":
		if r.Description == "" {
			return ErrLoginDenied
		}
		return fmt.Errorf("%w: %s", ErrLoginDenied, r.Description)
	}
	return fmt.Errorf("client: the server refused the sign-in (%s) %s", r.Error, r.Description)
}

// post sends a form and reads the answer into out, or why there is none.
func (d *DeviceLogin) post(ctx context.Context, path string, form url.Values, out any) (refused loginRefusal, err error) {
	form.Set("client_id", api.DeviceClientID)
	status, b, err := d.by.postForm(ctx, path, form, "tokenry-cli "+d.by.agent)
	switch {
	case err != nil:
		return refused, fmt.Errorf("%w: %w", errLoginTrouble, err)
	case status == http.StatusOK:
		return refused, json.Unmarshal(b, out)
	case status >= http.StatusInternalServerError, status == http.StatusTooManyRequests:
		return refused, fmt.Errorf("%w: it answered with status %d", errLoginTrouble, status)
	}
	if json.Unmarshal(b, &refused) != nil || refused.Error == "" || strings.Trim(refused.Error, "abcdefghijklmnopqrstuvwxyz_") != "" {
		return loginRefusal{}, fmt.Errorf("client: the server answered with status %d; is it a Tokenry server?", status)
	}
	return refused, nil
}

// postForm posts a form to one of the doors of OAuth, and answers the status and what was
// said.
func (c *line) postForm(ctx context.Context, path string, form url.Values, agent string) (status int, body []byte, err error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+path, strings.NewReader(form.Encode()))
	if err != nil {
		return 0, nil, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("User-Agent", agent)
	resp, err := c.http.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	body, err = io.ReadAll(io.LimitReader(resp.Body, maxProblem))
	return resp.StatusCode, body, err
}
