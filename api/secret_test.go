package api_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/tokenry/tokenry/api"
)

// Whoever prints or logs what a call answered prints no secret; the wire has it.
func TestWhatHoldsASecretPrintsWithoutIt(t *testing.T) {
	t.Parallel()
	const secret = "tkyp_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefgh4C6Pp7"
	issued := api.Issued{Token: api.Token{ID: "ada@example.com_x"}, Secret: secret}
	for _, v := range []any{
		issued, &issued, []api.Issued{issued}, struct{ In api.Issued }{issued},
		api.BulkResult{ID: "ada@example.com_x", Secret: secret}, api.WebhookSecret{Webhook: api.Webhook{ID: "ada@example.com_x"}, Secret: secret},
		api.GrantedToken{AccessToken: secret, Locator: "ada@example.com_x"}, api.VerifyRequest{Token: secret, Resource: "ada@example.com_x"},
		api.LeakedToken{Token: secret, URL: "ada@example.com_x"}, api.GitHubFind{Token: secret, URL: "ada@example.com_x"}, api.GitLabFind{Token: secret, Location: "ada@example.com_x"},
		api.IntrospectRequest{Token: secret, ClientSecret: secret, Resource: "ada@example.com_x"}, api.RevokeRequest{Token: secret, ClientSecret: secret, ClientID: "ada@example.com_x"},
		api.TokenReviewSpec{Token: secret, Audiences: []string{"ada@example.com_x"}}, api.ExplainRequest{Token: secret, Resource: "ada@example.com_x"},
		api.CreateMember{Email: "ada@example.com_x", Password: secret}, api.ImportFormat{Name: "ada@example.com_x", Key: secret, Suffix: secret},
		api.ImportTokens{Format: api.ImportFormat{Name: "ada@example.com_x", Key: secret}}, api.ReportLeaks{Tokens: []api.LeakedToken{{Token: secret, URL: "ada@example.com_x"}}},
	} {
		var out bytes.Buffer
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
			fmt.Fprintf(&out, verb+"\n", v)
		}
		for _, h := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
			if _, ok := v.(slog.LogValuer); ok {
				slog.New(h).Info("made", "what", v)
			}
		}
		if text := out.String(); strings.Contains(text, secret[5:]) || !strings.Contains(text, "ada@example.com_x") || !strings.Contains(text, "[redacted]") {
			t.Errorf("%T prints %s", v, text)
		}
		if b, err := json.Marshal(v); err != nil || !strings.Contains(string(b), secret) {
			t.Errorf("%T is %s on the wire, %v", v, b, err)
		}
	}
}

// Links and device codes are secrets too.
func TestLinksPrintWithoutWhatOpens(t *testing.T) {
	t.Parallel()
	const opens = "zb3xvziptjwf4bsf"
	url := "https://tokens.example.com/signin/invitation?code=" + opens
	for _, v := range []any{
		api.PortalLink{URL: url}, api.Bootstrapped{PasswordLink: url}, &api.Bootstrapped{PasswordLink: url},
		api.DeviceAuthorization{DeviceCode: opens}, api.Bootstrapped{Secret: opens},
	} {
		var out bytes.Buffer
		fmt.Fprintf(&out, "%v %+v %#v", v, v, v)
		slog.New(slog.NewTextHandler(&out, nil)).Info("made", "what", v)
		slog.New(slog.NewJSONHandler(&out, nil)).Info("made", "what", v)
		if text := out.String(); strings.Contains(text, opens) || !strings.Contains(text, "[redacted]") {
			t.Errorf("%T prints %s", v, text)
		}
		if b, err := json.Marshal(v); err != nil || !strings.Contains(string(b), opens) {
			t.Errorf("%T is %s on the wire, %v", v, b, err)
		}
	}
	if url[len(url)-len(opens):] != opens {
		t.Error("printing an invitation changed it")
	}
	if out := fmt.Sprint(api.Bootstrapped{Workspace: "acme"}); !strings.Contains(out, "acme") {
		t.Errorf("without a link: %s", out)
	}
}
