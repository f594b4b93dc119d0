package httpapi

import (
	"context"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/finders"
	"github.com/tokenry/tokenry/internal/verify"
)

// SignedReports knows who signs reports of GitHub's secret scanning.
type SignedReports interface {
	// Check is nil for a body that was signed with that key.
	Check(ctx context.Context, key, signature string, body []byte) error
}

// finderRoutes take what other systems find, in their words.
func finderRoutes() []Route {
	github := route("POST", "/v1/leaks/github", public().Noting("A report is signed with a key of GitHub's."), "Take a report of GitHub's secret scanning",
		endpoint{in: reflect.TypeFor[[]api.GitHubFind](), out: reflect.TypeFor[[]api.GitHubFeedback](), run: (*call).githubReport}).
		saying("The endpoint of a partner of GitHub's secret scanning programme: the same is done as for POST /v1/leaks, and the answer is GitHub's feedback. It is " +
			finders.GitHubSignature + " that makes it GitHub's. Off until the server knows where GitHub's keys are: --leaks-github-keys.")
	types := route("GET", "/v1/leaks/gitlab/types", public(), "List the types of secrets that GitLab may report",
		get(func(*call) (api.GitLabTypes, error) { return finders.GitLabTypes(), nil }))
	gitlab := route("POST", "/v1/leaks/gitlab", public().Noting("A token is not needed; one that is sent, with or without Bearer before it, names the reporter in the audit."),
		"Take a report of GitLab's token revocation", endpoint{in: reflect.TypeFor[[]api.GitLabFind](), run: (*call).gitlabReport}).
		saying("What a GitLab instance calls when its secret detection found something. The same is done as for POST /v1/leaks, and nothing said of it; 400 is a report that cannot be read, or has a type that was not named.")
	gitlab.Success = []int{http.StatusNoContent}
	hog := route("POST", "/v1/leaks/trufflehog", needs("tokens:verify", "instance:verify"), "Ask for TruffleHog whether a secret is live",
		endpoint{in: reflect.TypeFor[map[string]map[string][]string](), out: reflect.TypeFor[api.LiveSecret](), run: (*call).trufflehogQuestion}).
		saying("The verify endpoint of a custom detector. 200 says that one of the strings opens something, or may again; 404 that none does. Nothing is changed, and no use is counted.")
	return []Route{github, types, gitlab, hog}
}

// githubReport takes a signed report, and answers which strings were secrets: GitHub asks
// for it, and nobody else can sign.
func (c *call) githubReport() (answer, error) {
	if c.s.github == nil {
		return answer{}, api.Errorf(api.CodeNotFound, "reports of GitHub are not taken here; the operator sets --leaks-github-keys")
	}
	body := c.body.Bytes()
	if err := c.s.github.Check(c.ctx, c.r.Header.Get(finders.GitHubKey), c.r.Header.Get(finders.GitHubSignature), body); err != nil {
		c.s.refused("leak_report", "not_signed")
		return answer{}, err
	}
	finds, err := finders.FromGitHub(body)
	if err != nil {
		return answer{}, err
	}
	c.caller = c.stranger()
	c.caller.Machine = "github-secret-scanning"
	judged := make([]bool, 0, len(finds))
	for some := range slices.Chunk(finders.Leaks(finds), api.MaxLeaks) {
		known, err := c.s.authority.ReportLeaks(c.ctx, c.caller, api.ReportLeaks{Tokens: some})
		if err != nil {
			return answer{}, err
		}
		judged = append(judged, known...)
	}
	feedback, err := finders.ToGitHub(finds, judged)
	return answer{body: feedback}, err
}

// gitlabReport takes a report, and says nothing of what it held.
func (c *call) gitlabReport() (answer, error) {
	finds, all, err := finders.FromGitLab(c.body.Bytes())
	if err != nil {
		return answer{}, err
	}
	if len(finds) > api.MaxLeaks {
		return answer{}, api.Errorf(api.CodeInvalidField, "a report has at most %d finds", api.MaxLeaks)
	}
	c.caller = c.stranger()
	if err := c.s.leaks.take(c.caller.Addr, max(len(finds), 1), c.s.now()); err != nil {
		c.s.refused("leak_report", "too_many_tries")
		return answer{}, err
	}
	switch sent := c.r.Header["Authorization"]; {
	case len(sent) == 1 && !strings.Contains(sent[0], " "):
		err = c.present(sent[0])
	case len(sent) > 0:
		err = c.authenticate()
	}
	if err != nil {
		return answer{}, err
	}
	if _, err := c.s.authority.ReportLeaks(c.ctx, c.caller, api.ReportLeaks{Tokens: finds}); err != nil {
		return answer{}, err
	}
	if !all {
		return answer{}, api.FieldError("type", "must be one that GET /v1/leaks/gitlab/types lists; what was reported under others was looked at all the same")
	}
	return answer{}, nil
}

// trufflehogQuestion says whether one of some strings is a secret that opens something,
// now or once whatever stands in its way is gone.
func (c *call) trufflehogQuestion() (answer, error) {
	who, err := c.asker()
	if err != nil {
		return answer{}, err
	}
	found, err := finders.FromTruffleHog(c.body.Bytes())
	if err != nil {
		return answer{}, err
	}
	for _, text := range found {
		q, err := c.questionOf(who, &api.VerifyRequest{Token: text, Peek: true}, "")
		if err != nil {
			return answer{}, err
		}
		if err := c.decide(&q, &c.decision, useOf(nil)); err != nil {
			return answer{}, err
		}
		if live(&c.decision) {
			return answer{body: api.LiveSecret{Live: true}}, nil
		}
	}
	return answer{}, api.Errorf(api.CodeNotFound, "none of the strings is the secret of a token that can be used, now or later")
}

func live(d *verify.Decision) bool {
	over := []api.Code{api.CodeMalformed, api.CodeUnknown, api.CodeRetired, api.CodeRevoked, api.CodeExpired}
	return !slices.Contains(over, d.Code)
}
