package signin

import (
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/tokenry/tokenry/api"
)

// The two calls of RFC 8628, for programs. Their bodies are forms and their
// errors those of OAuth, because that is what its clients read.

const (
	// DeviceClient is the client that the calls are for; there are no others.
	deviceClient  = "tokenry-cli"
	deviceGrant   = "urn:ietf:params:oauth:grant-type:device_code"
	maxDeviceForm = 8 << 10
)

// DeviceHandler answers POST /oauth2/device_authorization and POST /oauth2/token.
// From says where a request comes from.
func (s *Service) DeviceHandler(from func(*http.Request) Client) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /oauth2/device_authorization", func(w http.ResponseWriter, r *http.Request) {
		s.answerStart(deviceAnswer{w}, r, from(r))
	})
	mux.HandleFunc("POST /oauth2/token", func(w http.ResponseWriter, r *http.Request) {
		s.answerPoll(deviceAnswer{w}, r, from(r))
	})
	return mux
}

// deviceAnswer writes what clients of OAuth read.
type deviceAnswer struct{ http.ResponseWriter }

func (w deviceAnswer) send(status int, body any) {
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // whoever left does not want it
}

// refuse answers an error of RFC 6749 section 5.2 or RFC 8628 section 3.5.
func (w deviceAnswer) refuse(status int, code, description string) {
	w.send(status, struct {
		Error       string `json:"error"`
		Description string `json:"error_description,omitempty"`
	}{code, description})
}

// deviceForm reads a form of this client. A browser is not one: no page of
// another site may start anything here.
func (s *Service) deviceForm(w deviceAnswer, r *http.Request) bool {
	if r.Header.Get("Origin") != "" || r.Header.Get("Sec-Fetch-Site") != "" {
		w.refuse(http.StatusForbidden, "invalid_request", "this call is for programs, not for pages")
		return false
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxDeviceForm)
	if err := r.ParseForm(); err != nil || r.URL.RawQuery != "" {
		w.refuse(http.StatusBadRequest, "invalid_request", "the parameters must stand in a form in the body")
		return false
	}
	for _, values := range r.PostForm {
		if len(values) > 1 {
			w.refuse(http.StatusBadRequest, "invalid_request", "a parameter is repeated")
			return false
		}
	}
	if r.PostForm.Get("client_id") != deviceClient {
		w.refuse(http.StatusUnauthorized, "invalid_client", "the client_id must be "+deviceClient)
		return false
	}
	return true
}

// fail answers what is not part of the protocol: wait, or try later.
func (s *Service) fail(w deviceAnswer, r *http.Request, err error) {
	e := api.AsError(err)
	switch {
	case errors.Is(err, api.CodeRateLimited):
		w.Header().Set("Retry-After", "60")
		w.refuse(http.StatusTooManyRequests, "slow_down", e.Message)
	case errors.Is(err, api.CodeInternal), errors.Is(err, api.CodeUnavailable):
		s.log.ErrorContext(r.Context(), "a command line could not sign in", "error", err)
		w.Header().Set("Retry-After", "5")
		w.refuse(http.StatusServiceUnavailable, "temporarily_unavailable", "this is our mistake; try again")
	default:
		w.refuse(http.StatusBadRequest, "access_denied", e.Message)
	}
}

func (s *Service) answerStart(w deviceAnswer, r *http.Request, from Client) {
	if !s.deviceForm(w, r) {
		return
	}
	d, err := s.DeviceStart(r.Context(), r.PostForm.Get("device_name"), from)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	w.send(http.StatusOK, api.DeviceAuthorization{
		DeviceCode: d.DeviceCode.Reveal(), UserCode: d.UserCode, VerificationURI: s.base + "/device",
		ExpiresIn: int64(d.Expires.Sub(s.now()) / time.Second), Interval: int64(DevicePollEvery / time.Second),
	})
}

func (s *Service) answerPoll(w deviceAnswer, r *http.Request, from Client) {
	if !s.deviceForm(w, r) {
		return
	}
	if r.PostForm.Get("grant_type") != deviceGrant {
		w.refuse(http.StatusBadRequest, "unsupported_grant_type", "the only grant_type here is "+deviceGrant)
		return
	}
	a, err := s.DevicePoll(r.Context(), r.PostForm.Get("device_code"), from)
	switch {
	case errors.Is(err, api.CodeInvalidToken):
		w.refuse(http.StatusBadRequest, "expired_token", "the code is not known, was used, or its ten minutes are over; begin again")
	case err != nil:
		s.fail(w, r, err)
	case a.State == "hasty":
		w.refuse(http.StatusBadRequest, "slow_down", "wait five seconds more between two polls from now on")
	case a.State == "pending":
		w.refuse(http.StatusBadRequest, "authorization_pending", "")
	case a.State == "denied":
		w.refuse(http.StatusBadRequest, "access_denied", "the request was denied in the browser")
	default:
		w.send(http.StatusOK, s.granted(a))
	}
}

func (s *Service) granted(a DeviceAnswer) api.DeviceToken {
	out := api.DeviceToken{AccessToken: a.Issued.Secret.Reveal(), TokenType: "Bearer", Workspace: a.Workspace, Locator: a.Issued.Token.Locator}
	if e := a.Issued.Token.ExpiresAt; e != nil {
		left := int64(e.Sub(s.now()) / time.Second)
		out.ExpiresIn = &left
	}
	return out
}
